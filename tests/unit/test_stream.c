/* stream: in whatever order and number events come, they go out by rising seq, each once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "stream.h"

#define LOG_SIZE 600

/* A stream and what its hooks were told. */
struct watch {
    struct stream stream;
    uint64_t delivered[LOG_SIZE];
    size_t count;
    uint64_t fetch_after;
    unsigned fetches;
    unsigned asked; /* fetches that were not answered */
};

static void on_deliver(struct stream *stream, const struct stream_event *event) {
    struct watch *watch = stream->owner;
    assert_true(watch->count < LOG_SIZE);
    assert_int_equal(stream->last_seq, event->seq);
    watch->delivered[watch->count++] = event->seq;
}

static void on_fetch(struct stream *stream, uint64_t after) {
    struct watch *watch = stream->owner;
    assert_int_equal(watch->asked, 0);
    assert_int_equal(after, stream->last_seq);
    watch->asked = 1;
    watch->fetches++;
    watch->fetch_after = after;
}

static const struct stream_hooks HOOKS = {on_deliver, on_fetch};

static void watch_begin(struct watch *watch) {
    memset(watch, 0, sizeof(*watch));
    stream_init(&watch->stream, EVENT_STREAM_ROOM, 1, &HOOKS, watch);
}

static void watch_begin_at(struct watch *watch, uint64_t last_seq) {
    watch_begin(watch);
    stream_start(&watch->stream, last_seq);
}

static void watch_end(struct watch *watch) {
    stream_clear(&watch->stream);
}

/* An event whose frame tells its number; the caller releases the frame. */
static struct stream_event make(uint64_t seq, unsigned type, uint64_t subject_id) {
    const struct stream_event event = {seq, type, 0, subject_id,
                                       frame_text((struct text){(const char *)&seq, sizeof(seq)})};
    return event;
}

static void offer_type(struct watch *watch, uint64_t seq, unsigned type, uint64_t subject_id) {
    const struct stream_event event = make(seq, type, subject_id);
    stream_offer(&watch->stream, &event);
    frame_release(event.frame);
}

static void offer(struct watch *watch, uint64_t seq) {
    offer_type(watch, seq, EVENT_USER_INVITED, 0);
}

/* Answers a fetch with the events of a range. */
static void answer(struct watch *watch, uint64_t first, uint64_t last) {
    struct stream_event events[LOG_SIZE] = {0};
    size_t count = 0;
    for (uint64_t seq = first; seq <= last; seq++)
        events[count++] = make(seq, EVENT_USER_INVITED, 0);
    watch->asked = 0;
    stream_fetched(&watch->stream, events, count);
    for (size_t i = 0; i < count; i++)
        frame_release(events[i].frame);
}

/* Asserts that exactly the events of a range came out, in order. */
static void assert_delivered(const struct watch *watch, uint64_t first, uint64_t last) {
    assert_int_equal(watch->count, last + 1 - first);
    for (size_t i = 0; i < watch->count; i++)
        assert_int_equal(watch->delivered[i], first + i);
}

/* ---- order ---- */

static void events_in_order_go_out_at_once(void **state) {
    struct watch watch;
    (void)state;
    watch_begin_at(&watch, 7);
    for (uint64_t seq = 8; seq <= 200; seq++) {
        offer(&watch, seq);
        assert_delivered(&watch, 8, seq);
    }
    assert_int_equal(watch.fetches, 0);
    watch_end(&watch);
}

static void what_came_before_is_dropped(void **state) {
    struct watch watch;
    (void)state;
    watch_begin_at(&watch, 7);
    offer(&watch, 7);
    offer(&watch, 1);
    offer(&watch, 8);
    offer(&watch, 8);
    offer(&watch, 7);
    assert_delivered(&watch, 8, 8);
    assert_int_equal(watch.fetches, 0);
    watch_end(&watch);
}

static void two_that_changed_places_are_put_right(void **state) {
    struct watch watch;
    (void)state;
    watch_begin_at(&watch, 0);
    offer(&watch, 2);
    assert_int_equal(watch.count, 0);
    assert_int_equal(watch.fetch_after, 0);
    offer(&watch, 1);
    assert_delivered(&watch, 1, 2);
    answer(&watch, 1, 2);
    assert_delivered(&watch, 1, 2);
    assert_int_equal(watch.fetches, 1);
    watch_end(&watch);
}

