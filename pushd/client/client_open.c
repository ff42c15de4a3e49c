/* client_open: from a handshake to a live client. */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/xalloc.h"
#include "client/client_opening.h"
#include "event/replay.h"
#include "event/serialize.h"
#include "store/token.h"
#include "store/user_log.h"

/* Times a client that falls behind while it opens is read for again. */
#define READS 5

/* What a client may have said, in bytes, before its socket is live; more is dropped. */
#define EARLY_BYTES 1024

/* A message in `early`; its bytes follow. */
struct early {
    size_t len;
    bool binary;
};

/* A job for one client, which lives as long as the job does. */
struct client_job {
    struct client *client;
    const struct config *config;
    struct client_opening *opening;
    struct identity identity;
    enum error error;
    db_pool_done *done; /* if its caller is found along with others */
    uint64_t room_id;
    bool by_token;
    bool notifications;
    unsigned char key_hash[SECRET_HASH_SIZE];
};

static void advance(struct client *client);
static void read_again(struct client *client);

void client_opening_free(struct client *client) {
    struct client_opening *opening = client->opening;
    if (!opening)
        return;
    event_list_clear(&opening->missed);
    free(opening->rooms);
    buffer_free(&opening->early);
    free(opening);
    client->opening = NULL;
}

/* ---- db_pool ---- */

static struct client_job *new_job(struct client *client) {
    struct client_job *job = xcalloc(1, sizeof(*job));
    job->client = client;
    job->config = client->shared->config;
    job->opening = client->opening;
    job->room_id = client->notifications ? 0 : client->room.id;
    job->by_token = client->by_token;
    job->notifications = client->notifications;
    memcpy(job->key_hash, client->key_hash, sizeof(job->key_hash));
    client->pending_jobs++;
    return job;
}

/* An account that is disabled has no good credentials; caller tells it from one that is not
 * there. */
static enum error check_active(enum error error, const struct identity *identity) {
    return !error && !identity->user.is_active ? ERROR_UNAUTHENTICATED : error;
}

static void found(void *context, enum error error, const struct identity *identity) {
    struct client_job *job = context;
    job->identity = *identity;
    job->error = check_active(error, identity);
    job->done(job);
}

/* Ends a job; false if its client is of no more use (and may have been freed). */
static bool end_job(struct client_job *job) {
    struct client *client = job->client;
    const enum error error = job->error;
    client->pending_jobs--;
    if (error == ERROR_UNAVAILABLE || error == ERROR_INTERNAL)
        client->shared->metrics->db_errors++;
    free(job);
    if (client->state != SESSION_ENDED)
        return true;
    client_release(client);
    return false;
}

static enum error find_identity(struct client_job *job, struct db *db) {
    const enum error error = job->by_token
                                 ? token_find(db, job->key_hash, job->room_id, &job->identity)
                                 : login_session_find(db, job->key_hash, job->config->session_days,
                                                      job->room_id, &job->identity);
    return check_active(error, &job->identity);
}

/* Has the caller found along with others; then done. */
static void ask(struct client *client, uint64_t room_id, db_pool_done *done) {
    struct client_job *job = new_job(client);
    job->done = done;
    auth_batch_find(client->shared->auth_batch, job->by_token, job->key_hash, room_id, found, job);
}

/* ---- who is it ---- */

/* The order of the contract: who, whether there is such a room, whether it may enter, and
 * only then whether it asked well. */
static bool admit(struct client *client, const struct identity *identity, enum error error) {
    const char *unknown = client->by_token ? "Invalid token." : NULL;
    if (error == ERROR_UNAUTHENTICATED && identity->user.id != 0)
        unknown = "User inactive or deleted.";
    if (!error && !client->notifications) {
        unknown = NULL;
        error = room_state_may_read(&identity->room);
    }
    if (!error && client->bad_since) {
        unknown = "since must be a whole number.";
        error = ERROR_BAD_INPUT;
    }
    if (error) {
        client_refuse(client, error,
                      error == ERROR_UNAUTHENTICATED || error == ERROR_BAD_INPUT ? unknown : NULL);
        return false;
    }
    return true;
}

/* Ends a job that asked who it is. The client goes on with what was found; NULL if it is of no
 * more use or was not let in. */
static struct client *take_identity(struct client_job *job) {
    struct client *client = job->client;
    const struct identity identity = job->identity;
    const enum error error = job->error;
    if (!end_job(job) || !admit(client, &identity, error))
        return NULL;
    client->opening->identity = identity;
    return client;
}

static void asked(void *context) {
    struct client *client = take_identity(context);
    if (!client)
        return;
    const struct user *user = &client->opening->identity.user;
    client->user_id = user->id;
    memcpy(client->user_name, user->name, sizeof(client->user_name));
    if (!client_count_user(client)) {
        client_refuse(client, ERROR_RATE_LIMITED, "Too many sockets of this user.");
        return;
    }
    client->own = client_join(client, EVENT_STREAM_USER, client->user_id);
    client->state = SESSION_JOINING;
    advance(client);
}

