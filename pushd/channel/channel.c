/*
 * channel: subscribers, the events of a loop iteration, gaps and gap checks.
 *
 * An event takes this way: on_event (from Redis) or fetch_done (from the database) gives it to the
 * stream, which calls on_deliver in order; there it joins the events of this iteration. At its end
 * channels_flush hands them to each subscriber, joined to one frame.
 *
 * What Redis lost is found in two ways: a number that is too high leads to on_fetch, and the gap
 * check asks the database every few seconds for streams that have advanced.
 */
#include "channel/channel.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/log.h"
#include "base/xalloc.h"
#include "channel/gap_check.h"
#include "event/replay.h"
#include "metrics/slow_callback.h"

/* The interval of gap checks, while Redis is up and while it is down. Milliseconds. */
#define GAP_CHECK_MS 3000
#define GAP_CHECK_DOWN_MS 1000

/* After Redis confirmed a channel again, how long a gap check waits for the others. */
#define RESUBSCRIBE_MS 50

/* Gap checks that must miss a room before it counts as deleted: the event on the members' own
 * streams, which names who deleted it, gets time to arrive first. */
#define MISSING_CHECKS 2

/* Events read at a time to fill a gap. */
#define FETCH_LIMIT 100

/* Subscribers prefetched at a time. */
#define PREFETCH_BATCH 16

struct channels {
    const struct config *config;
    struct db_pool *db_pool;
    struct pubsub *pubsub;
    struct metrics_data *metrics;
    struct pubsub_callbacks pubsub_callbacks;
    const struct channels_callbacks *callbacks;
    struct idmap rooms; /* id -> channel */
    struct idmap users;
    struct channel *dirty; /* list of channels with events to hand out */
    uint64_t iteration;
    uv_timer_t timer; /* of gap checks */
    bool checking;    /* a gap check is running */
    bool check_again; /* another one was requested meanwhile */
};

/* Rooms and users have ids of their own, so each kind has a map. */
static struct idmap *map_of(struct channels *channels, enum event_stream kind) {
    return kind == EVENT_STREAM_ROOM ? &channels->rooms : &channels->users;
}

static struct channel *find(struct channels *channels, enum event_stream kind, uint64_t id) {
    return idmap_get(map_of(channels, kind), id);
}

uint64_t channels_iteration(const struct channels *channels) {
    return channels->iteration;
}

/* ---- handing out events ---- */

/* The frames of several events as one; NULL if none is shown. */
static struct frame *join_frames(const struct stream_event *events, uint32_t count) {
    struct frame *joined = NULL;
    struct frame **frames = xcalloc(count, sizeof(*frames));
    size_t shown = 0;
    for (uint32_t i = 0; i < count; i++)
        if (events[i].frame)
            frames[shown++] = events[i].frame;
    /* Usual: a single event needs no copy. */
    if (shown == 1)
        joined = frame_hold(frames[0]);
    else if (shown > 1)
        joined = frame_join(frames, shown);
    free(frames);
    return joined;
}

/* Hands a subscriber the events that are new to it: nearly always all of them, in the frame that
 * all subscribers share. */
static void hand_out(struct channel *channel, struct subscription *subscription,
                     struct frame *shared) {
    uint32_t known = 0;
    /* A subscriber that began within this iteration has read some of them from the database. */
    while (known < channel->events.count &&
           channel->events.events[known].seq <= subscription->delivered_seq)
        known++;
    const uint32_t count = channel->events.count - known;
    if (count == 0)
        return;
    const struct stream_event *events = channel->events.events + known;
    subscription->delivered_seq = events[count - 1].seq;
    struct frame *frame = known == 0 ? shared : join_frames(events, count);
    channel->channels->callbacks->events(subscription, events, count, frame);
    if (known > 0)
        frame_release(frame);
}

/* Loads what the next subscribers need into the processor's cache, step by step for all of them.
 * One at a time, each access would wait for memory: with 10,000 sockets in 1,000 rooms a delivery
 * costs 13 % more CPU without this. */
static void prefetch(const struct channel *channel, uint32_t first) {
    struct client *clients[PREFETCH_BATCH];
    const uint32_t rest = channel->count - first;
    const uint32_t count = rest < PREFETCH_BATCH ? rest : PREFETCH_BATCH;
    for (uint32_t i = 0; i < count; i++)
        __builtin_prefetch(channel->subscriptions[first + i]);
    for (uint32_t i = 0; i < count; i++)
        clients[i] = channel->subscriptions[first + i]->client;
    channel->channels->callbacks->prefetch(clients, count);
}

