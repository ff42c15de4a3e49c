/*
 * client_open: the way of a client from its handshake to `connected`, and the check of its
 * credentials later.
 *
 * The order matters. A client subscribes to its channels first and waits for Redis to
 * confirm them; then the database says whose credentials these are and where the streams
 * stand; then missed events are replayed, and live events follow. In any other order an
 * event could be missed or sent twice.
 */
#include <stdlib.h>
#include <string.h>

#include "base/idmap.h"
#include "base/log.h"
#include "base/xalloc.h"
#include "client/client_private.h"
#include "event/replay.h"
#include "store/user_log.h"

/* How often positions are read when streams keep advancing during the read. */
#define MAX_READS 5

/* Bytes of messages kept while a client opens; more are dropped. */
#define EARLY_BYTES 1024

/* Work of the database for one client, which is not freed before the job has ended. */
struct client_job {
    struct client *client;
    const struct config *config;
    struct client_opening *opening;
    struct identity identity;
    enum error error;
    db_pool_done *done;
    uint64_t room_id;
    bool by_token;
    bool notifications;
    unsigned char key_hash[SECRET_HASH_SIZE];
};

static void advance(struct client *client);

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

/* ---- jobs ---- */

static struct client_job *new_job(struct client *client) {
    struct client_job *job = xcalloc(1, sizeof(*job));
    job->client = client;
    job->config = client->clients->config;
    job->opening = client->opening;
    job->room_id = client->notifications ? 0 : client->room.id;
    job->by_token = client->by_token;
    job->notifications = client->notifications;
    memcpy(job->key_hash, client->key_hash, sizeof(job->key_hash));
    client->pending_jobs++;
    return job;
}

/* Frees a job; false if its client was closed meanwhile (and may have been freed). */
static bool end_job(struct client_job *job) {
    struct client *client = job->client;
    const enum error error = job->error;
    client->pending_jobs--;
    if (error == ERROR_UNAVAILABLE || error == ERROR_INTERNAL)
        client->clients->metrics->db_errors++;
    free(job);
    if (client->state != CLIENT_CLOSED)
        return true;
    client_release(client);
    return false;
}

/* A disabled account does not authenticate; the identity tells it from an unknown one. */
static enum error check_active(enum error error, const struct identity *identity) {
    return !error && !identity->user.is_active ? ERROR_UNAUTHENTICATED : error;
}

static void on_authenticated(void *context, enum error error, const struct identity *identity) {
    struct client_job *job = context;
    job->identity = *identity;
    job->error = check_active(error, identity);
    job->done(job);
}

/* Queries the identity, together with those of others, and a room's state; then calls done. */
static void authenticate(struct client *client, uint64_t room_id, db_pool_done *done) {
    struct client_job *job = new_job(client);
    job->done = done;
    auth_batch_find(client->clients->auth_batch, job->by_token, job->key_hash, room_id,
                    on_authenticated, job);
}

/* The detail for credentials that do not hold; NULL: that of the error. */
static const char *unauthenticated_detail(const struct client *client, enum error error,
                                          const struct identity *identity) {
    if (error != ERROR_UNAUTHENTICATED)
        return NULL;
    if (identity->user.id != 0)
        return "User inactive or deleted.";
    return client->by_token ? "Invalid token." : NULL;
}

/* Ends a job that queried the identity, and checks in the order of docs/api-notes.md: who it is,
 * whether there is such a room, whether it may enter, whether `since` is valid. Returns the
 * client, or NULL if it was refused or closed. */
static struct client *end_authentication(struct client_job *job) {
    struct client *client = job->client;
    const struct identity identity = job->identity;
    enum error error = job->error;
    if (!end_job(job))
        return NULL;
    const char *detail = unauthenticated_detail(client, error, &identity);
    if (!error && !client->notifications)
        error = room_state_may_read(&identity.room);
    if (!error && client->bad_since) {
        error = ERROR_BAD_INPUT;
        detail = "since must be a whole number.";
    }
    if (error) {
        client_refuse(client, error, detail);
        return NULL;
    }
    client->opening->identity = identity;
    return client;
}

/* ---- reading positions and missed events ---- */

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
    opening->rooms[opening->room_count++] = (struct client_watched){head->id, head->last_seq};
}

/* Reads missed events. Events that cannot be replayed are no error: the client is told to
 * load its data again. */
static enum error read_missed(struct client_job *job, struct db *db) {
    struct client_opening *opening = job->opening;
    const struct identity *identity = &job->identity;
    const uint64_t limit = job->config->replay_limit, days = job->config->event_retention;
    const uint64_t last = job->notifications ? identity->last_seq : identity->room.last_seq;
    enum error error = ERROR_GONE;
    if (opening->position <= last && last - opening->position <= limit) {
        struct user_log_state state;
        error = job->notifications ? replay_user(db, identity->user.id, opening->position, limit,
                                                 days, &state, collect_event, opening)
                                   : replay_room(db, &identity->room, opening->position, limit,
                                                 days, collect_event, opening);
    }
    opening->resync = error == ERROR_GONE;
    return opening->resync ? ERROR_NONE : error;
}

