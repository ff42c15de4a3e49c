/*
 * stream_fixture: a stream that records what it delivers and fetches, for the tests of streams. Its
 * hooks assert that an event is delivered as the last one, and that there is one fetch at a time,
 * of what follows the last event.
 */
#ifndef CONFAB_TESTS_STREAM_FIXTURE_H
#define CONFAB_TESTS_STREAM_FIXTURE_H

#include <stddef.h>
#include <stdint.h>

#include "channel/stream.h"

/* The most events of one test. */
#define FIXTURE_EVENTS 600

struct fixture {
    struct stream stream;
    uint64_t delivered[FIXTURE_EVENTS];
    size_t count;
    uint64_t fetch_after;
    unsigned fetches;
    unsigned pending_fetches; /* 1: a fetch is not answered */
};

/* A room's stream that has not started; fixture_end frees what it holds. */
void fixture_begin(struct fixture *fixture);
void fixture_begin_at(struct fixture *fixture, uint64_t last_seq);
void fixture_end(struct fixture *fixture);

/* An event whose frame has its number as the payload; the caller releases the frame. */
struct stream_event fixture_event(uint64_t seq, unsigned type, uint64_t subject_id);

/* An event arrives, by default of a type that has no effect on others; its frame is released. */
void fixture_receive_event(struct fixture *fixture, struct stream_event event);
void fixture_receive_type(struct fixture *fixture, uint64_t seq, unsigned type,
                          uint64_t subject_id);
void fixture_receive(struct fixture *fixture, uint64_t seq);

/* Answers the fetch with events, or with those of a range; their frames are released. */
void fixture_answer_events(struct fixture *fixture, const struct stream_event *events,
                           size_t count);
void fixture_answer(struct fixture *fixture, uint64_t first, uint64_t last);

/* Fails the fetch. */
void fixture_fail(struct fixture *fixture);

/* Asserts that exactly the events of a range were delivered, in order. */
void fixture_assert_delivered(const struct fixture *fixture, uint64_t first, uint64_t last);

#endif