static void a_hole_is_fetched_and_what_waited_follows(void **state) {
    struct watch watch;
    (void)state;
    watch_begin_at(&watch, 3);
    offer(&watch, 6);
    offer(&watch, 8);
    offer(&watch, 6);
    assert_int_equal(watch.count, 0);
    assert_int_equal(watch.fetch_after, 3);
    answer(&watch, 4, 7);
    assert_delivered(&watch, 4, 8);
    assert_int_equal(watch.fetches, 1);
    assert_int_equal(watch.stream.waiting.count, 0);
    assert_null(watch.stream.waiting.events);
    watch_end(&watch);
}

static void what_was_fetched_may_overlap_what_came_live(void **state) {
    struct watch watch;
    (void)state;
    watch_begin_at(&watch, 3);
    offer(&watch, 5);
    offer(&watch, 4);
    offer(&watch, 7);
    offer(&watch, 6);
    assert_delivered(&watch, 4, 7);
    answer(&watch, 4, 9);
    assert_delivered(&watch, 4, 9);
    offer(&watch, 8);
    offer(&watch, 10);
    assert_delivered(&watch, 4, 10);
    assert_int_equal(watch.fetches, 1);
    watch_end(&watch);
}

static void a_wide_hole_is_fetched_in_parts(void **state) {
    struct watch watch;
    (void)state;
    watch_begin_at(&watch, 0);
    offer(&watch, 500);
    for (uint64_t first = 1; first < 500; first += 100) {
        assert_int_equal(watch.asked, 1);
        assert_int_equal(watch.fetch_after, first - 1);
        answer(&watch, first, first + 99 < 499 ? first + 99 : 499);
    }
    assert_delivered(&watch, 1, 500);
    assert_int_equal(watch.asked, 0);
    watch_end(&watch);
}

static void more_than_can_wait_is_read_like_the_hole(void **state) {
    struct watch watch;
    (void)state;
    watch_begin_at(&watch, 0);
    for (uint64_t seq = 2; seq <= 200; seq++)
        offer(&watch, seq);
    assert_int_equal(watch.stream.waiting.count, STREAM_WAITING);
    assert_int_equal(watch.fetches, 1);
    offer(&watch, 1);
    assert_delivered(&watch, 1, STREAM_WAITING + 1);
    answer(&watch, 1, 50);
    assert_int_equal(watch.fetch_after, STREAM_WAITING + 1);
    answer(&watch, STREAM_WAITING + 2, 200);
    assert_delivered(&watch, 1, 200);
    assert_int_equal(watch.asked, 0);
    watch_end(&watch);
}

static void what_waits_first_makes_room_for_no_other(void **state) {
    struct watch watch;
    (void)state;
    watch_begin_at(&watch, 0);
    for (uint64_t seq = 300; seq > 300 - 2 * STREAM_WAITING; seq--)
        offer(&watch, seq);
    assert_int_equal(watch.stream.waiting.count, STREAM_WAITING);
    answer(&watch, 1, 299);
    assert_delivered(&watch, 1, 300);
    watch_end(&watch);
}

/* ---- beginning ---- */

static void events_before_the_start_wait(void **state) {
    struct watch watch;
    (void)state;
    watch_begin(&watch);
    offer(&watch, 12);
    offer(&watch, 11);
    offer(&watch, 13);
    offer(&watch, 12);
    assert_int_equal(watch.count, 0);
    assert_int_equal(watch.fetches, 0);
    stream_start(&watch.stream, 11);
    assert_delivered(&watch, 12, 13);
    assert_int_equal(watch.fetches, 0);
    watch_end(&watch);
}

static void a_hole_before_the_start_is_fetched(void **state) {
    struct watch watch;
    (void)state;
    watch_begin(&watch);
    offer(&watch, 14);
    stream_start(&watch.stream, 11);
    assert_int_equal(watch.fetch_after, 11);
    answer(&watch, 12, 14);
    assert_delivered(&watch, 12, 14);
    watch_end(&watch);
}