void client_begin(struct client *client) {
    client->opening = xcalloc(1, sizeof(*client->opening));
    if (!client->notifications && client->room.id)
        client->room.subscription = client_join(client, EVENT_STREAM_ROOM, client->room.id);
    client->opening->asked_turn = channels_iteration(client->shared->channels);
    ask(client, client->notifications ? 0 : client->room.id, asked);
}

/* ---- where does it stand ---- */

static void collect_event(void *context, const struct event_envelope *envelope) {
    struct client_opening *opening = context;
    opening->replayed = envelope->seq;
    event_list_add_envelope(&opening->missed, envelope);
}

static void collect_room(void *context, const struct stream_head *head) {
    struct client_opening *opening = context;
    if (opening->room_count == opening->room_space) {
        opening->room_space = opening->room_space ? opening->room_space * 2 : 16;
        opening->rooms =
            xreallocarray(opening->rooms, opening->room_space, sizeof(*opening->rooms));
    }
    opening->rooms[opening->room_count++] = (struct watched){head->id, head->last_seq};
}

/* Reads what was missed, if it can be had. */
static enum error read_missed(struct client_job *job, struct db *db) {
    struct client_opening *opening = job->opening;
    struct user_log_state state;
    const uint64_t days = job->config->event_retention;
    const uint64_t last = job->notifications ? job->identity.last_seq : job->identity.room.last_seq;
    enum error error = ERROR_GONE;
    if (opening->position <= last && last - opening->position <= job->config->replay_limit)
        error = job->notifications
                    ? replay_user(db, job->identity.user.id, opening->position,
                                  job->config->replay_limit, days, &state, collect_event, opening)
                    : replay_room(db, &job->identity.room, opening->position,
                                  job->config->replay_limit, days, collect_event, opening);
    opening->resync = error == ERROR_GONE;
    return opening->resync ? ERROR_NONE : error;
}

/* For a notifications socket, of which there is more to read than who it is. */
static void read_work(void *context, struct db *db) {
    struct client_job *job = context;
    struct client_opening *opening = job->opening;
    opening->room_count = 0;
    job->error = find_identity(job, db);
    if (!job->error && opening->want_replay)
        job->error = read_missed(job, db);
    if (!job->error)
        job->error = user_log_rooms(db, job->identity.user.id, collect_room, opening);
}

static void read_missed_work(void *context, struct db *db) {
    struct client_job *job = context;
    job->error = read_missed(job, db);
}

static void read_done(void *context) {
    struct client *client = take_identity(context);
    if (!client)
        return;
    for (size_t i = 0; i < client->opening->room_count; i++) {
        const struct watched *room = &client->opening->rooms[i];
        if (!client_watch(client, room->room_id, room->last_seq)) {
            read_again(client);
            return;
        }
    }
    client->state = SESSION_WATCHING;
    advance(client);
}

/* Whether what was missed has to be read: the tail in memory may have it. What is too much
 * is read too, which finds that out. */
static bool must_read_missed(const struct client *client) {
    const struct stream *stream = &client_main(client)->channel->stream;
    const uint64_t since = client->since;
    return client->has_since && !(stream->known && since <= stream->last_seq &&
                                  stream->last_seq - since <= stream->recent.count &&
                                  stream->last_seq - since <= client->shared->config->replay_limit);
}

/* It is still let in. What was missed may have come into memory meanwhile: of those who come
 * back into a room together only the first needs to read it. */
static void asked_again(void *context) {
    struct client_job *job = context;
    struct client *client = job->client;
    if (job->error || client->state == SESSION_ENDED || !must_read_missed(client)) {
        read_done(job);
        return;
    }
    db_pool_run(client->shared->db_pool, read_missed_work, read_done, job);
}

static void read_positions(struct client *client) {
    struct client_opening *opening = client->opening;
    client->state = SESSION_READING;
    opening->reads++;
    opening->resync = false;
    opening->replayed = opening->position;
    opening->asked_turn = channels_iteration(client->shared->channels);
    if (client->notifications)
        db_pool_run(client->shared->db_pool, read_work, read_done, new_job(client));
    else
        ask(client, client->room.id, opening->want_replay ? asked_again : read_done);
}

/* ---- live ---- */

/* Whether who is online in the room is known; if not, it goes on when it is. */
static bool presence_is_known(struct client *client) {
    struct presence *presence = client->shared->presence;
    if (client->notifications || client->present)
        return true;
    if (!client->opened_room)
        client_open_room(client);
    client->awaits_presence = !presence_room_opened(presence, client->room.id);
    return !client->awaits_presence;
}

static void become_present(struct client *client) {
    if (client->notifications || client->present)
        return;
    client->present = true;
    presence_socket_opened(client->shared->presence, client->room.id, client->user_id,
                           text_of(client->user_name));
}

/* Whether the tail in memory leads from a position to where the stream stands. */
static bool tail_reaches(const struct stream *stream, uint64_t position) {
    return stream->last_seq <= position || stream->last_seq - position <= stream->recent.count;
}

