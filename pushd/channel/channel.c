#include "channel/channel.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/xalloc.h"
#include "channel/gap_check.h"
#include "event/replay.h"
#include "metrics/slow_callback.h"

/* How often the database is asked how far the streams go: while Redis is well, while it
 * is not. Milliseconds. */
#define CHECK_MS 3000
#define CHECK_UNWELL_MS 1000

/* After channels were joined again, how long others may follow before it is asked. */
#define REJOIN_MS 50

/* Tail checks that must miss a room before it counts as deleted: the event on its members'
 * own streams, which says who did it, is given the time to come first. */
#define MISSING_CHECKS 2

/* Events read for one hole at a time. */
#define FETCH_LIMIT 500

/* Listeners whose memory is asked for ahead, at a time. */
#define WARM_LISTENERS 16

struct feeds {
    const struct config *config;
    struct jobs *jobs;
    struct bus *bus;
    struct figures *figures;
    struct bus_listener bus_listener;
    const struct feeds_listener *listener;
    struct idmap rooms;
    struct idmap users;
    struct feed *dirty; /* feeds that have gathered something */
    uint64_t turn;
    uv_timer_t timer;
    bool checking;    /* a tail check is under way */
    bool check_again; /* another one was asked for meanwhile */
};

static struct idmap *map_of(struct feeds *feeds, enum event_stream kind) {
    return kind == EVENT_STREAM_ROOM ? &feeds->rooms : &feeds->users;
}

static struct feed *find(struct feeds *feeds, enum event_stream kind, uint64_t id) {
    return idmap_get(map_of(feeds, kind), id);
}

uint64_t feeds_turn(const struct feeds *feeds) {
    return feeds->turn;
}

/* ---- gathering and writing out ---- */

static void mark_dirty(struct feed *feed) {
    if (feed->dirty)
        return;
    feed->dirty = true;
    feed->next_dirty = feed->feeds->dirty;
    feed->feeds->dirty = feed;
}

static void on_deliver(struct stream *stream, const struct stream_event *event) {
    struct feed *feed = stream->owner;
    stream_list_add(&feed->turn, event);
    mark_dirty(feed);
}

/* The frames of several events as one; NULL if none is shown. */
static struct frame *join_frames(const struct stream_event *events, uint32_t count) {
    struct frame *single = NULL;
    struct frame **frames = memory_zeroed(count, sizeof(*frames));
    size_t shown = 0;
    for (uint32_t i = 0; i < count; i++)
        if (events[i].frame)
            frames[shown++] = events[i].frame;
    if (shown == 1)
        single = frame_hold(frames[0]);
    else if (shown > 1)
        single = frame_join(frames, shown);
    free(frames);
    return single;
}

/* Hands a listener what is new to it: nearly always all of it, in the frame that all share. */
static void hand_out(struct feed *feed, struct subscription *subscription, struct frame *all) {
    uint32_t known = 0;
    while (known < feed->turn.count && feed->turn.events[known].seq <= subscription->after)
        known++;
    const uint32_t count = feed->turn.count - known;
    if (count == 0)
        return;
    const struct stream_event *events = feed->turn.events + known;
    subscription->after = events[count - 1].seq;
    struct frame *frame = known == 0 ? all : join_frames(events, count);
    feed->feeds->listener->events(subscription, events, count, frame);
    if (known > 0)
        frame_release(frame);
}

/* Has the processor fetch what is needed of the next listeners. Where there are many rooms,
 * nothing of one is at hand when an event comes for it, and in a large one the kernel's work
 * has driven it out; one thing after the other would be waited for. */
static void warm_up(const struct feed *feed, uint32_t first) {
    struct session *sessions[WARM_LISTENERS];
    const uint32_t rest = feed->count - first;
    const uint32_t count = rest < WARM_LISTENERS ? rest : WARM_LISTENERS;
    for (uint32_t i = 0; i < count; i++)
        __builtin_prefetch(feed->subscriptions[first + i]);
    for (uint32_t i = 0; i < count; i++)
        sessions[i] = feed->subscriptions[first + i]->session;
    feed->feeds->listener->soon(sessions, count);
}

static void flush_feed(struct feed *feed) {
    struct frame *all = join_frames(feed->turn.events, feed->turn.count);
    for (uint32_t i = 0; i < feed->count; i++) {
        if (i % WARM_LISTENERS == 0)
            warm_up(feed, i);
        if (feed->subscriptions[i]->live)
            hand_out(feed, feed->subscriptions[i], all);
    }
    frame_release(all);
    stream_list_clear(&feed->turn);
    feed->dirty = false;
}