static void what_the_start_knows_already_is_dropped(void **state) {
    struct watch watch;
    (void)state;
    watch_begin(&watch);
    for (uint64_t seq = 1; seq <= 5; seq++)
        offer(&watch, seq);
    stream_start(&watch.stream, 5);
    assert_int_equal(watch.count, 0);
    assert_int_equal(watch.fetches, 0);
    assert_null(watch.stream.waiting.events);
    watch_end(&watch);
}

static void more_than_can_wait_before_the_start_is_fetched(void **state) {
    struct watch watch;
    (void)state;
    watch_begin(&watch);
    for (uint64_t seq = 1; seq <= STREAM_WAITING + 10; seq++)
        offer(&watch, seq);
    stream_start(&watch.stream, 0);
    assert_delivered(&watch, 1, STREAM_WAITING);
    assert_int_equal(watch.fetch_after, STREAM_WAITING);
    answer(&watch, STREAM_WAITING + 1, STREAM_WAITING + 10);
    assert_delivered(&watch, 1, STREAM_WAITING + 10);
    watch_end(&watch);
}

static void only_the_first_start_counts(void **state) {
    struct watch watch;
    (void)state;
    watch_begin_at(&watch, 5);
    offer(&watch, 6);
    stream_start(&watch.stream, 2);
    stream_start(&watch.stream, 9);
    assert_int_equal(watch.stream.last_seq, 6);
    offer(&watch, 7);
    assert_delivered(&watch, 6, 7);
    watch_end(&watch);
}

/* ---- the database ---- */

static void being_behind_is_fetched(void **state) {
    struct watch watch;
    (void)state;
    watch_begin(&watch);
    assert_false(stream_behind(&watch.stream, 4));
    stream_start(&watch.stream, 4);
    assert_false(stream_behind(&watch.stream, 4));
    assert_false(stream_behind(&watch.stream, 3));
    assert_int_equal(watch.fetches, 0);
    assert_true(stream_behind(&watch.stream, 6));
    assert_true(stream_behind(&watch.stream, 7));
    assert_int_equal(watch.fetches, 1);
    answer(&watch, 5, 7);
    assert_delivered(&watch, 5, 7);
    assert_int_equal(watch.asked, 0);
    watch_end(&watch);
}

static void a_fetch_that_failed_is_tried_again_with_the_next_event(void **state) {
    struct watch watch;
    (void)state;
    watch_begin_at(&watch, 0);
    offer(&watch, 2);
    watch.asked = 0;
    stream_fetch_failed(&watch.stream);
    assert_int_equal(watch.fetches, 1);
    offer(&watch, 3);
    assert_int_equal(watch.fetches, 2);
    watch.asked = 0;
    stream_fetch_failed(&watch.stream);
    stream_behind(&watch.stream, 3);
    assert_int_equal(watch.fetches, 3);
    answer(&watch, 1, 3);
    assert_delivered(&watch, 1, 3);
    watch_end(&watch);
}

/* An event that is on no record can only be a mistake on Redis. */
static void a_number_that_the_database_does_not_know_is_asked_for_once(void **state) {
    struct watch watch;
    (void)state;
    watch_begin_at(&watch, 0);
    offer(&watch, UINT64_MAX);
    assert_int_equal(watch.fetches, 1);
    answer(&watch, 1, 0);
    for (uint64_t seq = 1; seq <= 50; seq++)
        offer(&watch, seq);
    assert_delivered(&watch, 1, 50);
    assert_int_equal(watch.fetches, 1);
    offer(&watch, 52);
    assert_int_equal(watch.fetches, 2);
    answer(&watch, 51, 52);
    assert_delivered(&watch, 1, 52);
    assert_int_equal(watch.fetches, 2);
    watch_end(&watch);
}

/* The feed was closed and opened again while the fetch was under way. */
static void an_answer_nobody_waits_for_is_dropped(void **state) {
    struct watch watch;
    (void)state;
    watch_begin(&watch);
    answer(&watch, 1, 3);
    assert_int_equal(watch.count, 0);
    stream_start(&watch.stream, 5);
    answer(&watch, 4, 8);
    assert_int_equal(watch.count, 0);
    offer(&watch, 6);
    assert_delivered(&watch, 6, 6);
    watch_end(&watch);
}