void channels_flush(struct channels *channels) {
    channels->iteration++;
    while (channels->dirty) {
        struct channel *channel = channels->dirty;
        /* First, although `dirty` stays set until the end: the channel cannot be added again
         * meanwhile. */
        channels->dirty = channel->next_dirty;
        struct frame *shared = join_frames(channel->events.events, channel->events.count);
        for (uint32_t i = 0; i < channel->count; i++) {
            if (i % PREFETCH_BATCH == 0)
                prefetch(channel, i);
            struct subscription *subscription = channel->subscriptions[i];
            /* Neither live nor behind: it is opening, or dropped, and gets nothing. */
            if (subscription->live)
                hand_out(channel, subscription, shared);
            else if (subscription->behind)
                channels->callbacks->behind(subscription, channel->events.events,
                                            channel->events.count);
        }
        frame_release(shared);
        event_list_clear(&channel->events);
        channel->dirty = false;
    }
}

/* From the stream: the next event. Collected until the end of the iteration. */
static void on_deliver(struct stream *stream, const struct stream_event *event) {
    struct channel *channel = stream->owner;
    struct channels *channels = channel->channels;
    event_list_add(&channel->events, event);
    if (channel->dirty)
        return;
    channel->dirty = true;
    channel->next_dirty = channels->dirty;
    channels->dirty = channel;
}

/* ---- gaps ---- */

/* A database job that reads the missing events of a stream. The channel may be closed before it
 * is done, so it is looked up by its id then. */
struct fetch {
    struct channels *channels;
    enum event_stream kind;
    uint64_t id;
    uint64_t after;
    uint64_t expected; /* the highest number that was announced */
    enum error error;
    uint64_t last_seq;
    struct event_list events;
};

static void fetch_event(void *context, const struct event_envelope *envelope) {
    struct fetch *fetch = context;
    event_list_add_envelope(&fetch->events, envelope);
}

/* On a thread. */
static void read_missing(struct fetch *fetch, struct db *db) {
    /* ERROR_GONE: the missing events are deleted or too old. */
    const uint64_t days = fetch->channels->config->event_retention;
    if (fetch->kind == EVENT_STREAM_USER) {
        struct user_log_state state;
        fetch->error =
            replay_user(db, fetch->id, fetch->after, FETCH_LIMIT, days, &state, fetch_event, fetch);
        fetch->last_seq = state.last_seq;
        return;
    }
    struct room_state state;
    /* User 0: no membership is needed to read for all subscribers. */
    fetch->error = room_state_get(db, fetch->id, 0, &state);
    if (!fetch->error && !state.exists)
        fetch->error = ERROR_NOT_FOUND;
    if (!fetch->error)
        fetch->error = replay_room(db, &state, fetch->after, FETCH_LIMIT, days, fetch_event, fetch);
    fetch->last_seq = state.last_seq;
}

/* A node of a cluster may be behind what was published: it is read again when it has caught up,
 * since its smaller number is not the last one. */
static void fetch_work(void *job, struct db *db) {
    struct fetch *fetch = job;
    bool again = false;
    read_missing(fetch, db);
    const bool is_outdated =
        fetch->error == ERROR_NOT_FOUND ||
        ((!fetch->error || fetch->error == ERROR_GONE) && fetch->last_seq < fetch->expected);
    const enum error failure = is_outdated ? db_catch_up(db, &again) : ERROR_NONE;
    if (failure)
        fetch->error = failure;
    if (!again)
        return;
    event_list_clear(&fetch->events);
    fetch->error = ERROR_NONE;
    read_missing(fetch, db);
}

/* Whether the missing events concern a subscriber: not if it has read further from the database
 * than the stream was, and up to where it continues. One that is behind reads on by itself, unless
 * the numbers have gone back. */
static bool must_resync(const struct subscription *subscription, uint64_t before,
                        uint64_t last_seq) {
    if (subscription->behind)
        return last_seq < before && subscription->delivered_seq > last_seq;
    return subscription->live &&
           (subscription->delivered_seq <= before || subscription->delivered_seq < last_seq);
}

/* The missing events cannot be read any more: subscribers resync. */
static void skip_gap(struct channel *channel, uint64_t last_seq) {
    const uint64_t before = channel->stream.last_seq;
    channels_flush(channel->channels); /* what came before the gap */
    stream_skip(&channel->stream, last_seq);
    for (uint32_t i = 0; i < channel->count; i++) {
        struct subscription *subscription = channel->subscriptions[i];
        if (!must_resync(subscription, before, last_seq))
            continue;
        /* What it has missed, it loads over the API. */
        subscription->delivered_seq = last_seq;
        channel->channels->callbacks->resync(subscription, last_seq);
    }
}

