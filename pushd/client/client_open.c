/* session_open: from a handshake to a live session. */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/xalloc.h"
#include "client/client_opening.h"
#include "event/replay.h"
#include "event/serialize.h"
#include "store/token.h"
#include "store/user_log.h"

/* Times a session that falls behind while it opens is read for again. */
#define READS 5

/* What a client may have said, in bytes, before its socket is live; more is dropped. */
#define EARLY_BYTES 1024

/* A message in `early`; its bytes follow. */
struct early {
    size_t len;
    bool binary;
};

/* A job for one session, which lives as long as the job does. */
struct session_job {
    struct session *session;
    const struct config *config;
    struct session_opening *opening;
    struct caller caller;
    enum error error;
    jobs_done *done; /* if its caller is found along with others */
    uint64_t room_id;
    bool by_token;
    bool notifications;
    unsigned char key_hash[SECRET_HASH_SIZE];
};

static void advance(struct session *session);
static void read_again(struct session *session);

void session_opening_free(struct session *session) {
    struct session_opening *opening = session->opening;
    if (!opening)
        return;
    stream_list_clear(&opening->missed);
    free(opening->rooms);
    buffer_free(&opening->early);
    free(opening);
    session->opening = NULL;
}

/* ---- jobs ---- */

static struct session_job *new_job(struct session *session) {
    struct session_job *job = memory_zeroed(1, sizeof(*job));
    job->session = session;
    job->config = session->shared->config;
    job->opening = session->opening;
    job->room_id = session->notifications ? 0 : session->room.id;
    job->by_token = session->by_token;
    job->notifications = session->notifications;
    memcpy(job->key_hash, session->key_hash, sizeof(job->key_hash));
    session->jobs++;
    return job;
}

/* An account that is disabled has no good credentials; caller tells it from one that is not
 * there. */
static enum error check_active(enum error error, const struct caller *caller) {
    return !error && !caller->user.is_active ? ERROR_UNAUTHENTICATED : error;
}

static void found(void *context, enum error error, const struct caller *caller) {
    struct session_job *job = context;
    job->caller = *caller;
    job->error = check_active(error, caller);
    job->done(job);
}

/* Ends a job; false if its session is of no more use (and may have been freed). */
static bool end_job(struct session_job *job) {
    struct session *session = job->session;
    const enum error error = job->error;
    session->jobs--;
    if (error == ERROR_UNAVAILABLE || error == ERROR_INTERNAL)
        session->shared->figures->db_errors++;
    free(job);
    if (session->state != SESSION_ENDED)
        return true;
    session_release(session);
    return false;
}

static enum error find_caller(struct session_job *job, struct db *db) {
    const enum error error = job->by_token
                                 ? token_find(db, job->key_hash, job->room_id, &job->caller)
                                 : session_find(db, job->key_hash, job->config->session_days,
                                                job->room_id, &job->caller);
    return check_active(error, &job->caller);
}

/* Has the caller found along with others; then done. */
static void ask(struct session *session, uint64_t room_id, jobs_done *done) {
    struct session_job *job = new_job(session);
    job->done = done;
    callers_find(session->shared->callers, job->by_token, job->key_hash, room_id, found, job);
}

/* ---- who is it ---- */

/* The order of the contract: who, whether there is such a room, whether it may enter, and
 * only then whether it asked well. */
static bool admit(struct session *session, const struct caller *caller, enum error error) {
    const char *unknown = session->by_token ? "Invalid token." : NULL;
    if (error == ERROR_UNAUTHENTICATED && caller->user.id != 0)
        unknown = "User inactive or deleted.";
    if (!error && !session->notifications) {
        unknown = NULL;
        error = room_state_may_read(&caller->room);
    }
    if (!error && session->bad_since) {
        unknown = "since must be a whole number.";
        error = ERROR_BAD_INPUT;
    }
    if (error) {
        session_refuse(session, error,
                       error == ERROR_UNAUTHENTICATED || error == ERROR_BAD_INPUT ? unknown : NULL);
        return false;
    }
    return true;
}

/* Ends a job that asked who it is. The session goes on with what was found; NULL if it is of no
 * more use or was not let in. */
static struct session *take_caller(struct session_job *job) {
    struct session *session = job->session;
    const struct caller caller = job->caller;
    const enum error error = job->error;
    if (!end_job(job) || !admit(session, &caller, error))
        return NULL;
    session->opening->caller = caller;
    return session;
}

static void asked(void *context) {
    struct session *session = take_caller(context);
    if (!session)
        return;
    const struct user *user = &session->opening->caller.user;
    session->user_id = user->id;
    memcpy(session->user_name, user->name, sizeof(session->user_name));
    if (!session_count_user(session)) {
        session_refuse(session, ERROR_RATE_LIMITED, "Too many sockets of this user.");
        return;
    }
    session->own = session_join(session, EVENT_STREAM_USER, session->user_id);
    session->state = SESSION_JOINING;
    advance(session);
}

