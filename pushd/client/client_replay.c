/*
 * client_replay: sending a client the events that it missed, as fast as it takes them.
 *
 * A subscription that is behind is served from the stream's recent events, or with events read
 * from the database, until its position is that of the stream: then it is live. Nothing is sent
 * while the socket is blocked, and events that a socket did not take are dropped and read again
 * later. So a client that is behind costs no more than what one read brings, and live events wait
 * in the database. A client that takes nothing for STALLED_MS is closed with 1013.
 */
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/clock.h"
#include "base/xalloc.h"
#include "client/client_private.h"
#include "event/replay.h"

/* Bytes sent together. */
#define PIECE_BYTES 32768

/* Bytes and events read from the database at a time. The first read brings FIRST_READ events, the
 * next ones what READ_BYTES probably hold. */
#define READ_BYTES 65536
#define FIRST_READ 16
#define MAX_READ 256

/* Reads at the same time; more would keep other clients from being authenticated. */
#define MAX_READING 2

/* Clients that are behind and blocked at the same time: each may have a read's events in its send
 * queue. Others wait until one is drained, and those that take nothing are closed sooner. */
#define MAX_BLOCKED 256

/* How long a blocked client may take nothing. Milliseconds. */
#define STALLED_MS 10000
#define STALLED_CROWDED_MS 2000

enum replay_state {
    REPLAY_IDLE,    /* being served, or nothing is left to do */
    REPLAY_QUEUED,  /* waits for a turn to read */
    REPLAY_READING, /* waits for the database */
    REPLAY_BLOCKED, /* waits until the socket has taken all that was sent */
    REPLAY_WAITING, /* nothing can be read now; tried again at the next tick */
    REPLAY_STALLED, /* was blocked for too long; about to be closed */
};

/* The subscriptions in which one client is behind. */
struct replay {
    struct client *client;
    struct subscription **behind; /* the first one is served */
    size_t count, space;
    enum replay_state state;
    struct replay *next, *previous; /* in the list of its state */
    struct subscription *reading;   /* for which the database is read; NULL: it has ended */
    bool denied;                    /* the last read found that the user is not a member */
    uint32_t read_limit;            /* events in the next read */
    uint64_t unacknowledged;        /* while blocked: bytes that the peer has not acknowledged, */
    int64_t progress_ms;            /* ... and since when */
};

/* ---- lists ---- */

/* The list that a replay is in by its state; NULL: none. */
static struct replay_list *list_of(const struct replay *replay) {
    struct replays *replays = &replay->client->clients->replays;
    switch (replay->state) {
    case REPLAY_QUEUED:
        return &replays->queue;
    case REPLAY_BLOCKED:
        return &replays->blocked;
    case REPLAY_WAITING:
        return &replays->waiting;
    case REPLAY_STALLED:
        return &replays->stalled;
    default:
        return NULL;
    }
}

/* Changes the state, and with it the list that the replay is in. */
static void set_state(struct replay *replay, enum replay_state state) {
    struct replay_list *list = list_of(replay);
    /* Remove it from the list of the old state. */
    if (list) {
        *(replay->previous ? &replay->previous->next : &list->first) = replay->next;
        *(replay->next ? &replay->next->previous : &list->last) = replay->previous;
        list->count--;
    }
    replay->state = state;
    replay->next = replay->previous = NULL;
    list = list_of(replay);
    if (!list)
        return;
    /* To the end of the list of the new one: first come, first served. */
    replay->previous = list->last;
    *(list->last ? &list->last->next : &list->first) = replay;
    list->last = replay;
    list->count++;
}

/* The subscription at this index is not behind any more; the order of the others stays. */
static void remove_behind(struct replay *replay, size_t at) {
    memmove(replay->behind + at, replay->behind + at + 1,
            (--replay->count - at) * sizeof(replay->behind[0]));
}

/* ---- sending ---- */