/* On the loop: gives the stream what was read. The channel may be another one of the same id by
 * now; the stream ignores what it did not ask for. */
static void fetch_done(void *job) {
    struct fetch *fetch = job;
    struct channel *channel = find(fetch->channels, fetch->kind, fetch->id);
    if (channel && fetch->error == ERROR_NONE) {
        fetch->channels->metrics->gaps_filled++;
        /* First: drops pending events that were published but never committed; the gap before them
         * could not be filled. */
        stream_recorded(&channel->stream, fetch->last_seq);
        stream_fetched(&channel->stream, fetch->events.events, fetch->events.count);
    } else if (channel && fetch->error == ERROR_GONE) {
        skip_gap(channel, fetch->last_seq);
    } else if (channel) {
        stream_fetch_failed(&channel->stream);
    }
    event_list_clear(&fetch->events);
    /* This is not a callback of Redis, whose end of iteration would do it. */
    channels_flush(fetch->channels);
    free(fetch);
}

/* From the stream: events after `after` are missing. */
static void on_fetch(struct stream *stream, uint64_t after) {
    struct channel *channel = stream->owner;
    struct fetch *fetch = xcalloc(1, sizeof(*fetch));
    *fetch = (struct fetch){.channels = channel->channels,
                            .kind = stream->kind,
                            .id = stream->id,
                            .after = after,
                            .expected = stream->head_seq};
    db_pool_run(channel->channels->db_pool, fetch_work, fetch_done, fetch);
}

/* ---- gap checks ---- */

/* For each room: whether the check found it. */
static void count_missing(void *context, uint64_t id, void *value) {
    const struct idmap *missing = context;
    struct channel *channel = value;
    if (!idmap_get(missing, id)) {
        channel->missing = 0;
        return;
    }
    if (channel->missing < MISSING_CHECKS)
        channel->missing++;
    if (channel->missing < MISSING_CHECKS)
        return;
    /* Missed often enough: the room is deleted. */
    for (uint32_t i = 0; i < channel->count; i++)
        if (channel->subscriptions[i]->live || channel->subscriptions[i]->behind)
            channel->channels->callbacks->room_gone(channel->subscriptions[i]);
}

/* For each stream that has advanced or is gone; others are not in the result. */
static void apply_result(struct channels *channels, const struct gap_check_result *result) {
    struct idmap missing = {0}; /* rooms that do not exist any more, by id */
    for (size_t i = 0; i < result->count; i++) {
        const struct stream_head *head = &result->heads[i];
        if (!head->exists) {
            if (!head->of_user)
                idmap_put(&missing, head->id, channels);
            continue;
        }
        struct channel *channel =
            find(channels, head->of_user ? EVENT_STREAM_USER : EVENT_STREAM_ROOM, head->id);
        /* Closed during the check. */
        if (!channel)
            continue;
        if (channel->stream.known && head->last_seq > channel->stream.last_seq)
            channels->metrics->gap_check_events += head->last_seq - channel->stream.last_seq;
        stream_update_head(&channel->stream, head->last_seq);
    }
    /* Also resets the count of rooms that were found. */
    idmap_each(&channels->rooms, count_missing, &missing);
    idmap_free(&missing);
}

/* The gap check is done: delivers what it has found, and runs again if that was requested. */
static void on_gap_check_done(void *context, const struct gap_check_result *result) {
    struct channels *channels = context;
    channels->metrics->gap_checks++;
    if (result->error)
        channels->metrics->db_errors++;
    else
        apply_result(channels, result);
    channels_flush(channels);
    channels->checking = false;
    /* It was requested for something that this check may have been too early to see. */
    if (channels->check_again)
        channels_check_gaps(channels);
}

/* A stream whose position is not known yet is about to be read anyway. */
static void add_to_check(void *context, uint64_t id, void *value) {
    const struct channel *channel = value;
    if (channel->stream.known)
        gap_check_add(context, channel->stream.kind, id, channel->stream.last_seq);
}

void channels_check_gaps(struct channels *channels) {
    channels->check_again = channels->checking;
    if (channels->checking)
        return;
    struct gap_check *check = gap_check_new();
    idmap_each(&channels->rooms, add_to_check, check);
    idmap_each(&channels->users, add_to_check, check);
    channels->checking = gap_check_count(check) > 0;
    if (channels->checking)
        gap_check_run(check, channels->db_pool, on_gap_check_done, channels);
    else
        gap_check_free(check);
}