void feeds_flush(struct feeds *feeds) {
    feeds->turn++;
    while (feeds->dirty) {
        struct feed *feed = feeds->dirty;
        feeds->dirty = feed->next_dirty;
        flush_feed(feed);
    }
}

/* ---- holes ---- */

/* Reads what a stream misses. The feed may be gone when it comes back, so it is found
 * again by its number. */
struct fetch {
    struct feeds *feeds;
    enum event_stream kind;
    uint64_t id;
    uint64_t after;
    enum error error;
    uint64_t last_seq;
    struct stream_list found;
};

static void fetch_event(void *context, const struct event_envelope *envelope) {
    struct fetch *fetch = context;
    stream_list_add_envelope(&fetch->found, envelope);
}

static void fetch_work(void *job, struct db *db) {
    struct fetch *fetch = job;
    const uint64_t days = fetch->feeds->config->event_retention;
    if (fetch->kind == EVENT_STREAM_USER) {
        struct user_log_state state;
        fetch->error =
            replay_user(db, fetch->id, fetch->after, FETCH_LIMIT, days, &state, fetch_event, fetch);
        fetch->last_seq = state.last_seq;
        return;
    }
    struct room_state state;
    fetch->error = room_state_get(db, fetch->id, 0, &state);
    if (!fetch->error && !state.exists)
        fetch->error = ERROR_NOT_FOUND;
    if (!fetch->error)
        fetch->error = replay_room(db, &state, fetch->after, FETCH_LIMIT, days, fetch_event, fetch);
    fetch->last_seq = state.last_seq;
}

/* Who listens misses something, but for those who have read further than the stream goes,
 * and up to where it goes on. */
static void skip_hole(struct feed *feed, uint64_t last_seq) {
    const uint64_t before = feed->stream.last_seq;
    feeds_flush(feed->feeds);
    stream_skip(&feed->stream, last_seq);
    for (uint32_t i = 0; i < feed->count; i++) {
        struct subscription *subscription = feed->subscriptions[i];
        if (!subscription->live ||
            (subscription->after > before && subscription->after >= last_seq))
            continue;
        subscription->after = last_seq;
        feed->feeds->listener->resync(subscription, last_seq);
    }
}

static void fetch_done(void *job) {
    struct fetch *fetch = job;
    struct feed *feed = find(fetch->feeds, fetch->kind, fetch->id);
    if (feed && fetch->error == ERROR_NONE) {
        fetch->feeds->figures->holes++;
        stream_on_record(&feed->stream, fetch->last_seq);
        stream_fetched(&feed->stream, fetch->found.events, fetch->found.count);
    } else if (feed && fetch->error == ERROR_GONE) {
        skip_hole(feed, fetch->last_seq);
    } else if (feed) {
        stream_fetch_failed(&feed->stream);
    }
    stream_list_clear(&fetch->found);
    feeds_flush(fetch->feeds);
    free(fetch);
}

static void on_fetch(struct stream *stream, uint64_t after) {
    struct feed *feed = stream->owner;
    struct fetch *fetch = memory_zeroed(1, sizeof(*fetch));
    *fetch = (struct fetch){
        .feeds = feed->feeds, .kind = stream->kind, .id = stream->id, .after = after};
    jobs_run(feed->feeds->jobs, fetch_work, fetch_done, fetch);
}

/* ---- the tail check ---- */

static void note_gone(void *context, uint64_t id, void *value) {
    const struct idmap *gone = context;
    struct feed *feed = value;
    if (!idmap_get(gone, id)) {
        feed->missing = 0;
        return;
    }
    if (feed->missing < MISSING_CHECKS)
        feed->missing++;
    if (feed->missing < MISSING_CHECKS)
        return;
    for (uint32_t i = 0; i < feed->count; i++)
        if (feed->subscriptions[i]->live)
            feed->feeds->listener->room_gone(feed->subscriptions[i]);
}

static void note_moved(struct feeds *feeds, const struct stream_head *head) {
    struct feed *feed =
        find(feeds, head->of_user ? EVENT_STREAM_USER : EVENT_STREAM_ROOM, head->id);
    if (!feed)
        return;
    if (feed->stream.known && head->last_seq > feed->stream.last_seq)
        feeds->figures->tail_finds += head->last_seq - feed->stream.last_seq;
    stream_behind(&feed->stream, head->last_seq);
}