/* Hands the first of these events over, joined up to PIECE_BYTES, and returns how many. */
static uint32_t hand_over_piece(struct subscription *subscription,
                                const struct stream_event *events, uint32_t count) {
    struct frame *frames[STREAM_RECENT], *joined = NULL;
    size_t shown = 0, bytes = 0;
    uint32_t taken = 0;
    /* At least one event, however large it is. */
    for (; taken < count && taken < STREAM_RECENT && bytes < PIECE_BYTES; taken++)
        if (events[taken].frame) {
            frames[shown++] = events[taken].frame;
            bytes += events[taken].frame->len;
        }
    if (shown > 0)
        joined = frame_join(frames, shown);
    /* Before the call, which may begin another replay or end the subscription. */
    subscription->delivered_seq = events[taken - 1].seq;
    client_events(subscription, events, taken, joined);
    frame_release(joined);
    return taken;
}

/* Hands over events until the socket is blocked (unless `all`) or the subscription ends; returns
 * how many. */
static uint32_t hand_over(struct subscription *subscription, const struct stream_event *events,
                          uint32_t count, bool all) {
    const struct client *client = subscription->client;
    uint32_t done = 0;
    /* client_events may close the client or end the subscription; then its client is NULL. */
    while (done < count && subscription->client && client->state != CLIENT_CLOSED &&
           (all || !socket_is_blocked(client->socket)))
        done += hand_over_piece(subscription, events + done, count - done);
    return done;
}

/* Recent events of a stream, copied for one client: delivering them may change the stream. */
struct recent {
    struct stream_event events[STREAM_RECENT];
    uint32_t count;
};

static void copy_event(void *context, const struct stream_event *event) {
    struct recent *recent = context;
    recent->events[recent->count++] = *event;
}

bool client_catch_up(struct subscription *subscription, uint64_t position) {
    const struct stream *stream = &subscription->channel->stream;
    struct recent recent;
    recent.count = 0;
    subscription->delivered_seq = position;
    /* The recent events do not reach back so far. */
    if (stream->last_seq > position && !stream_recent(stream, position, copy_event, &recent))
        return false;
    hand_over(subscription, recent.events, recent.count, true);
    /* One of the events may have ended it. */
    subscription->live = subscription->client != NULL;
    return true;
}

/* ---- serving a client ---- */

enum served { SERVED_LIVE, SERVED_BLOCKED, SERVED_MUST_READ, SERVED_ENDED };

/* Sends what is in memory. */
static enum served serve(struct subscription *subscription) {
    struct client *client = subscription->client;
    const struct stream *stream = &subscription->channel->stream;
    struct recent recent;
    for (;;) {
        if (socket_is_blocked(client->socket))
            return SERVED_BLOCKED;
        /* Nothing is left: from now on it gets events with all others. */
        if (subscription->delivered_seq >= stream->last_seq) {
            subscription->behind = false;
            subscription->live = true;
            return SERVED_LIVE;
        }
        recent.count = 0;
        /* With too many blocked clients another one must wait for its turn, though it could be sent
         * what is in memory. */
        if (client->clients->replays.blocked.count >= MAX_BLOCKED ||
            !stream_recent(stream, subscription->delivered_seq, copy_event, &recent))
            return SERVED_MUST_READ;
        hand_over(subscription, recent.events, recent.count, false);
        if (!subscription->client || client->state == CLIENT_CLOSED)
            return SERVED_ENDED;
    }
}

/* The socket takes no more: waits for `drained`, and notes the progress of the peer. */
static void block(struct replay *replay) {
    struct socket *socket = replay->client->socket;
    set_state(replay, REPLAY_BLOCKED);
    replay->unacknowledged = socket_unacknowledged(socket);
    replay->progress_ms = clock_monotonic_ms();
    socket_notify_drained(socket);
}

static void read_events(struct replay *replay);