/* Compares with the database, since Redis does not repeat what it has lost. */
static void on_timer(uv_timer_t *timer) {
    struct channels *channels = timer->data;
    const bool up = channels->pubsub && pubsub_is_up(channels->pubsub);
    slow_callback_start("starting a gap check");
    channels_check_gaps(channels);
    slow_callback_stop();
    /* More often while Redis is down: then this is the only source of events. */
    uv_timer_start(timer, on_timer, up ? GAP_CHECK_MS : GAP_CHECK_DOWN_MS, 0);
}

/* ---- from Redis ---- */

/* The channel delivers what is published from now on, or Redis is down: subscribers that wait can
 * continue. */
static void mark_ready(struct channel *channel) {
    if (channel->ready)
        return;
    channel->ready = true;
    channel->ready_iteration = channel->channels->iteration;
    /* A subscription without a client is dropped, but in the array until the next tick. */
    for (uint32_t i = 0; i < channel->count; i++)
        if (channel->subscriptions[i]->client)
            channel->channels->callbacks->ready(channel->subscriptions[i]);
}

/* Redis has confirmed the channel: what is published from now on arrives. */
static void on_subscribed(void *context, enum event_stream kind, uint64_t id) {
    struct channels *channels = context;
    struct channel *channel = find(channels, kind, id);
    /* Subscribed again after a reconnect: one gap check, for all channels that were, finds what
     * was published meanwhile. */
    if (channel && channel->ready)
        uv_timer_start(&channels->timer, on_timer, RESUBSCRIBE_MS, 0);
    else if (channel)
        mark_ready(channel);
}

/* A notice has no number and is not stored: clients that are not connected miss it. */
static void on_notice(struct channel *channel, const struct event_envelope *envelope) {
    struct frame *frame = frame_text(envelope->text);
    /* Events of this iteration came before it. */
    channels_flush(channel->channels);
    for (uint32_t i = 0; i < channel->count; i++)
        if (channel->subscriptions[i]->live || channel->subscriptions[i]->behind)
            channel->channels->callbacks->notice(channel->subscriptions[i], envelope, frame);
    frame_release(frame);
}

/* An envelope has arrived: a notice, or an event for the stream. */
static void on_event(void *context, enum event_stream kind, uint64_t id,
                     const struct event_envelope *envelope) {
    struct channel *channel = find(context, kind, id);
    if (!channel)
        return;
    /* No number: a notice, such as typing, which is not stored and has no order. */
    if (envelope->seq == 0) {
        on_notice(channel, envelope);
        return;
    }
    /* From an older publisher: if it is on record and new here, it is read from the database. */
    if (envelope->header_only) {
        if (envelope->seq > channel->stream.last_seq)
            channels_check_gaps(channel->channels);
        return;
    }
    /* The event holds the frame; the stream takes a reference of its own if it keeps it. */
    const struct stream_event event = stream_event_of(envelope);
    stream_receive(&channel->stream, &event);
    frame_release(event.frame);
}

void channels_notice(struct channels *channels, uint64_t room_id,
                     const struct event_envelope *envelope) {
    on_event(channels, EVENT_STREAM_ROOM, room_id, envelope);
}

void channels_each_subscriber(struct channels *channels, uint64_t room_id,
                              void (*visit)(struct subscription *subscription)) {
    const struct channel *channel = find(channels, EVENT_STREAM_ROOM, room_id);
    for (uint32_t i = 0; channel && i < channel->count; i++)
        if (channel->subscriptions[i]->client)
            visit(channel->subscriptions[i]);
}

/* Collects channels first, since a callback may change the map that is walked. */
static void collect_waiting(void *context, uint64_t id, void *value) {
    struct channel **list = context, *channel = value;
    (void)id;
    if (channel->ready)
        return;
    channel->next_waiting = *list;
    *list = channel;
}

/* Redis confirms nothing for now: no channel is waited for. They are collected first, since a
 * client that continues may subscribe to further ones. None is closed before the next tick. */
static void mark_all_ready(struct channels *channels) {
    struct channel *list = NULL;
    idmap_each(&channels->rooms, collect_waiting, &list);
    idmap_each(&channels->users, collect_waiting, &list);
    for (; list; list = list->next_waiting)
        mark_ready(list);
}

/* While Redis is down it confirms no channels, and gap checks find all events. When it is up
 * again it may have lost some, which the next gap check finds. */
static void on_state(void *context, bool up) {
    struct channels *channels = context;
    log_info("redis %s", up ? "connected" : "unavailable; events are read from the database");
    if (!up)
        mark_all_ready(channels);
    uv_timer_start(&channels->timer, on_timer, 0, 0);
}

