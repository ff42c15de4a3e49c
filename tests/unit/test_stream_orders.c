/* stream: everything in any order, against what is on record. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/stream_fixture.h"

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
    return watch_event(seq, round->types[seq], round->subjects[seq]);
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
    watch_offer_event(&round->watch, event);
}

/* Answers a fetch as the database would: from what was asked for, as far as the limit. */
static void answer_round(struct round *round, uint64_t limit) {
    struct stream_event events[EVENTS] = {0};
    size_t count = 0;
    uint64_t seq = round->watch.fetch_after;
    if (!round->watch.asked)
        return;
    while (seq < round->head && count < limit)
        events[count++] = event_of(round, ++seq);
    watch_answer_events(&round->watch, events, count);
}

static void fail_round(struct round *round) {
    if (round->watch.asked)
        watch_fail(&round->watch);
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
    const struct event_list *tail = &stream->recent;
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
        stream_update_head(&round->watch.stream, round->head);
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
        stream_update_head(&round->watch.stream, round->head);
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
        watch_assert_delivered(&round->watch, round->started_at + 1, round->head);
    check_tail(round);
    assert_int_equal(round->watch.stream.pending.count, 0);
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
        cmocka_unit_test(any_order_comes_out_in_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