/* Serves the client as far as possible; may_read: it has its turn. */
static void run(struct client *client, bool may_read) {
    struct replay *replay = client->replay;
    while (client->state != CLIENT_CLOSED && replay->count > 0) {
        /* The others wait until it is live or has to read. */
        struct subscription *first = replay->behind[0];
        switch (serve(first)) {
        case SERVED_LIVE:
            remove_behind(replay, 0);
            break;
        case SERVED_ENDED: /* client_replay_end was called */
            break;
        case SERVED_BLOCKED:
            block(replay);
            return;
        case SERVED_MUST_READ:
            if (may_read)
                read_events(replay);
            else
                set_state(replay, REPLAY_QUEUED);
            return;
        }
    }
    /* Nothing is behind any more. A closed client frees its replay when it is released. */
    if (client->state != CLIENT_CLOSED)
        client_replay_free(client);
}

/* Gives turns to read to those that wait. */
static void serve_queue(struct replays *replays) {
    while (replays->queue.first && replays->reading < MAX_READING &&
           replays->blocked.count < MAX_BLOCKED) {
        struct replay *replay = replays->queue.first;
        /* Out of the queue: `run` reads, or puts it elsewhere. */
        set_state(replay, REPLAY_IDLE);
        run(replay->client, true);
    }
}

/* ---- reading ---- */

/* A read for one subscription. */
struct read_job {
    struct replay *replay;
    const struct config *config;
    enum event_stream kind;
    uint64_t id;
    uint64_t user_id;
    uint64_t after;
    uint32_t limit;
    enum error error;
    uint64_t last_seq; /* of the stream */
    struct event_list events;
};

static void collect_event(void *context, const struct event_envelope *envelope) {
    struct read_job *job = context;
    event_list_add_envelope(&job->events, envelope);
}

/* On a thread; only what is in the job is used. Events of a room are read for members only. */
static void read_once(struct read_job *job, struct db *db) {
    const uint64_t days = job->config->event_retention;
    if (job->kind == EVENT_STREAM_USER) {
        struct user_log_state user;
        job->error =
            replay_user(db, job->id, job->after, job->limit, days, &user, collect_event, job);
        job->last_seq = user.last_seq;
        return;
    }
    struct room_state room;
    /* The user may have been removed since: read access is checked each time. */
    job->error = room_state_get(db, job->id, job->user_id, &room);
    if (!job->error)
        job->error = room_state_may_read(&room);
    /* What this user may not see of messages is left out when it is sent: the events read serve
     * others, too. */
    room.first_position = 0;
    if (!job->error)
        job->error = replay_room(db, &room, job->after, job->limit, days, collect_event, job);
    job->last_seq = room.last_seq;
}

/* In a cluster the node may be behind what the client has, or what made the user a member. */
static void read_work(void *context, struct db *db) {
    struct read_job *job = context;
    bool again = false;
    read_once(job, db);
    const bool is_outdated =
        job->error == ERROR_GONE || job->error == ERROR_NOT_FOUND || job->error == ERROR_FORBIDDEN;
    const enum error failure = is_outdated ? db_catch_up(db, &again) : ERROR_NONE;
    if (failure)
        job->error = failure;
    if (!again)
        return;
    event_list_clear(&job->events);
    job->error = ERROR_NONE;
    read_once(job, db);
}

/* As many events as READ_BYTES probably hold. */
static uint32_t next_limit(const struct event_list *events) {
    size_t bytes = 1;
    for (uint32_t i = 0; i < events->count; i++)
        if (events->events[i].frame)
            bytes += events->events[i].frame->len;
    /* By the average size of what was just read; at least one. */
    const size_t limit = (size_t)READ_BYTES * events->count / bytes;
    return limit > MAX_READ ? MAX_READ : limit > 0 ? (uint32_t)limit : 1;
}