static void on_iteration_end(void *context) {
    channels_flush(context);
}

/* ---- subscribers ---- */

static const struct stream_hooks STREAM_HOOKS = {on_deliver, on_fetch};

/* The first subscriber: makes the channel, and subscribes on Redis. */
static struct channel *open_channel(struct channels *channels, enum event_stream kind,
                                    uint64_t id) {
    struct channel *channel = xcalloc(1, sizeof(*channel));
    channel->channels = channels;
    stream_init(&channel->stream, kind, id, &STREAM_HOOKS, channel);
    idmap_put(map_of(channels, kind), id, channel);
    channels->metrics->streams++;
    pubsub_subscribe(channels->pubsub, kind, id);
    /* While Redis is down there is nothing to wait for. */
    channel->ready = !pubsub_is_up(channels->pubsub);
    channel->ready_iteration = channels->iteration;
    return channel;
}

/* The last subscriber is gone. */
static void close_channel(struct channel *channel) {
    struct channels *channels = channel->channels;
    /* It must not stay in the list of dirty channels. */
    if (channel->dirty)
        channels_flush(channels);
    pubsub_unsubscribe(channels->pubsub, channel->stream.kind, channel->stream.id);
    idmap_remove(map_of(channels, channel->stream.kind), channel->stream.id);
    channels->metrics->streams--;
    stream_clear(&channel->stream);
    free(channel->subscriptions);
    free(channel);
}

struct subscription *channel_subscribe(struct channels *channels, enum event_stream kind,
                                       uint64_t id, struct client *client, struct watch *watch) {
    struct channel *channel = find(channels, kind, id);
    if (!channel)
        channel = open_channel(channels, kind, id);
    channel->subscriptions =
        array_reserve(channel->subscriptions, &channel->space, (size_t)channel->count + 1,
                      sizeof(struct subscription *));
    struct subscription *subscription = xcalloc(1, sizeof(*subscription));
    *subscription = (struct subscription){
        .client = client, .channel = channel, .watch = watch, .index = channel->count};
    channel->subscriptions[channel->count++] = subscription;
    channels->metrics->subscribers++;
    return subscription;
}

void channel_unsubscribe(struct subscription *subscription) {
    struct channel *channel = subscription->channel;
    struct subscription *last = channel->subscriptions[--channel->count];
    /* The last one takes its place in the array. */
    channel->subscriptions[subscription->index] = last;
    last->index = subscription->index;
    channel->channels->metrics->subscribers--;
    free(subscription);
    if (channel->count == 0)
        close_channel(channel);
}

/* ---- all channels ---- */

struct channels *channels_new(uv_loop_t *loop, const struct config *config, struct db_pool *db_pool,
                              struct metrics_data *metrics,
                              const struct channels_callbacks *callbacks) {
    struct channels *channels = xcalloc(1, sizeof(*channels));
    channels->config = config;
    channels->db_pool = db_pool;
    channels->metrics = metrics;
    channels->callbacks = callbacks;
    channels->pubsub_callbacks =
        (struct pubsub_callbacks){channels, on_subscribed, on_event, on_state, on_iteration_end};
    uv_timer_init(loop, &channels->timer);
    channels->timer.data = channels;
    /* A first gap check soon: Redis may not be up by then. */
    uv_timer_start(&channels->timer, on_timer, GAP_CHECK_DOWN_MS, 0);
    return channels;
}

void channels_set_pubsub(struct channels *channels, struct pubsub *pubsub) {
    channels->pubsub = pubsub;
}

const struct pubsub_callbacks *channels_pubsub_callbacks(struct channels *channels) {
    return &channels->pubsub_callbacks;
}

/* The timer has closed, and nothing refers to the channels any more. */
static void on_closed(uv_handle_t *handle) {
    struct channels *channels = handle->data;
    idmap_free(&channels->rooms);
    idmap_free(&channels->users);
    free(channels);
}

void channels_close(struct channels *channels) {
    uv_close((uv_handle_t *)&channels->timer, on_closed);
}

struct each {
    void (*visit)(void *context, const struct channel *channel);
    void *context;
};

static void visit_channel(void *context, uint64_t id, void *value) {
    const struct each *each = context;
    (void)id;
    each->visit(each->context, value);
}

void channels_each(struct channels *channels,
                   void (*visit)(void *context, const struct channel *channel), void *context) {
    struct each each = {visit, context};
    idmap_each(&channels->rooms, visit_channel, &each);
    idmap_each(&channels->users, visit_channel, &each);
}