void session_begin(struct session *session) {
    session->opening = memory_zeroed(1, sizeof(*session->opening));
    if (!session->notifications && session->room.id)
        session->room.subscription = session_join(session, EVENT_STREAM_ROOM, session->room.id);
    session->opening->asked_turn = feeds_turn(session->shared->feeds);
    ask(session, session->notifications ? 0 : session->room.id, asked);
}

/* ---- where does it stand ---- */

static void collect_event(void *context, const struct event_envelope *envelope) {
    struct session_opening *opening = context;
    opening->replayed = envelope->seq;
    stream_list_add_envelope(&opening->missed, envelope);
}

static void collect_room(void *context, const struct stream_head *head) {
    struct session_opening *opening = context;
    if (opening->room_count == opening->room_space) {
        opening->room_space = opening->room_space ? opening->room_space * 2 : 16;
        opening->rooms =
            memory_resize(opening->rooms, opening->room_space, sizeof(*opening->rooms));
    }
    opening->rooms[opening->room_count++] = (struct watched){head->id, head->last_seq};
}

/* Reads what was missed, if it can be had. */
static enum error read_missed(struct session_job *job, struct db *db) {
    struct session_opening *opening = job->opening;
    struct user_log_state state;
    const uint64_t days = job->config->event_retention;
    const uint64_t last = job->notifications ? job->caller.last_seq : job->caller.room.last_seq;
    enum error error = ERROR_GONE;
    if (opening->position <= last && last - opening->position <= job->config->replay_limit)
        error = job->notifications
                    ? replay_user(db, job->caller.user.id, opening->position,
                                  job->config->replay_limit, days, &state, collect_event, opening)
                    : replay_room(db, &job->caller.room, opening->position,
                                  job->config->replay_limit, days, collect_event, opening);
    opening->resync = error == ERROR_GONE;
    return opening->resync ? ERROR_NONE : error;
}

/* For a notifications socket, of which there is more to read than who it is. */
static void read_work(void *context, struct db *db) {
    struct session_job *job = context;
    struct session_opening *opening = job->opening;
    opening->room_count = 0;
    job->error = find_caller(job, db);
    if (!job->error && opening->want_replay)
        job->error = read_missed(job, db);
    if (!job->error)
        job->error = user_log_rooms(db, job->caller.user.id, collect_room, opening);
}

static void read_missed_work(void *context, struct db *db) {
    struct session_job *job = context;
    job->error = read_missed(job, db);
}

static void read_done(void *context) {
    struct session *session = take_caller(context);
    if (!session)
        return;
    for (size_t i = 0; i < session->opening->room_count; i++) {
        const struct watched *room = &session->opening->rooms[i];
        if (!session_watch(session, room->room_id, room->last_seq)) {
            read_again(session);
            return;
        }
    }
    session->state = SESSION_WATCHING;
    advance(session);
}

/* Whether what was missed has to be read: the tail in memory may have it. What is too much
 * is read too, which finds that out. */
static bool must_read_missed(const struct session *session) {
    const struct stream *stream = &session_main(session)->feed->stream;
    const uint64_t since = session->since;
    return session->has_since &&
           !(stream->known && since <= stream->last_seq &&
             stream->last_seq - since <= stream->tail.count &&
             stream->last_seq - since <= session->shared->config->replay_limit);
}

/* It is still let in. What was missed may have come into memory meanwhile: of those who come
 * back into a room together only the first needs to read it. */
static void asked_again(void *context) {
    struct session_job *job = context;
    struct session *session = job->session;
    if (job->error || session->state == SESSION_ENDED || !must_read_missed(session)) {
        read_done(job);
        return;
    }
    jobs_run(session->shared->jobs, read_missed_work, read_done, job);
}

static void read_positions(struct session *session) {
    struct session_opening *opening = session->opening;
    session->state = SESSION_READING;
    opening->reads++;
    opening->resync = false;
    opening->replayed = opening->position;
    opening->asked_turn = feeds_turn(session->shared->feeds);
    if (session->notifications)
        jobs_run(session->shared->jobs, read_work, read_done, new_job(session));
    else
        ask(session, session->room.id, opening->want_replay ? asked_again : read_done);
}

/* ---- live ---- */

/* Whether who is online in the room is known; if not, it goes on when it is. */
static bool presence_is_known(struct session *session) {
    struct presence *presence = session->shared->presence;
    if (session->notifications || session->present)
        return true;
    if (!session->opened_room)
        session_open_room(session);
    session->awaits_presence = !presence_room_opened(presence, session->room.id);
    return !session->awaits_presence;
}

static void become_present(struct session *session) {
    if (session->notifications || session->present)
        return;
    session->present = true;
    presence_socket_opened(session->shared->presence, session->room.id, session->user_id,
                           text_of(session->user_name));
}

/* Whether the tail in memory leads from a position to where the stream stands. */
static bool tail_reaches(const struct stream *stream, uint64_t position) {
    return stream->last_seq <= position || stream->last_seq - position <= stream->tail.count;
}