/* Sends what was read, as far as the socket takes it; the rest is read again later. */
static void send_read(struct replay *replay, struct subscription *subscription,
                      const struct event_list *events) {
    struct metrics_data *metrics = replay->client->clients->metrics;
    replay->read_limit = next_limit(events);
    /* The next client that is behind here is probably at the same place. */
    stream_cache(&subscription->channel->stream, events->events, events->count);
    const uint32_t sent = hand_over(subscription, events->events, events->count, false);
    uint32_t shown = 0;
    for (uint32_t i = 0; i < sent; i++)
        shown += events->events[i].frame != NULL;
    metrics->replayed_events += shown;
    metrics->replays += shown > 0 && !subscription->replayed;
    subscription->replayed = subscription->replayed || shown > 0;
    /* The other ones have their turn next. */
    if (replay->count > 1 && replay->behind[0] == subscription) {
        remove_behind(replay, 0);
        replay->behind[replay->count++] = subscription;
    }
}

/* A refused watch leaves the socket open; a refused client does not. */
static void refuse(struct subscription *subscription, enum error error) {
    if (subscription->watch)
        watch_refuse(subscription->watch, error, NULL);
    else
        client_refuse(subscription->client, error, NULL);
}

/* What was read, for a subscription that is still behind. False: nothing can be done now; it is
 * tried again at the next tick. */
static bool handle_read(struct replay *replay, struct subscription *subscription,
                        const struct read_job *job) {
    struct client *client = replay->client;
    bool denied = false;
    switch (job->error) {
    case ERROR_NONE:
        /* The stream says that there are more, but the database does not have them yet. */
        if (job->events.count == 0)
            return false;
        /* Otherwise a removal or a resync has moved the position during the read. */
        if (job->events.events[0].seq == subscription->delivered_seq + 1)
            send_read(replay, subscription, &job->events);
        break;
    case ERROR_GONE:
        /* Older events are deleted: the client loads its data, and continues from the head. */
        subscription->delivered_seq = job->last_seq;
        client_resync(subscription, job->last_seq);
        break;
    case ERROR_NOT_FOUND:
    case ERROR_FORBIDDEN:
        /* The event that says why should be on its way, in this stream or in the user's own. */
        channels_check_gaps(client->clients->channels);
        /* The first time it waits for that event; the second time in a row it is refused. */
        denied = !replay->denied;
        if (!denied)
            refuse(subscription, job->error);
        break;
    default:
        client->clients->metrics->db_errors++;
        refuse(subscription, ERROR_UNAVAILABLE);
    }
    replay->denied = denied;
    return !denied;
}

/* On the loop: a read has ended. */
static void on_read(void *context) {
    struct read_job *job = context;
    struct replay *replay = job->replay;
    struct client *client = replay->client;
    struct replays *replays = &client->clients->replays;
    struct subscription *subscription = replay->reading;
    replay->reading = NULL;
    replays->reading--;
    set_state(replay, REPLAY_IDLE);
    /* `subscription` is NULL if it ended during the read. */
    bool go_on = true;
    if (client->state != CLIENT_CLOSED && subscription)
        go_on = handle_read(replay, subscription, job);
    if (client->state != CLIENT_CLOSED && go_on)
        run(client, false);
    else if (client->state != CLIENT_CLOSED)
        set_state(replay, REPLAY_WAITING);
    /* The frames that are in a send queue have references of their own. */
    event_list_clear(&job->events);
    free(job);
    client->pending_jobs--;
    client_release(client);
    /* Last: another client may have the free place. */
    serve_queue(replays);
}

/* Reads the next events of the first subscription, on a thread. */
static void read_events(struct replay *replay) {
    struct client *client = replay->client;
    const struct subscription *subscription = replay->behind[0];
    const struct stream *stream = &subscription->channel->stream;
    struct read_job *job = xcalloc(1, sizeof(*job));
    *job = (struct read_job){.replay = replay,
                             .config = client->clients->config,
                             .kind = stream->kind,
                             .id = stream->id,
                             .user_id = client->user_id,
                             .after = subscription->delivered_seq,
                             .limit = replay->read_limit};
    set_state(replay, REPLAY_READING);
    replay->reading = replay->behind[0];
    client->clients->replays.reading++;
    client->pending_jobs++;
    db_pool_run(client->clients->db_pool, read_work, on_read, job);
}