static void a_hole_that_cannot_be_filled_is_skipped(void **state) {
    struct watch watch;
    (void)state;
    watch_begin_at(&watch, 0);
    offer(&watch, 1);
    offer(&watch, 40);
    offer(&watch, 41);
    watch.asked = 0;
    stream_skip(&watch.stream, 39);
    assert_int_equal(watch.count, 3);
    assert_int_equal(watch.delivered[1], 40);
    assert_int_equal(watch.delivered[2], 41);
    assert_int_equal(watch.stream.last_seq, 41);
    assert_int_equal(watch.stream.tail.count, 2);
    watch_end(&watch);
}

static void what_is_missing_behind_a_skip_is_fetched(void **state) {
    struct watch watch;
    (void)state;
    watch_begin_at(&watch, 0);
    offer(&watch, 41);
    watch.asked = 0;
    stream_skip(&watch.stream, 39);
    assert_int_equal(watch.fetch_after, 39);
    answer(&watch, 40, 41);
    assert_delivered(&watch, 40, 41);
    watch_end(&watch);
}

/* A database put back from a backup: what waited is of the history that is gone. */
static void a_skip_can_go_back(void **state) {
    struct watch watch;
    (void)state;
    watch_begin_at(&watch, 500);
    offer(&watch, 502);
    watch.asked = 0;
    stream_skip(&watch.stream, 100);
    assert_int_equal(watch.stream.waiting.count, 0);
    offer(&watch, 101);
    assert_delivered(&watch, 101, 101);
    assert_int_equal(watch.asked, 0);
    watch_end(&watch);
}

/* ---- the tail ---- */

struct seen {
    uint64_t next;
    size_t count;
};

static void see(void *context, const struct stream_event *event) {
    struct seen *seen = context;
    uint64_t framed;
    assert_int_equal(event->seq, seen->next);
    memcpy(&framed, event->frame->bytes + 2, sizeof(framed));
    assert_int_equal(framed, event->seq);
    seen->next++;
    seen->count++;
}

/* What the tail gives behind a position; -1 if it does not reach back so far. */
static int tail_after(const struct watch *watch, uint64_t after) {
    struct seen seen = {after + 1, 0};
    const bool whole = stream_tail(&watch->stream, after, see, &seen);
    assert_true(whole || seen.count == 0);
    if (whole)
        assert_int_equal(seen.count, watch->stream.last_seq - after);
    return whole ? (int)seen.count : -1;
}

static void the_tail_has_the_last_events(void **state) {
    struct watch watch;
    (void)state;
    watch_begin(&watch);
    assert_int_equal(tail_after(&watch, 0), -1);
    stream_start(&watch.stream, 10);
    assert_int_equal(tail_after(&watch, 10), 0);
    assert_int_equal(tail_after(&watch, 9), -1);
    assert_int_equal(tail_after(&watch, 11), -1);
    for (uint64_t seq = 11; seq <= 400; seq++) {
        offer(&watch, seq);
        assert_int_equal(tail_after(&watch, seq), 0);
        assert_int_equal(tail_after(&watch, seq - 1), 1);
        assert_int_equal(tail_after(&watch, seq + 1), -1);
        const uint64_t kept = watch.stream.tail.count;
        assert_in_range(kept, seq < 10 + STREAM_TAIL / 2 ? seq - 10 : STREAM_TAIL / 2, STREAM_TAIL);
        assert_int_equal(tail_after(&watch, seq - kept), kept);
        assert_int_equal(tail_after(&watch, seq - kept - 1), -1);
    }
    assert_int_equal(tail_after(&watch, 0), -1);
    assert_int_equal(tail_after(&watch, UINT64_MAX), -1);
    watch_end(&watch);
}

static void an_edit_drops_the_words_from_the_tail(void **state) {
    static const unsigned changes[] = {EVENT_MESSAGE_EDITED, EVENT_MESSAGE_DELETED};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct watch watch;
        watch_begin_at(&watch, 0);
        offer_type(&watch, 1, EVENT_NEW_MESSAGE, 70);
        offer_type(&watch, 2, EVENT_NEW_MESSAGE, 71);
        offer_type(&watch, 3, EVENT_MESSAGE_EDITED, 70);
        offer_type(&watch, 4, EVENT_NEW_MESSAGE, 72);
        assert_int_equal(tail_after(&watch, 1), 3);
        assert_int_equal(tail_after(&watch, 0), -1);
        offer_type(&watch, 5, changes[i], 71);
        assert_int_equal(tail_after(&watch, 2), 3);
        assert_int_equal(tail_after(&watch, 1), -1);
        offer_type(&watch, 6, changes[i], 70);
        assert_int_equal(tail_after(&watch, 3), 3);
        assert_int_equal(tail_after(&watch, 2), -1);
        offer_type(&watch, 7, changes[i], 99);
        assert_int_equal(tail_after(&watch, 3), 4);
        watch_end(&watch);
    }
}