static bool can_catch_up(const struct client *client) {
    const struct client_opening *opening = client->opening;
    const uint64_t position = opening->resync ? client_head(client) : opening->replayed;
    return tail_reaches(&client_main(client)->channel->stream, position) &&
           tail_reaches(&client->own->channel->stream, opening->identity.last_seq);
}

/* The streams have run away while it was read. Nothing has been said yet, so all begins
 * anew, the list of rooms too: those left meanwhile are not in it any more. */
static void read_again(struct client *client) {
    struct client_opening *opening = client->opening;
    if (opening->reads == READS) {
        client_refuse(client, ERROR_UNAVAILABLE, NULL);
        return;
    }
    client->state = SESSION_READING;
    event_list_clear(&opening->missed);
    if (client->notifications)
        client_unwatch_all(client);
    opening->want_replay = client->has_since;
    read_positions(client);
}

/* Clients may speak as soon as the handshake is through. */
void client_keep_message(struct client *client, struct text message, bool binary) {
    const struct early early = {message.len, binary};
    struct buffer *kept = &client->opening->early;
    if (kept->len + sizeof(early) + message.len > EARLY_BYTES)
        return;
    buffer_append(kept, &early, sizeof(early));
    buffer_append(kept, message.at, message.len);
}

static void answer_early(struct client *client, struct buffer *kept) {
    for (size_t at = 0; at < kept->len;) {
        struct early early;
        memcpy(&early, kept->data + at, sizeof(early));
        at += sizeof(early);
        client_message(client, (struct text){kept->data + at, early.len}, early.binary);
        at += early.len;
    }
    buffer_free(kept);
}

/* All is read and all channels are joined: says so, hands out what was missed, and lets the
 * live events in. */
static void finish(struct client *client) {
    struct client_opening *opening = client->opening;
    struct subscription *subscription = client_main(client);
    if (!presence_is_known(client))
        return;
    channels_flush(client->shared->channels);
    stream_start(&subscription->channel->stream, client_head(client));
    stream_start(&client->own->channel->stream, opening->identity.last_seq);
    if (!can_catch_up(client)) {
        read_again(client);
        return;
    }
    become_present(client);
    client_greet(client);
    client->state = SESSION_LIVE;
    client->admitted_seq = client_head(client);
    client_catch_up(subscription, opening->position);
    stream_cache(&subscription->channel->stream, opening->missed.events, opening->missed.count);
    if (subscription != client->own && client->state == SESSION_LIVE)
        client_catch_up(client->own, opening->identity.last_seq);
    if (client->state != SESSION_LIVE)
        return;
    struct buffer early = opening->early;
    opening->early = (struct buffer)BUFFER_EMPTY;
    client_opening_free(client);
    answer_early(client, &early);
}

/* True when what was asked first is still good: the channels were joined before it was
 * asked, and nothing needs to be read besides. */
static bool first_answer_is_good(const struct client *client) {
    const struct client_opening *opening = client->opening;
    const struct channel *own = client->own->channel;
    return !client->notifications && !opening->want_replay &&
           client->room.subscription->channel->ready_iteration < opening->asked_turn &&
           own->ready_iteration < opening->asked_turn;
}

/* The position a client has when it connects. */
static void set_position(struct client *client) {
    client->opening->position = client->has_since ? client->since : client_head(client);
    client->opening->replayed = client->opening->position;
}

static void advance(struct client *client) {
    struct client_opening *opening = client->opening;
    if (client->pending > 0)
        return;
    if (client->state == SESSION_JOINING) {
        opening->want_replay = must_read_missed(client);
        set_position(client);
        if (first_answer_is_good(client))
            finish(client);
        else
            read_positions(client);
    } else if (client->state == SESSION_WATCHING) {
        if (!client->has_since)
            set_position(client);
        finish(client);
    }
}

void client_joined(struct client *client, struct channel *channel) {
    (void)channel;
    if (!client || client->pending == 0)
        return;
    client->pending--;
    if (client->state == SESSION_JOINING || client->state == SESSION_WATCHING)
        advance(client);
    else if (client->state == SESSION_LIVE) /* what came before Redis told of it */
        channels_check_gaps(client->shared->channels);
}

void client_presence_known(struct client *client) {
    if (!client->awaits_presence || client->state == SESSION_ENDED)
        return;
    client->awaits_presence = false;
    finish(client);
}

/* ---- later ---- */

static void checked(void *context) {
    struct client_job *job = context;
    struct client *client = job->client;
    const bool inactive = job->identity.user.id != 0;
    const enum error error = job->error;
    if (!end_job(job) || !error)
        return;
    /* Who cannot be asked about is let go too: coming back, it will be asked about again. */
    const char *why = NULL;
    if (error == ERROR_UNAUTHENTICATED && inactive)
        why = "User inactive or deleted.";
    else if (error == ERROR_UNAUTHENTICATED && client->by_token)
        why = "Invalid token.";
    client_refuse(client, error, why);
}

void client_check_credentials(struct client *client) {
    ask(client, 0, checked);
}