static bool can_catch_up(const struct session *session) {
    const struct session_opening *opening = session->opening;
    const uint64_t position = opening->resync ? session_head(session) : opening->replayed;
    return tail_reaches(&session_main(session)->feed->stream, position) &&
           tail_reaches(&session->own->feed->stream, opening->caller.last_seq);
}

/* The streams have run away while it was read. Nothing has been said yet, so all begins
 * anew, the list of rooms too: those left meanwhile are not in it any more. */
static void read_again(struct session *session) {
    struct session_opening *opening = session->opening;
    if (opening->reads == READS) {
        session_refuse(session, ERROR_UNAVAILABLE, NULL);
        return;
    }
    session->state = SESSION_READING;
    stream_list_clear(&opening->missed);
    if (session->notifications)
        session_unwatch_all(session);
    opening->want_replay = session->has_since;
    read_positions(session);
}

/* Clients may speak as soon as the handshake is through. */
void session_keep_message(struct session *session, struct text message, bool binary) {
    const struct early early = {message.len, binary};
    struct buffer *kept = &session->opening->early;
    if (kept->len + sizeof(early) + message.len > EARLY_BYTES)
        return;
    buffer_append(kept, &early, sizeof(early));
    buffer_append(kept, message.at, message.len);
}

static void answer_early(struct session *session, struct buffer *kept) {
    for (size_t at = 0; at < kept->len;) {
        struct early early;
        memcpy(&early, kept->data + at, sizeof(early));
        at += sizeof(early);
        session_message(session, (struct text){kept->data + at, early.len}, early.binary);
        at += early.len;
    }
    buffer_free(kept);
}

/* All is read and all feeds are joined: says so, hands out what was missed, and lets the
 * live events in. */
static void finish(struct session *session) {
    struct session_opening *opening = session->opening;
    struct subscription *subscription = session_main(session);
    if (!presence_is_known(session))
        return;
    feeds_flush(session->shared->feeds);
    stream_start(&subscription->feed->stream, session_head(session));
    stream_start(&session->own->feed->stream, opening->caller.last_seq);
    if (!can_catch_up(session)) {
        read_again(session);
        return;
    }
    become_present(session);
    session_greet(session);
    session->state = SESSION_LIVE;
    session->admitted_seq = session_head(session);
    session_catch_up(subscription, opening->position);
    stream_recall(&subscription->feed->stream, opening->missed.events, opening->missed.count);
    if (subscription != session->own && session->state == SESSION_LIVE)
        session_catch_up(session->own, opening->caller.last_seq);
    if (session->state != SESSION_LIVE)
        return;
    struct buffer early = opening->early;
    opening->early = (struct buffer)BUFFER_EMPTY;
    session_opening_free(session);
    answer_early(session, &early);
}

/* True when what was asked first is still good: the channels were joined before it was
 * asked, and nothing needs to be read besides. */
static bool first_answer_is_good(const struct session *session) {
    const struct session_opening *opening = session->opening;
    const struct feed *own = session->own->feed;
    return !session->notifications && !opening->want_replay &&
           session->room.subscription->feed->joined_turn < opening->asked_turn &&
           own->joined_turn < opening->asked_turn;
}

/* The position a client has when it connects. */
static void set_position(struct session *session) {
    session->opening->position = session->has_since ? session->since : session_head(session);
    session->opening->replayed = session->opening->position;
}

static void advance(struct session *session) {
    struct session_opening *opening = session->opening;
    if (session->pending > 0)
        return;
    if (session->state == SESSION_JOINING) {
        opening->want_replay = must_read_missed(session);
        set_position(session);
        if (first_answer_is_good(session))
            finish(session);
        else
            read_positions(session);
    } else if (session->state == SESSION_WATCHING) {
        if (!session->has_since)
            set_position(session);
        finish(session);
    }
}

void session_joined(struct session *session, struct feed *feed) {
    (void)feed;
    if (!session || session->pending == 0)
        return;
    session->pending--;
    if (session->state == SESSION_JOINING || session->state == SESSION_WATCHING)
        advance(session);
    else if (session->state == SESSION_LIVE) /* what came before Redis told of it */
        feeds_check_now(session->shared->feeds);
}

void session_presence_known(struct session *session) {
    if (!session->awaits_presence || session->state == SESSION_ENDED)
        return;
    session->awaits_presence = false;
    finish(session);
}

/* ---- later ---- */

static void checked(void *context) {
    struct session_job *job = context;
    struct session *session = job->session;
    const bool inactive = job->caller.user.id != 0;
    const enum error error = job->error;
    if (!end_job(job) || !error)
        return;
    /* Who cannot be asked about is let go too: coming back, it will be asked about again. */
    const char *why = NULL;
    if (error == ERROR_UNAUTHENTICATED && inactive)
        why = "User inactive or deleted.";
    else if (error == ERROR_UNAUTHENTICATED && session->by_token)
        why = "Invalid token.";
    session_refuse(session, error, why);
}

void session_check_credentials(struct session *session) {
    ask(session, 0, checked);
}