static void compare_heads(struct feeds *feeds, const struct tail_check_answer *answer) {
    struct idmap gone = {0}; /* rooms, by id */
    for (size_t i = 0; i < answer->count; i++) {
        const struct stream_head *head = &answer->heads[i];
        if (head->exists)
            note_moved(feeds, head);
        else if (!head->of_user)
            idmap_put(&gone, head->id, feeds);
    }
    idmap_each(&feeds->rooms, note_gone, &gone);
    idmap_free(&gone);
}

static void on_checked(void *context, const struct tail_check_answer *answer) {
    struct feeds *feeds = context;
    feeds->figures->tail_checks++;
    if (answer->error)
        feeds->figures->db_errors++;
    else
        compare_heads(feeds, answer);
    feeds_flush(feeds);
    feeds->checking = false;
    if (feeds->check_again)
        feeds_check_now(feeds);
}

/* A stream whose position nobody knows yet is about to be read anyway. */
static void ask_for(void *context, uint64_t id, void *value) {
    const struct feed *feed = value;
    if (feed->stream.known)
        tail_check_add(context, feed->stream.kind, id, feed->stream.last_seq);
}

void feeds_check_now(struct feeds *feeds) {
    feeds->check_again = feeds->checking;
    if (feeds->checking)
        return;
    struct tail_check *check = tail_check_new();
    idmap_each(&feeds->rooms, ask_for, check);
    idmap_each(&feeds->users, ask_for, check);
    feeds->checking = tail_check_count(check) > 0;
    if (feeds->checking)
        tail_check_run(check, feeds->jobs, on_checked, feeds);
    else
        tail_check_free(check);
}

static void on_timer(uv_timer_t *timer) {
    struct feeds *feeds = timer->data;
    const bool well = feeds->bus && bus_is_well(feeds->bus);
    stopwatch_start("asking how far the streams go");
    feeds_check_now(feeds);
    stopwatch_stop();
    uv_timer_start(timer, on_timer, well ? CHECK_MS : CHECK_UNWELL_MS, 0);
}

/* ---- what Redis says ---- */

static void tell_joined(struct feed *feed) {
    if (feed->joined)
        return;
    feed->joined = true;
    feed->joined_turn = feed->feeds->turn;
    for (uint32_t i = 0; i < feed->count; i++)
        if (feed->subscriptions[i]->session)
            feed->feeds->listener->joined(feed->subscriptions[i]->session, feed);
}

static void on_subscribed(void *context, enum event_stream kind, uint64_t id) {
    struct feeds *feeds = context;
    struct feed *feed = find(feeds, kind, id);
    /* Joined again after a loss: what was published meanwhile is looked for, once for all
     * channels that come back together. */
    if (feed && feed->joined)
        uv_timer_start(&feeds->timer, on_timer, REJOIN_MS, 0);
    else if (feed)
        tell_joined(feed);
}

static void on_notice(struct feed *feed, const struct event_envelope *envelope) {
    struct frame *frame = frame_text(envelope->text);
    feeds_flush(feed->feeds);
    for (uint32_t i = 0; i < feed->count; i++)
        if (feed->subscriptions[i]->live)
            feed->feeds->listener->notice(feed->subscriptions[i], envelope, frame);
    frame_release(frame);
}

static void on_event(void *context, enum event_stream kind, uint64_t id,
                     const struct event_envelope *envelope) {
    struct feed *feed = find(context, kind, id);
    if (!feed)
        return;
    if (envelope->seq == 0) {
        on_notice(feed, envelope);
        return;
    }
    const struct stream_event event = stream_event_of(envelope);
    stream_offer(&feed->stream, &event);
    frame_release(event.frame);
}

void feeds_notice(struct feeds *feeds, uint64_t room_id, const struct event_envelope *envelope) {
    on_event(feeds, EVENT_STREAM_ROOM, room_id, envelope);
}

void feeds_wake_room(struct feeds *feeds, uint64_t room_id, void (*wake)(struct session *session)) {
    const struct feed *feed = find(feeds, EVENT_STREAM_ROOM, room_id);
    for (uint32_t i = 0; feed && i < feed->count; i++)
        if (feed->subscriptions[i]->session)
            wake(feed->subscriptions[i]->session);
}

static void join_without_redis(void *context, uint64_t id, void *value) {
    (void)context;
    (void)id;
    tell_joined(value);
}

/* A bus that is unwell confirms nothing: the tail check carries everything then. One that
 * is well again may have lost events: the tail check finds them. */
static void on_state(void *context, bool well) {
    struct feeds *feeds = context;
    log_info("redis is %s", well ? "there" : "away; events are read from the database");
    if (!well) {
        idmap_each(&feeds->rooms, join_without_redis, NULL);
        idmap_each(&feeds->users, join_without_redis, NULL);
    }
    uv_timer_start(&feeds->timer, on_timer, 0, 0);
}