static void read_missed_work(void *context, struct db *db) {
    struct client_job *job = context;
    job->error = read_missed(job, db);
}

/* For a notifications client, which needs its identity, missed events and its rooms. */
static void read_all_work(void *context, struct db *db) {
    struct client_job *job = context;
    job->opening->room_count = 0;
    job->error = job->by_token ? token_find(db, job->key_hash, 0, &job->identity)
                               : login_session_find(db, job->key_hash, job->config->session_days, 0,
                                                    &job->identity);
    job->error = check_active(job->error, &job->identity);
    if (!job->error && job->opening->read_missed)
        job->error = read_missed(job, db);
    if (!job->error)
        job->error = user_log_rooms(db, job->identity.user.id, collect_room, job->opening);
}

static void on_read(void *context) {
    struct client *client = end_authentication(context);
    if (client)
        advance(client);
}

/* True unless the tail in memory has all missed events. Too many are read as well, which
 * finds out that they are too many. */
static bool must_read_missed(const struct client *client) {
    const struct stream *stream = &client_main_subscription(client)->channel->stream;
    if (!client->has_since)
        return false;
    if (!stream->known || client->since > stream->last_seq)
        return true;
    const uint64_t missed = stream->last_seq - client->since;
    return missed > stream->recent.count || missed > client->clients->config->replay_limit;
}

/* A room client is still admitted. Of several that come back to a room together only the
 * first reads the missed events; the others find them in memory now. */
static void on_authenticated_again(void *context) {
    struct client_job *job = context;
    struct client *client = job->client;
    if (job->error || client->state == CLIENT_CLOSED || !must_read_missed(client))
        on_read(job);
    else
        db_pool_run(client->clients->db_pool, read_missed_work, on_read, job);
}

static void read_positions(struct client *client) {
    struct client_opening *opening = client->opening;
    client->state = CLIENT_READING;
    opening->reads++;
    opening->resync = false;
    opening->replayed = opening->position;
    opening->queried_iteration = channels_iteration(client->clients->channels);
    if (client->notifications)
        db_pool_run(client->clients->db_pool, read_all_work, on_read, new_job(client));
    else
        authenticate(client, client->room.id,
                     opening->read_missed ? on_authenticated_again : on_read);
}

/* The streams advanced during the read. Nothing was sent yet, so all of it is read again, the
 * list of rooms too: rooms left meanwhile are not in it any more. */
static void read_again(struct client *client) {
    struct client_opening *opening = client->opening;
    if (opening->reads == MAX_READS) {
        client_refuse(client, ERROR_UNAVAILABLE, NULL);
        return;
    }
    client->state = CLIENT_READING;
    event_list_clear(&opening->missed);
    if (client->notifications)
        client_unwatch_all(client);
    opening->read_missed = client->has_since;
    read_positions(client);
}

static void set_position(struct client *client) {
    client->opening->position = client->has_since ? client->since : client_head(client);
    client->opening->replayed = client->opening->position;
}

/* Subscribes a notifications client to its rooms; false if one of them has advanced. */
static bool watch_rooms(struct client *client) {
    for (size_t i = 0; i < client->opening->room_count; i++) {
        const struct client_watched *room = &client->opening->rooms[i];
        if (!client_watch(client, room->room_id, room->last_seq))
            return false;
    }
    return true;
}

/* True when the first answer of the database can be used: the channels were confirmed before
 * it was queried, and nothing else has to be read. */
static bool first_answer_is_valid(const struct client *client) {
    const struct client_opening *opening = client->opening;
    return !client->notifications && !opening->read_missed &&
           client->room.subscription->channel->ready_iteration < opening->queried_iteration &&
           client->own->channel->ready_iteration < opening->queried_iteration;
}

/* ---- connecting ---- */

/* Whether the online list of the room is known; if not, client_presence_ready follows. */
static bool presence_is_known(struct client *client) {
    struct clients *clients = client->clients;
    if (client->notifications || client->present)
        return true;
    if (!client->opened_room)
        idmap_increment(&clients->open_rooms, client->room.id);
    client->opened_room = true;
    return presence_room_opened(clients->presence, client->room.id);
}

/* Whether the tail in memory leads from a position to the end of the stream. */
static bool tail_reaches(const struct stream *stream, uint64_t position) {
    return stream->last_seq <= position || stream->last_seq - position <= stream->recent.count;
}

/* Starts the client's streams; false if they have advanced too far since they were read. */
static bool start_streams(struct client *client) {
    const struct client_opening *opening = client->opening;
    struct stream *main_stream = &client_main_subscription(client)->channel->stream;
    struct stream *own = &client->own->channel->stream;
    channels_flush(client->clients->channels);
    stream_start(main_stream, client_head(client));
    stream_start(own, opening->identity.last_seq);
    return tail_reaches(main_stream, opening->resync ? client_head(client) : opening->replayed) &&
           tail_reaches(own, opening->identity.last_seq);
}

/* A message in `opening->early`; its bytes follow. */
struct early_message {
    size_t len;
    bool binary;
};

