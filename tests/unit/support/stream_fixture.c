#include "stream_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void on_deliver(struct stream *stream, const struct stream_event *event) {
    struct watch *watch = stream->owner;
    assert_true(watch->count < WATCH_EVENTS);
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

void watch_begin(struct watch *watch) {
    memset(watch, 0, sizeof(*watch));
    stream_init(&watch->stream, EVENT_STREAM_ROOM, 1, &HOOKS, watch);
}

void watch_begin_at(struct watch *watch, uint64_t last_seq) {
    watch_begin(watch);
    stream_start(&watch->stream, last_seq);
}

void watch_end(struct watch *watch) {
    stream_clear(&watch->stream);
}

struct stream_event watch_event(uint64_t seq, unsigned type, uint64_t subject_id) {
    const struct stream_event event = {
        .seq = seq,
        .type = type,
        .subject_id = subject_id,
        .frame = frame_text((struct text){(const char *)&seq, sizeof(seq)})};
    return event;
}

void watch_offer_event(struct watch *watch, struct stream_event event) {
    stream_receive(&watch->stream, &event);
    frame_release(event.frame);
}

void watch_offer_type(struct watch *watch, uint64_t seq, unsigned type, uint64_t subject_id) {
    watch_offer_event(watch, watch_event(seq, type, subject_id));
}

void watch_offer(struct watch *watch, uint64_t seq) {
    watch_offer_type(watch, seq, EVENT_USER_INVITED, 0);
}

void watch_answer_events(struct watch *watch, const struct stream_event *events, size_t count) {
    watch->asked = 0;
    stream_fetched(&watch->stream, events, count);
    for (size_t i = 0; i < count; i++)
        frame_release(events[i].frame);
}

void watch_answer(struct watch *watch, uint64_t first, uint64_t last) {
    struct stream_event events[WATCH_EVENTS] = {0};
    size_t count = 0;
    for (uint64_t seq = first; seq <= last; seq++)
        events[count++] = watch_event(seq, EVENT_USER_INVITED, 0);
    watch_answer_events(watch, events, count);
}

void watch_fail(struct watch *watch) {
    watch->asked = 0;
    stream_fetch_failed(&watch->stream);
}

void watch_assert_delivered(const struct watch *watch, uint64_t first, uint64_t last) {
    assert_int_equal(watch->count, last + 1 - first);
    for (size_t i = 0; i < watch->count; i++)
        assert_int_equal(watch->delivered[i], first + i);
}
