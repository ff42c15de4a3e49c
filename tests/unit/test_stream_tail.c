/* stream: the last events are kept for who comes next, without words that were changed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "support/stream_fixture.h"

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
    const bool whole = stream_recent(&watch->stream, after, see, &seen);
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
        watch_offer(&watch, seq);
        assert_int_equal(tail_after(&watch, seq), 0);
        assert_int_equal(tail_after(&watch, seq - 1), 1);
        assert_int_equal(tail_after(&watch, seq + 1), -1);
        const uint64_t kept = watch.stream.recent.count;
        assert_in_range(kept, seq < 10 + STREAM_RECENT / 2 ? seq - 10 : STREAM_RECENT / 2,
                        STREAM_RECENT);
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
        watch_offer_type(&watch, 1, EVENT_NEW_MESSAGE, 70);
        watch_offer_type(&watch, 2, EVENT_NEW_MESSAGE, 71);
        watch_offer_type(&watch, 3, EVENT_MESSAGE_EDITED, 70);
        watch_offer_type(&watch, 4, EVENT_NEW_MESSAGE, 72);
        assert_int_equal(tail_after(&watch, 1), 3);
        assert_int_equal(tail_after(&watch, 0), -1);
        watch_offer_type(&watch, 5, changes[i], 71);
        assert_int_equal(tail_after(&watch, 2), 3);
        assert_int_equal(tail_after(&watch, 1), -1);
        watch_offer_type(&watch, 6, changes[i], 70);
        assert_int_equal(tail_after(&watch, 3), 3);
        assert_int_equal(tail_after(&watch, 2), -1);
        watch_offer_type(&watch, 7, changes[i], 99);
        assert_int_equal(tail_after(&watch, 3), 4);
        watch_end(&watch);
    }
}

/* Recalls the events from first to last. */
static void recall(struct watch *watch, uint64_t first, uint64_t last) {
    struct stream_event events[3 * STREAM_RECENT] = {{0}};
    uint32_t count = 0;
    for (uint64_t seq = first; seq <= last; seq++)
        events[count++] = watch_event(seq, EVENT_NEW_MESSAGE, seq);
    stream_cache(&watch->stream, events, count);
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
    watch_offer(&watch, 201);
    assert_int_equal(tail_after(&watch, 197), 4);
    watch_end(&watch);
    watch_begin_at(&watch, 200);
    recall(&watch, 50, 200);
    assert_int_equal(tail_after(&watch, 200 - STREAM_RECENT), STREAM_RECENT);
    watch_end(&watch);
}

static void what_does_not_lead_to_the_end_is_not_recalled(void **state) {
    struct watch watch;
    (void)state;
    watch_begin(&watch);
    recall(&watch, 8, 10);
    assert_int_equal(watch.stream.recent.count, 0);
    watch_end(&watch);
    watch_begin_at(&watch, 10);
    recall(&watch, 7, 9);
    recall(&watch, 9, 11);
    recall(&watch, 11, 10);
    assert_int_equal(watch.stream.recent.count, 0);
    watch_offer(&watch, 11);
    recall(&watch, 9, 11);
    assert_int_equal(watch.stream.recent.count, 1);
    watch_end(&watch);
}

static void an_edit_drops_the_words_from_what_was_recalled(void **state) {
    struct watch watch;
    (void)state;
    watch_begin_at(&watch, 10);
    recall(&watch, 8, 10);
    watch_offer_type(&watch, 11, EVENT_MESSAGE_DELETED, 9);
    assert_int_equal(tail_after(&watch, 9), 2);
    assert_int_equal(tail_after(&watch, 8), -1);
    watch_end(&watch);
}

/* A room shows its last message. */
static void an_edit_drops_the_room_from_the_tail(void **state) {
    struct watch watch;
    (void)state;
    watch_begin_at(&watch, 0);
    watch_offer_type(&watch, 1, EVENT_USER_INVITED, 70);
    watch_offer_type(&watch, 2, EVENT_ROOM_UPDATED, 0);
    watch_offer_type(&watch, 3, EVENT_USER_INVITED, 71);
    assert_int_equal(tail_after(&watch, 0), 3);
    watch_offer_type(&watch, 4, EVENT_MESSAGE_DELETED, 60);
    assert_int_equal(tail_after(&watch, 2), 2);
    assert_int_equal(tail_after(&watch, 1), -1);
    watch_end(&watch);
}

static void other_events_leave_the_tail_alone(void **state) {
    struct watch watch;
    (void)state;
    watch_begin_at(&watch, 0);
    watch_offer_type(&watch, 1, EVENT_NEW_MESSAGE, 70);
    watch_offer_type(&watch, 2, EVENT_USER_REMOVED, 70);
    watch_offer_type(&watch, 3, EVENT_MEMBER_UPDATED, 70);
    watch_offer_type(&watch, 4, EVENT_MESSAGE_DELETED, 71);
    watch_offer_type(&watch, 5, EVENT_ROOM_UPDATED, 70);
    assert_int_equal(tail_after(&watch, 0), 5);
    watch_end(&watch);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_tail_has_the_last_events),
        cmocka_unit_test(an_edit_drops_the_words_from_the_tail),
        cmocka_unit_test(what_was_read_for_one_is_the_tail_of_the_next),
        cmocka_unit_test(what_does_not_lead_to_the_end_is_not_recalled),
        cmocka_unit_test(an_edit_drops_the_words_from_what_was_recalled),
        cmocka_unit_test(an_edit_drops_the_room_from_the_tail),
        cmocka_unit_test(other_events_leave_the_tail_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