void client_keep_message(struct client *client, struct text message, bool binary) {
    const struct early_message early = {message.len, binary};
    struct buffer *kept = &client->opening->early;
    if (kept->len + sizeof(early) + message.len > EARLY_BYTES)
        return;
    buffer_append(kept, &early, sizeof(early));
    buffer_append(kept, message.at, message.len);
}

static void handle_early_messages(struct client *client, struct buffer *kept) {
    for (size_t at = 0; at < kept->len;) {
        struct early_message early;
        memcpy(&early, kept->data + at, sizeof(early));
        at += sizeof(early);
        client_message(client, (struct text){kept->data + at, early.len}, early.binary);
        at += early.len;
    }
    buffer_free(kept);
}

/* Sends `connected` and missed events, and lets live events in. */
static void connect_client(struct client *client) {
    struct client_opening *opening = client->opening;
    struct subscription *subscription = client_main_subscription(client);
    if (!client->notifications && !client->present) {
        client->present = true;
        presence_socket_opened(client->clients->presence, client->room.id, client->user_id,
                               text_of(client->user_name));
    }
    client_greet(client);
    client->state = CLIENT_CONNECTED;
    client->admitted_seq = client_head(client);
    client_catch_up(subscription, opening->position);
    stream_cache(&subscription->channel->stream, opening->missed.events, opening->missed.count);
    /* An event that was just delivered may have closed the client. */
    if (subscription != client->own && client->state == CLIENT_CONNECTED)
        client_catch_up(client->own, opening->identity.last_seq);
    if (client->state != CLIENT_CONNECTED)
        return;
    struct buffer early = opening->early;
    opening->early = (struct buffer)BUFFER_EMPTY;
    client_opening_free(client);
    handle_early_messages(client, &early);
}

/* Takes the client as far as possible: called whenever what its state waits for has come. */
static void advance(struct client *client) {
    struct client_opening *opening = client->opening;
    for (;;) {
        switch ((enum client_state)client->state) {
        case CLIENT_AUTHENTICATING:
            client->counted = true;
            if (idmap_increment(&client->clients->users, client->user_id) >
                client->clients->config->max_sockets_user) {
                client_refuse(client, ERROR_RATE_LIMITED, "Too many sockets of this user.");
                return;
            }
            client->own = client_subscribe(client, EVENT_STREAM_USER, client->user_id);
            client->state = CLIENT_JOINING;
            break;
        case CLIENT_JOINING:
            if (client->pending_channels > 0)
                return;
            opening->read_missed = must_read_missed(client);
            set_position(client);
            if (!first_answer_is_valid(client)) {
                read_positions(client);
                return;
            }
            client->state = CLIENT_WAITING_PRESENCE;
            break;
        case CLIENT_READING:
            if (!watch_rooms(client)) {
                read_again(client);
                return;
            }
            client->state = CLIENT_JOINING_ROOMS;
            break;
        case CLIENT_JOINING_ROOMS:
            if (client->pending_channels > 0)
                return;
            if (!client->has_since)
                set_position(client);
            client->state = CLIENT_WAITING_PRESENCE;
            break;
        case CLIENT_WAITING_PRESENCE:
            if (!presence_is_known(client))
                return;
            if (start_streams(client))
                connect_client(client);
            else
                read_again(client);
            return;
        case CLIENT_CONNECTED:
        case CLIENT_CLOSED:
            return;
        }
    }
}

static void on_first_answer(void *context) {
    struct client *client = end_authentication(context);
    if (!client)
        return;
    const struct user *user = &client->opening->identity.user;
    client->user_id = user->id;
    memcpy(client->user_name, user->name, sizeof(client->user_name));
    advance(client);
}

void client_open(struct client *client) {
    client->opening = xcalloc(1, sizeof(*client->opening));
    client->state = CLIENT_AUTHENTICATING;
    if (!client->notifications && client->room.id)
        client->room.subscription = client_subscribe(client, EVENT_STREAM_ROOM, client->room.id);
    client->opening->queried_iteration = channels_iteration(client->clients->channels);
    authenticate(client, client->notifications ? 0 : client->room.id, on_first_answer);
}

void client_channel_joined(struct client *client, struct channel *channel) {
    (void)channel;
    if (!client || client->pending_channels == 0)
        return;
    client->pending_channels--;
    if (client->state == CLIENT_JOINING || client->state == CLIENT_JOINING_ROOMS)
        advance(client);
    else if (client->state == CLIENT_CONNECTED)
        /* A room entered later: events may have come before Redis confirmed its channel. */
        channels_check_gaps(client->clients->channels);
}

void client_presence_ready(struct client *client) {
    if (client->state == CLIENT_WAITING_PRESENCE)
        advance(client);
}

/* ---- later ---- */

static void on_checked(void *context) {
    struct client_job *job = context;
    struct client *client = job->client;
    const enum error error = job->error;
    const char *detail = unauthenticated_detail(client, error, &job->identity);
    /* A client that cannot be checked is closed too; it is checked when it comes back. */
    if (end_job(job) && error)
        client_refuse(client, error, detail);
}

void client_check_credentials(struct client *client) {
    authenticate(client, 0, on_checked);
}
