/* stream: random orders of everything, compared with the database. */
#include <stdlib.h>
#include <string.h>

#include "support/stream_fixture.h"
#include "support/unit.h"

#define EVENTS 300
#define IN_FLIGHT 40

/* The database and Redis of one round: events are recorded in order, and published events arrive
 * late, twice, reordered, or never. */
struct round {
    struct fixture fixture;
    uint64_t seed;
    uint64_t head;                 /* the last event recorded */
    uint64_t in_flight[IN_FLIGHT]; /* published, not received yet */
    size_t in_flight_count;
    unsigned types[EVENTS + 1];
    uint64_t subjects[EVENTS + 1];
    uint64_t started_at;     /* UINT64_MAX: not yet */
    uint64_t read_at_start;  /* the position that the first client has read */
    unsigned loss, disorder; /* in 16 */
};

static uint64_t random_below(struct round *round, uint64_t limit) {
    round->seed ^= round->seed << 13;
    round->seed ^= round->seed >> 7;
    round->seed ^= round->seed << 17;
    return (round->seed >> 11) % limit;
}

static struct stream_event event_of(const struct round *round, uint64_t seq) {
    return fixture_event(seq, round->types[seq], round->subjects[seq]);
}

static void record(struct round *round) {
    static const unsigned types[] = {
        EVENT_NEW_MESSAGE,     EVENT_NEW_MESSAGE,  EVENT_NEW_MESSAGE,  EVENT_MESSAGE_EDITED,
        EVENT_MESSAGE_DELETED, EVENT_ROOM_UPDATED, EVENT_USER_INVITED, EVENT_MEMBER_UPDATED};
    if (round->head >= EVENTS)
        return;
    const uint64_t seq = ++round->head;
    round->types[seq] = types[random_below(round, 8)];
    /* Edits and deletions are mostly of a recent message. */
    round->subjects[seq] = round->types[seq] == EVENT_NEW_MESSAGE
                               ? seq
                               : seq - random_below(round, seq < 20 ? seq : 20);
    for (unsigned copies = random_below(round, 8) == 0 ? 2 : 1; copies > 0; copies--)
        if (random_below(round, 16) >= round->loss && round->in_flight_count < IN_FLIGHT)
            round->in_flight[round->in_flight_count++] = seq;
}

static void deliver_one(struct round *round) {
    if (round->in_flight_count == 0)
        return;
    const size_t at =
        random_below(round, 16) < round->disorder ? random_below(round, round->in_flight_count) : 0;
    const struct stream_event event = event_of(round, round->in_flight[at]);
    round->in_flight_count--;
    memmove(round->in_flight + at, round->in_flight + at + 1,
            (round->in_flight_count - at) * sizeof(round->in_flight[0]));
    fixture_receive_event(&round->fixture, event);
}

/* Answers a fetch as the database would, up to a limit. */
static void answer_round(struct round *round, uint64_t limit) {
    struct stream_event events[EVENTS] = {0};
    size_t count = 0;
    uint64_t seq = round->fixture.fetch_after;
    if (!round->fixture.pending_fetches)
        return;
    while (seq < round->head && count < limit)
        events[count++] = event_of(round, ++seq);
    fixture_answer_events(&round->fixture, events, count);
}

static void fail_round(struct round *round) {
    if (round->fixture.pending_fetches)
        fixture_fail(&round->fixture);
}

/* A client reads the position of the room, and starts the stream some time later. */
static void start_round(struct round *round) {
    if (round->started_at != UINT64_MAX)
        return;
    if (round->read_at_start == UINT64_MAX) {
        round->read_at_start = round->head;
        return;
    }
    round->started_at = round->read_at_start;
    stream_start(&round->fixture.stream, round->started_at);
}

/* The cache ends with the last event, without gaps or text that was changed later. */
static void check_cache(const struct round *round) {
    const struct stream *stream = &round->fixture.stream;
    const struct event_list *cache = &stream->recent;
    for (size_t i = 0; i < cache->count; i++) {
        const struct stream_event *event = &cache->events[i];
        assert_int_equal(event->seq, stream->last_seq - (cache->count - 1 - i));
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
    const uint64_t choice = random_below(round, 100);
    if (choice < 40)
        record(round);
    else if (choice < 80)
        deliver_one(round);
    else if (choice < 88)
        answer_round(round, 1 + random_below(round, 20));
    else if (choice < 90)
        fail_round(round);
    else if (choice < 93)
        stream_update_head(&round->fixture.stream, round->head);
    else if (choice < 95)
        start_round(round);
    else if (choice == 99)
        check_cache(round);
}

/* At the end a gap check finds what never arrived. */
static void finish_round(struct round *round) {
    start_round(round);
    start_round(round);
    while (round->in_flight_count > 0)
        deliver_one(round);
    for (unsigned i = 0; i < 400 && round->fixture.stream.last_seq < round->head; i++) {
        stream_update_head(&round->fixture.stream, round->head);
        answer_round(round, 7);
    }
    while (round->fixture.pending_fetches)
        answer_round(round, 7);
}

static void one_round(unsigned number) {
    struct round *round = calloc(1, sizeof(*round));
    round->seed = 0x9E3779B97F4A7C15u * (number + 1);
    round->started_at = round->read_at_start = UINT64_MAX;
    round->loss = number % 5;
    round->disorder = number / 5 % 5 * 4;
    fixture_begin(&round->fixture);
    if (number % 3)
        stream_start(&round->fixture.stream, round->started_at = 0);
    for (unsigned step = 0; step < 600; step++)
        step_round(round);
    finish_round(round);
    if (round->head > round->started_at)
        fixture_assert_delivered(&round->fixture, round->started_at + 1, round->head);
    check_cache(round);
    assert_int_equal(round->fixture.stream.pending.count, 0);
    fixture_end(&round->fixture);
    free(round);
}

static void any_order_is_delivered_in_order(void **state) {
    (void)state;
    for (unsigned number = 0; number < 4000; number++)
        one_round(number);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_order_is_delivered_in_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
