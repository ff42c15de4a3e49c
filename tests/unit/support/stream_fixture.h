/*
 * watch: a stream, what it gave to listeners and what it asked the database for, for the tests
 * of streams. That it delivers an event only as its last, and asks only once and only for what
 * follows that, is checked as it happens.
 */
#ifndef CONFAB_TESTS_WATCH_H
#define CONFAB_TESTS_WATCH_H

#include <stddef.h>
#include <stdint.h>

#include "channel/stream.h"

/* The most that one test may have delivered. */
#define WATCH_EVENTS 600

struct watch {
    struct stream stream;
    uint64_t delivered[WATCH_EVENTS];
    size_t count;
    uint64_t fetch_after;
    unsigned fetches;
    unsigned asked; /* fetches that were not answered */
};

/* A room's stream that has not started; watch_end frees what it holds. */
void watch_begin(struct watch *watch);
void watch_begin_at(struct watch *watch, uint64_t last_seq);
void watch_end(struct watch *watch);

/* An event whose frame tells its number; the caller releases the frame. */
struct stream_event watch_event(uint64_t seq, unsigned type, uint64_t subject_id);

/* Offers an event, by default of a type that changes no other, and releases its frame. */
void watch_offer_event(struct watch *watch, struct stream_event event);
void watch_offer_type(struct watch *watch, uint64_t seq, unsigned type, uint64_t subject_id);
void watch_offer(struct watch *watch, uint64_t seq);

/* Answers the fetch with events, or with those of a range, and releases their frames. */
void watch_answer_events(struct watch *watch, const struct stream_event *events, size_t count);
void watch_answer(struct watch *watch, uint64_t first, uint64_t last);

/* Fails the fetch. */
void watch_fail(struct watch *watch);

/* Asserts that exactly the events of a range came out, in order. */
void watch_assert_delivered(const struct watch *watch, uint64_t first, uint64_t last);

#endif