static void on_turn_end(void *context) {
    feeds_flush(context);
}

/* ---- listeners ---- */

static const struct stream_hooks STREAM_HOOKS = {on_deliver, on_fetch};

static struct feed *open_feed(struct feeds *feeds, enum event_stream kind, uint64_t id) {
    struct feed *feed = memory_zeroed(1, sizeof(*feed));
    feed->feeds = feeds;
    feed->subscriptions = &feed->only;
    feed->space = 1;
    stream_init(&feed->stream, kind, id, &STREAM_HOOKS, feed);
    idmap_put(map_of(feeds, kind), id, feed);
    feeds->figures->streams++;
    bus_subscribe(feeds->bus, kind, id);
    feed->joined = !bus_is_well(feeds->bus);
    feed->joined_turn = feeds->turn;
    return feed;
}

static void close_feed(struct feed *feed) {
    struct feeds *feeds = feed->feeds;
    if (feed->dirty)
        feeds_flush(feeds);
    bus_unsubscribe(feeds->bus, feed->stream.kind, feed->stream.id);
    idmap_remove(map_of(feeds, feed->stream.kind), feed->stream.id);
    feeds->figures->streams--;
    stream_clear(&feed->stream);
    if (feed->subscriptions != &feed->only)
        free(feed->subscriptions);
    free(feed);
}

/* Most feeds are those of users, and have one listener. */
static void make_space(struct feed *feed) {
    struct subscription **more = feed->subscriptions == &feed->only ? NULL : feed->subscriptions;
    feed->space *= 2;
    feed->subscriptions = memory_resize(more, feed->space, sizeof(struct subscription *));
    if (!more)
        feed->subscriptions[0] = feed->only;
}

struct subscription *feed_join(struct feeds *feeds, enum event_stream kind, uint64_t id,
                               struct session *session) {
    struct feed *feed = find(feeds, kind, id);
    if (!feed)
        feed = open_feed(feeds, kind, id);
    if (feed->count == feed->space)
        make_space(feed);
    struct subscription *subscription = memory_zeroed(1, sizeof(*subscription));
    *subscription = (struct subscription){.session = session, .feed = feed, .index = feed->count};
    feed->subscriptions[feed->count++] = subscription;
    feeds->figures->subscribers++;
    return subscription;
}

void feed_leave(struct subscription *subscription) {
    struct feed *feed = subscription->feed;
    struct subscription *last = feed->subscriptions[--feed->count];
    feed->subscriptions[subscription->index] = last;
    last->index = subscription->index;
    feed->feeds->figures->subscribers--;
    free(subscription);
    if (feed->count == 0)
        close_feed(feed);
}

/* ---- all feeds ---- */

struct feeds *feeds_new(uv_loop_t *loop, const struct config *config, struct jobs *jobs,
                        struct figures *figures, const struct feeds_listener *listener) {
    struct feeds *feeds = memory_zeroed(1, sizeof(*feeds));
    feeds->config = config;
    feeds->jobs = jobs;
    feeds->figures = figures;
    feeds->listener = listener;
    feeds->bus_listener =
        (struct bus_listener){feeds, on_subscribed, on_event, on_state, on_turn_end};
    uv_timer_init(loop, &feeds->timer);
    feeds->timer.data = feeds;
    uv_timer_start(&feeds->timer, on_timer, CHECK_UNWELL_MS, 0);
    return feeds;
}

void feeds_set_bus(struct feeds *feeds, struct bus *bus) {
    feeds->bus = bus;
}

const struct bus_listener *feeds_bus_listener(struct feeds *feeds) {
    return &feeds->bus_listener;
}

static void on_closed(uv_handle_t *handle) {
    struct feeds *feeds = handle->data;
    idmap_free(&feeds->rooms);
    idmap_free(&feeds->users);
    free(feeds);
}

void feeds_close(struct feeds *feeds) {
    uv_close((uv_handle_t *)&feeds->timer, on_closed);
}

struct each {
    void (*visit)(void *context, const struct feed *feed);
    void *context;
};

static void visit_feed(void *context, uint64_t id, void *value) {
    const struct each *each = context;
    (void)id;
    each->visit(each->context, value);
}

void feeds_each(struct feeds *feeds, void (*visit)(void *context, const struct feed *feed),
                void *context) {
    struct each each = {visit, context};
    idmap_each(&feeds->rooms, visit_feed, &each);
    idmap_each(&feeds->users, visit_feed, &each);
}