/* Recalls the events from first to last. */
static void recall(struct watch *watch, uint64_t first, uint64_t last) {
    struct stream_event events[3 * STREAM_TAIL] = {{0}};
    uint32_t count = 0;
    for (uint64_t seq = first; seq <= last; seq++)
        events[count++] = make(seq, EVENT_NEW_MESSAGE, seq);
    stream_recall(&watch->stream, events, count);
    for (uint32_t i = 0; i < count; i++)
        frame_release(events[i].frame);
}

static void what_was_read_for_one_is_the_tail_of_the_next(void **state) {
    struct watch watch;
    (void)state;
    watch_begin_at(&watch, 200);
    recall(&watch, 198, 200);
    assert_int_equal(tail_after(&watch, 197), 3);
    assert_int_equal(tail_after(&watch, 196), -1);
    offer(&watch, 201);
    assert_int_equal(tail_after(&watch, 197), 4);
    watch_end(&watch);
    watch_begin_at(&watch, 200);
    recall(&watch, 50, 200);
    assert_int_equal(tail_after(&watch, 200 - STREAM_TAIL), STREAM_TAIL);
    watch_end(&watch);
}

static void what_does_not_lead_to_the_end_is_not_recalled(void **state) {
    struct watch watch;
    (void)state;
    watch_begin(&watch);
    recall(&watch, 8, 10);
    assert_int_equal(watch.stream.tail.count, 0);
    watch_end(&watch);
    watch_begin_at(&watch, 10);
    recall(&watch, 7, 9);
    recall(&watch, 9, 11);
    recall(&watch, 11, 10);
    assert_int_equal(watch.stream.tail.count, 0);
    offer(&watch, 11);
    recall(&watch, 9, 11);
    assert_int_equal(watch.stream.tail.count, 1);
    watch_end(&watch);
}

static void an_edit_drops_the_words_from_what_was_recalled(void **state) {
    struct watch watch;
    (void)state;
    watch_begin_at(&watch, 10);
    recall(&watch, 8, 10);
    offer_type(&watch, 11, EVENT_MESSAGE_DELETED, 9);
    assert_int_equal(tail_after(&watch, 9), 2);
    assert_int_equal(tail_after(&watch, 8), -1);
    watch_end(&watch);
}

/* A room shows its last message. */
static void an_edit_drops_the_room_from_the_tail(void **state) {
    struct watch watch;
    (void)state;
    watch_begin_at(&watch, 0);
    offer_type(&watch, 1, EVENT_USER_INVITED, 70);
    offer_type(&watch, 2, EVENT_ROOM_UPDATED, 0);
    offer_type(&watch, 3, EVENT_USER_INVITED, 71);
    assert_int_equal(tail_after(&watch, 0), 3);
    offer_type(&watch, 4, EVENT_MESSAGE_DELETED, 60);
    assert_int_equal(tail_after(&watch, 2), 2);
    assert_int_equal(tail_after(&watch, 1), -1);
    watch_end(&watch);
}

static void other_events_leave_the_tail_alone(void **state) {
    struct watch watch;
    (void)state;
    watch_begin_at(&watch, 0);
    offer_type(&watch, 1, EVENT_NEW_MESSAGE, 70);
    offer_type(&watch, 2, EVENT_USER_REMOVED, 70);
    offer_type(&watch, 3, EVENT_MEMBER_UPDATED, 70);
    offer_type(&watch, 4, EVENT_MESSAGE_DELETED, 71);
    offer_type(&watch, 5, EVENT_ROOM_UPDATED, 70);
    assert_int_equal(tail_after(&watch, 0), 5);
    watch_end(&watch);
}

/* ---- any order ---- */

#define EVENTS 300
#define FLYING 40