/* ---- beginning and end ---- */

void client_replay_begin(struct subscription *subscription) {
    struct client *client = subscription->client;
    subscription->live = false;
    subscription->behind = true;
    if (!client->replay) {
        /* Most have missed little or nothing. */
        const enum served served = serve(subscription);
        if (served == SERVED_LIVE || served == SERVED_ENDED)
            return;
        client->replay = xcalloc(1, sizeof(*client->replay));
        client->replay->client = client;
        client->replay->read_limit = FIRST_READ;
    }
    struct replay *replay = client->replay;
    replay->behind =
        array_reserve(replay->behind, &replay->space, replay->count + 1, sizeof(replay->behind[0]));
    replay->behind[replay->count++] = subscription;
    /* It is being served, or waits; its turn comes. */
    if (replay->state != REPLAY_IDLE || replay->count > 1)
        return;
    run(client, false);
    serve_queue(&client->clients->replays);
}

void client_replay_end(struct subscription *subscription) {
    struct client *client = subscription->client;
    struct replay *replay = client->replay;
    subscription->behind = false;
    if (!replay)
        return;
    for (size_t i = 0; i < replay->count; i++)
        if (replay->behind[i] == subscription) {
            remove_behind(replay, i);
            break;
        }
    /* The read continues, and its result is dropped. */
    if (replay->reading == subscription)
        replay->reading = NULL;
    /* If it is in a list, it is freed here. Otherwise `run` or on_read is using it, and frees
     * it. */
    if (replay->count == 0 && list_of(replay))
        client_replay_free(client);
}

void client_replay_stop(struct client *client) {
    struct replay *replay = client->replay;
    if (!replay)
        return;
    replay->count = 0;
    replay->reading = NULL;
    /* A job has a pointer to it: on_read ends that. */
    if (replay->state != REPLAY_READING)
        set_state(replay, REPLAY_IDLE);
}

void client_replay_free(struct client *client) {
    struct replay *replay = client->replay;
    if (!replay)
        return;
    set_state(replay, REPLAY_IDLE);
    free(replay->behind);
    free(replay);
    client->replay = NULL;
}

/* ---- the socket, and time ---- */

void client_drained(struct client *client) {
    struct replays *replays = &client->clients->replays;
    if (!client->replay || client->replay->state != REPLAY_BLOCKED)
        return;
    set_state(client->replay, REPLAY_IDLE);
    run(client, false);
    serve_queue(replays);
}

/* Notes in its state that a blocked client has taken nothing for some time. */
static void check_progress(struct replay *replay, int64_t now_ms, int64_t stalled_ms) {
    const uint64_t unacknowledged = socket_unacknowledged(replay->client->socket);
    if (unacknowledged != replay->unacknowledged) {
        replay->unacknowledged = unacknowledged;
        replay->progress_ms = now_ms;
    } else if (now_ms - replay->progress_ms >= stalled_ms) {
        set_state(replay, REPLAY_STALLED);
    }
}

void client_replay_tick(struct replays *replays) {
    const int64_t now_ms = clock_monotonic_ms();
    /* If others wait, clients that read nothing are closed sooner. */
    const bool crowded = replays->blocked.count >= MAX_BLOCKED && replays->queue.first;
    struct replay *next;
    for (struct replay *replay = replays->blocked.first; replay; replay = next) {
        next = replay->next;
        check_progress(replay, now_ms, crowded ? STALLED_CROWDED_MS : STALLED_MS);
    }
    /* Each leaves the list when it is closed, and perhaps takes others with it: without Redis, what
     * follows from that is handed out at once. */
    while (replays->stalled.first)
        client_close(replays->stalled.first->client, SOCKET_CLOSE_TRY_LATER, METRICS_DROP_SLOW);
    /* What could not be read half a second ago may be there now. */
    while (replays->waiting.first)
        set_state(replays->waiting.first, REPLAY_QUEUED);
    serve_queue(replays);
}
