/* stream_fixture: hooks that record, and events with their numbers as texts. */
#include "stream_fixture.h"

#include <string.h>

#include "unit.h"

static void on_deliver(struct stream *stream, const struct stream_event *event) {
    struct fixture *fixture = stream->owner;
    assert_true(fixture->count < FIXTURE_EVENTS);
    assert_int_equal(stream->last_seq, event->seq);
    fixture->delivered[fixture->count++] = event->seq;
}

static void on_fetch(struct stream *stream, uint64_t after) {
    struct fixture *fixture = stream->owner;
    assert_int_equal(fixture->pending_fetches, 0);
    assert_int_equal(after, stream->last_seq);
    fixture->pending_fetches = 1;
    fixture->fetches++;
    fixture->fetch_after = after;
}

static const struct stream_hooks HOOKS = {on_deliver, on_fetch};

void fixture_begin(struct fixture *fixture) {
    memset(fixture, 0, sizeof(*fixture));
    stream_init(&fixture->stream, EVENT_STREAM_ROOM, 1, &HOOKS, fixture);
}

void fixture_begin_at(struct fixture *fixture, uint64_t last_seq) {
    fixture_begin(fixture);
    stream_start(&fixture->stream, last_seq);
}

void fixture_end(struct fixture *fixture) {
    stream_clear(&fixture->stream);
}

struct stream_event fixture_event(uint64_t seq, unsigned type, uint64_t subject_id) {
    const struct stream_event event = {
        .seq = seq,
        .type = type,
        .subject_id = subject_id,
        .frame = frame_text((struct text){(const char *)&seq, sizeof(seq)})};
    return event;
}

void fixture_receive_event(struct fixture *fixture, struct stream_event event) {
    stream_receive(&fixture->stream, &event);
    frame_release(event.frame);
}

void fixture_receive_type(struct fixture *fixture, uint64_t seq, unsigned type,
                          uint64_t subject_id) {
    fixture_receive_event(fixture, fixture_event(seq, type, subject_id));
}

void fixture_receive(struct fixture *fixture, uint64_t seq) {
    fixture_receive_type(fixture, seq, EVENT_USER_INVITED, 0);
}

void fixture_answer_events(struct fixture *fixture, const struct stream_event *events,
                           size_t count) {
    fixture->pending_fetches = 0;
    stream_fetched(&fixture->stream, events, count);
    for (size_t i = 0; i < count; i++)
        frame_release(events[i].frame);
}

void fixture_answer(struct fixture *fixture, uint64_t first, uint64_t last) {
    struct stream_event events[FIXTURE_EVENTS] = {0};
    size_t count = 0;
    for (uint64_t seq = first; seq <= last; seq++)
        events[count++] = fixture_event(seq, EVENT_USER_INVITED, 0);
    fixture_answer_events(fixture, events, count);
}

void fixture_fail(struct fixture *fixture) {
    fixture->pending_fetches = 0;
    stream_fetch_failed(&fixture->stream);
}

void fixture_assert_delivered(const struct fixture *fixture, uint64_t first, uint64_t last) {
    assert_int_equal(fixture->count, last + 1 - first);
    for (size_t i = 0; i < fixture->count; i++)
        assert_int_equal(fixture->delivered[i], first + i);
}