/* The database and Redis of one round: events are put on record in order, and what was
 * published of them comes late, twice, in another order, or never. */
struct round {
    struct watch watch;
    uint64_t seed;
    uint64_t head;           /* on record */
    uint64_t flying[FLYING]; /* published, not here yet */
    size_t flying_count;
    unsigned types[EVENTS + 1];
    uint64_t subjects[EVENTS + 1];
    uint64_t started_at;     /* UINT64_MAX: not yet */
    uint64_t read_at_start;  /* what the session that opens it has read */
    unsigned loss, disorder; /* in 16 */
};

static uint64_t random_below(struct round *round, uint64_t limit) {
    round->seed ^= round->seed << 13;
    round->seed ^= round->seed >> 7;
    round->seed ^= round->seed << 17;
    return (round->seed >> 11) % limit;
}

static struct stream_event event_of(const struct round *round, uint64_t seq) {
    return make(seq, round->types[seq], round->subjects[seq]);
}

static void put_on_record(struct round *round) {
    static const unsigned types[] = {
        EVENT_NEW_MESSAGE,     EVENT_NEW_MESSAGE,  EVENT_NEW_MESSAGE,  EVENT_MESSAGE_EDITED,
        EVENT_MESSAGE_DELETED, EVENT_ROOM_UPDATED, EVENT_USER_INVITED, EVENT_MEMBER_UPDATED};
    if (round->head >= EVENTS)
        return;
    const uint64_t seq = ++round->head;
    round->types[seq] = types[random_below(round, 8)];
    /* Edits and deletions are mostly of one of the last messages. */
    round->subjects[seq] = round->types[seq] == EVENT_NEW_MESSAGE
                               ? seq
                               : seq - random_below(round, seq < 20 ? seq : 20);
    for (unsigned copies = random_below(round, 8) == 0 ? 2 : 1; copies > 0; copies--)
        if (random_below(round, 16) >= round->loss && round->flying_count < FLYING)
            round->flying[round->flying_count++] = seq;
}

static void land(struct round *round) {
    if (round->flying_count == 0)
        return;
    const size_t at =
        random_below(round, 16) < round->disorder ? random_below(round, round->flying_count) : 0;
    const struct stream_event event = event_of(round, round->flying[at]);
    round->flying_count--;
    memmove(round->flying + at, round->flying + at + 1,
            (round->flying_count - at) * sizeof(round->flying[0]));
    stream_offer(&round->watch.stream, &event);
    frame_release(event.frame);
}

/* Answers a fetch as the database would: from what was asked for, as far as the limit. */
static void answer_round(struct round *round, uint64_t limit) {
    struct watch *watch = &round->watch;
    struct stream_event events[EVENTS] = {0};
    size_t count = 0;
    if (!watch->asked)
        return;
    watch->asked = 0;
    for (uint64_t seq = watch->fetch_after + 1; seq <= round->head && count < limit; seq++)
        events[count++] = event_of(round, seq);
    stream_fetched(&watch->stream, events, count);
    for (size_t i = 0; i < count; i++)
        frame_release(events[i].frame);
}

static void fail_round(struct round *round) {
    if (!round->watch.asked)
        return;
    round->watch.asked = 0;
    stream_fetch_failed(&round->watch.stream);
}

/* A session reads where the room stands, and starts the stream some time later. */
static void start_round(struct round *round) {
    if (round->started_at != UINT64_MAX)
        return;
    if (round->read_at_start == UINT64_MAX) {
        round->read_at_start = round->head;
        return;
    }
    round->started_at = round->read_at_start;
    stream_start(&round->watch.stream, round->started_at);
}

/* The tail ends with the last event, has no hole, and no words that were changed later. */
static void check_tail(const struct round *round) {
    const struct stream *stream = &round->watch.stream;
    const struct stream_list *tail = &stream->tail;
    for (size_t i = 0; i < tail->count; i++) {
        const struct stream_event *event = &tail->events[i];
        assert_int_equal(event->seq, stream->last_seq - (tail->count - 1 - i));
        for (uint64_t later = event->seq + 1; later <= stream->last_seq; later++) {
            const unsigned type = round->types[later];
            if (type != EVENT_MESSAGE_EDITED && type != EVENT_MESSAGE_DELETED)
                continue;
            assert_int_not_equal(event->type, EVENT_ROOM_UPDATED);
            if (event->type == EVENT_NEW_MESSAGE || event->type == EVENT_MESSAGE_EDITED)
                assert_int_not_equal(event->subject_id, round->subjects[later]);
        }
    }
}

static void step_round(struct round *round) {
    const uint64_t dice = random_below(round, 100);
    if (dice < 40)
        put_on_record(round);
    else if (dice < 80)
        land(round);
    else if (dice < 88)
        answer_round(round, 1 + random_below(round, 20));
    else if (dice < 90)
        fail_round(round);
    else if (dice < 93)
        stream_behind(&round->watch.stream, round->head);
    else if (dice < 95)
        start_round(round);
    else if (dice == 99)
        check_tail(round);
}

/* In the end a tail check finds what never came. */
static void finish_round(struct round *round) {
    start_round(round);
    start_round(round);
    while (round->flying_count > 0)
        land(round);
    for (unsigned i = 0; i < 400 && round->watch.stream.last_seq < round->head; i++) {
        stream_behind(&round->watch.stream, round->head);
        answer_round(round, 7);
    }
    while (round->watch.asked)
        answer_round(round, 7);
}

static void one_round(unsigned number) {
    struct round *round = calloc(1, sizeof(*round));
    round->seed = 0x9E3779B97F4A7C15u * (number + 1);
    round->started_at = round->read_at_start = UINT64_MAX;
    round->loss = number % 5;
    round->disorder = number / 5 % 5 * 4;
    watch_begin(&round->watch);
    if (number % 3)
        stream_start(&round->watch.stream, round->started_at = 0);
    for (unsigned step = 0; step < 600; step++)
        step_round(round);
    finish_round(round);
    if (round->head > round->started_at)
        assert_delivered(&round->watch, round->started_at + 1, round->head);
    check_tail(round);
    assert_int_equal(round->watch.stream.waiting.count, 0);
    watch_end(&round->watch);
    free(round);
}

static void any_order_comes_out_in_order(void **state) {
    (void)state;
    for (unsigned number = 0; number < 4000; number++)
        one_round(number);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(events_in_order_go_out_at_once),
        cmocka_unit_test(what_came_before_is_dropped),
        cmocka_unit_test(two_that_changed_places_are_put_right),
        cmocka_unit_test(a_hole_is_fetched_and_what_waited_follows),
        cmocka_unit_test(what_was_fetched_may_overlap_what_came_live),
        cmocka_unit_test(a_wide_hole_is_fetched_in_parts),
        cmocka_unit_test(more_than_can_wait_is_read_like_the_hole),
        cmocka_unit_test(what_waits_first_makes_room_for_no_other),
        cmocka_unit_test(events_before_the_start_wait),
        cmocka_unit_test(a_hole_before_the_start_is_fetched),
        cmocka_unit_test(what_the_start_knows_already_is_dropped),
        cmocka_unit_test(more_than_can_wait_before_the_start_is_fetched),
        cmocka_unit_test(only_the_first_start_counts),
        cmocka_unit_test(being_behind_is_fetched),
        cmocka_unit_test(a_fetch_that_failed_is_tried_again_with_the_next_event),
        cmocka_unit_test(a_number_that_the_database_does_not_know_is_asked_for_once),
        cmocka_unit_test(an_answer_nobody_waits_for_is_dropped),
        cmocka_unit_test(a_hole_that_cannot_be_filled_is_skipped),
        cmocka_unit_test(what_is_missing_behind_a_skip_is_fetched),
        cmocka_unit_test(a_skip_can_go_back),
        cmocka_unit_test(the_tail_has_the_last_events),
        cmocka_unit_test(an_edit_drops_the_words_from_the_tail),
        cmocka_unit_test(what_was_read_for_one_is_the_tail_of_the_next),
        cmocka_unit_test(what_does_not_lead_to_the_end_is_not_recalled),
        cmocka_unit_test(an_edit_drops_the_words_from_what_was_recalled),
        cmocka_unit_test(an_edit_drops_the_room_from_the_tail),
        cmocka_unit_test(other_events_leave_the_tail_alone),
        cmocka_unit_test(any_order_comes_out_in_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
