/* stream: in whatever order and number events come, they go out by rising seq, each once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/stream_fixture.h"

/* ---- order ---- */

static void events_in_order_go_out_at_once(void **state) {
    struct watch watch;
    (void)state;
    watch_begin_at(&watch, 7);
    for (uint64_t seq = 8; seq <= 200; seq++) {
        watch_offer(&watch, seq);
        watch_assert_delivered(&watch, 8, seq);
    }
    assert_int_equal(watch.fetches, 0);
    watch_end(&watch);
}

static void what_came_before_is_dropped(void **state) {
    struct watch watch;
    (void)state;
    watch_begin_at(&watch, 7);
    watch_offer(&watch, 7);
    watch_offer(&watch, 1);
    watch_offer(&watch, 8);
    watch_offer(&watch, 8);
    watch_offer(&watch, 7);
    watch_assert_delivered(&watch, 8, 8);
    assert_int_equal(watch.fetches, 0);
    watch_end(&watch);
}

static void two_that_changed_places_are_put_right(void **state) {
    struct watch watch;
    (void)state;
    watch_begin_at(&watch, 0);
    watch_offer(&watch, 2);
    assert_int_equal(watch.count, 0);
    assert_int_equal(watch.fetch_after, 0);
    watch_offer(&watch, 1);
    watch_assert_delivered(&watch, 1, 2);
    watch_answer(&watch, 1, 2);
    watch_assert_delivered(&watch, 1, 2);
    assert_int_equal(watch.fetches, 1);
    watch_end(&watch);
}

static void a_hole_is_fetched_and_what_waited_follows(void **state) {
    struct watch watch;
    (void)state;
    watch_begin_at(&watch, 3);
    watch_offer(&watch, 6);
    watch_offer(&watch, 8);
    watch_offer(&watch, 6);
    assert_int_equal(watch.count, 0);
    assert_int_equal(watch.fetch_after, 3);
    watch_answer(&watch, 4, 7);
    watch_assert_delivered(&watch, 4, 8);
    assert_int_equal(watch.fetches, 1);
    assert_int_equal(watch.stream.pending.count, 0);
    assert_null(watch.stream.pending.events);
    watch_end(&watch);
}

static void what_was_fetched_may_overlap_what_came_live(void **state) {
    struct watch watch;
    (void)state;
    watch_begin_at(&watch, 3);
    watch_offer(&watch, 5);
    watch_offer(&watch, 4);
    watch_offer(&watch, 7);
    watch_offer(&watch, 6);
    watch_assert_delivered(&watch, 4, 7);
    watch_answer(&watch, 4, 9);
    watch_assert_delivered(&watch, 4, 9);
    watch_offer(&watch, 8);
    watch_offer(&watch, 10);
    watch_assert_delivered(&watch, 4, 10);
    assert_int_equal(watch.fetches, 1);
    watch_end(&watch);
}

static void a_wide_hole_is_fetched_in_parts(void **state) {
    struct watch watch;
    (void)state;
    watch_begin_at(&watch, 0);
    watch_offer(&watch, 500);
    for (uint64_t first = 1; first < 500; first += 100) {
        assert_int_equal(watch.asked, 1);
        assert_int_equal(watch.fetch_after, first - 1);
        watch_answer(&watch, first, first + 99 < 499 ? first + 99 : 499);
    }
    watch_assert_delivered(&watch, 1, 500);
    assert_int_equal(watch.asked, 0);
    watch_end(&watch);
}

static void more_than_can_wait_is_read_like_the_hole(void **state) {
    struct watch watch;
    (void)state;
    watch_begin_at(&watch, 0);
    for (uint64_t seq = 2; seq <= 200; seq++)
        watch_offer(&watch, seq);
    assert_int_equal(watch.stream.pending.count, STREAM_PENDING);
    assert_int_equal(watch.fetches, 1);
    watch_offer(&watch, 1);
    watch_assert_delivered(&watch, 1, STREAM_PENDING + 1);
    watch_answer(&watch, 1, 50);
    assert_int_equal(watch.fetch_after, STREAM_PENDING + 1);
    watch_answer(&watch, STREAM_PENDING + 2, 200);
    watch_assert_delivered(&watch, 1, 200);
    assert_int_equal(watch.asked, 0);
    watch_end(&watch);
}

static void what_waits_first_makes_room_for_no_other(void **state) {
    struct watch watch;
    (void)state;
    watch_begin_at(&watch, 0);
    for (uint64_t seq = 300; seq > 300 - 2 * STREAM_PENDING; seq--)
        watch_offer(&watch, seq);
    assert_int_equal(watch.stream.pending.count, STREAM_PENDING);
    watch_answer(&watch, 1, 299);
    watch_assert_delivered(&watch, 1, 300);
    watch_end(&watch);
}

/* ---- beginning ---- */

static void events_before_the_start_wait(void **state) {
    struct watch watch;
    (void)state;
    watch_begin(&watch);
    watch_offer(&watch, 12);
    watch_offer(&watch, 11);
    watch_offer(&watch, 13);
    watch_offer(&watch, 12);
    assert_int_equal(watch.count, 0);
    assert_int_equal(watch.fetches, 0);
    stream_start(&watch.stream, 11);
    watch_assert_delivered(&watch, 12, 13);
    assert_int_equal(watch.fetches, 0);
    watch_end(&watch);
}

static void a_hole_before_the_start_is_fetched(void **state) {
    struct watch watch;
    (void)state;
    watch_begin(&watch);
    watch_offer(&watch, 14);
    stream_start(&watch.stream, 11);
    assert_int_equal(watch.fetch_after, 11);
    watch_answer(&watch, 12, 14);
    watch_assert_delivered(&watch, 12, 14);
    watch_end(&watch);
}

static void what_the_start_knows_already_is_dropped(void **state) {
    struct watch watch;
    (void)state;
    watch_begin(&watch);
    for (uint64_t seq = 1; seq <= 5; seq++)
        watch_offer(&watch, seq);
    stream_start(&watch.stream, 5);
    assert_int_equal(watch.count, 0);
    assert_int_equal(watch.fetches, 0);
    assert_null(watch.stream.pending.events);
    watch_end(&watch);
}

static void more_than_can_wait_before_the_start_is_fetched(void **state) {
    struct watch watch;
    (void)state;
    watch_begin(&watch);
    for (uint64_t seq = 1; seq <= STREAM_PENDING + 10; seq++)
        watch_offer(&watch, seq);
    stream_start(&watch.stream, 0);
    watch_assert_delivered(&watch, 1, STREAM_PENDING);
    assert_int_equal(watch.fetch_after, STREAM_PENDING);
    watch_answer(&watch, STREAM_PENDING + 1, STREAM_PENDING + 10);
    watch_assert_delivered(&watch, 1, STREAM_PENDING + 10);
    watch_end(&watch);
}

static void only_the_first_start_counts(void **state) {
    struct watch watch;
    (void)state;
    watch_begin_at(&watch, 5);
    watch_offer(&watch, 6);
    stream_start(&watch.stream, 2);
    stream_start(&watch.stream, 9);
    assert_int_equal(watch.stream.last_seq, 6);
    watch_offer(&watch, 7);
    watch_assert_delivered(&watch, 6, 7);
    watch_end(&watch);
}

/* ---- the database ---- */

static void being_behind_is_fetched(void **state) {
    struct watch watch;
    (void)state;
    watch_begin(&watch);
    assert_false(stream_update_head(&watch.stream, 4));
    stream_start(&watch.stream, 4);
    assert_false(stream_update_head(&watch.stream, 4));
    assert_false(stream_update_head(&watch.stream, 3));
    assert_int_equal(watch.fetches, 0);
    assert_true(stream_update_head(&watch.stream, 6));
    assert_true(stream_update_head(&watch.stream, 7));
    assert_int_equal(watch.fetches, 1);
    watch_answer(&watch, 5, 7);
    watch_assert_delivered(&watch, 5, 7);
    assert_int_equal(watch.asked, 0);
    watch_end(&watch);
}

static void a_fetch_that_failed_is_tried_again_with_the_next_event(void **state) {
    struct watch watch;
    (void)state;
    watch_begin_at(&watch, 0);
    watch_offer(&watch, 2);
    watch_fail(&watch);
    assert_int_equal(watch.fetches, 1);
    watch_offer(&watch, 3);
    assert_int_equal(watch.fetches, 2);
    watch_fail(&watch);
    stream_update_head(&watch.stream, 3);
    assert_int_equal(watch.fetches, 3);
    watch_answer(&watch, 1, 3);
    watch_assert_delivered(&watch, 1, 3);
    watch_end(&watch);
}

/* An event that is on no record can only be a mistake on Redis. */
static void a_number_that_the_database_does_not_know_is_asked_for_once(void **state) {
    struct watch watch;
    (void)state;
    watch_begin_at(&watch, 0);
    watch_offer(&watch, UINT64_MAX);
    assert_int_equal(watch.fetches, 1);
    watch_answer(&watch, 1, 0);
    for (uint64_t seq = 1; seq <= 50; seq++)
        watch_offer(&watch, seq);
    watch_assert_delivered(&watch, 1, 50);
    assert_int_equal(watch.fetches, 1);
    watch_offer(&watch, 52);
    assert_int_equal(watch.fetches, 2);
    watch_answer(&watch, 51, 52);
    watch_assert_delivered(&watch, 1, 52);
    assert_int_equal(watch.fetches, 2);
    watch_end(&watch);
}

/* The channel was closed and opened again while the fetch was under way. */
static void an_answer_nobody_waits_for_is_dropped(void **state) {
    struct watch watch;
    (void)state;
    watch_begin(&watch);
    watch_answer(&watch, 1, 3);
    assert_int_equal(watch.count, 0);
    stream_start(&watch.stream, 5);
    watch_answer(&watch, 4, 8);
    assert_int_equal(watch.count, 0);
    watch_offer(&watch, 6);
    watch_assert_delivered(&watch, 6, 6);
    watch_end(&watch);
}

static void a_hole_that_cannot_be_filled_is_skipped(void **state) {
    struct watch watch;
    (void)state;
    watch_begin_at(&watch, 0);
    watch_offer(&watch, 1);
    watch_offer(&watch, 40);
    watch_offer(&watch, 41);
    watch.asked = 0;
    stream_skip(&watch.stream, 39);
    assert_int_equal(watch.count, 3);
    assert_int_equal(watch.delivered[1], 40);
    assert_int_equal(watch.delivered[2], 41);
    assert_int_equal(watch.stream.last_seq, 41);
    assert_int_equal(watch.stream.recent.count, 2);
    watch_end(&watch);
}

static void what_is_missing_behind_a_skip_is_fetched(void **state) {
    struct watch watch;
    (void)state;
    watch_begin_at(&watch, 0);
    watch_offer(&watch, 41);
    watch.asked = 0;
    stream_skip(&watch.stream, 39);
    assert_int_equal(watch.fetch_after, 39);
    watch_answer(&watch, 40, 41);
    watch_assert_delivered(&watch, 40, 41);
    watch_end(&watch);
}

/* A database put back from a backup: what waited is of the history that is gone. */
static void a_skip_can_go_back(void **state) {
    struct watch watch;
    (void)state;
    watch_begin_at(&watch, 500);
    watch_offer(&watch, 502);
    watch.asked = 0;
    stream_skip(&watch.stream, 100);
    assert_int_equal(watch.stream.pending.count, 0);
    watch_offer(&watch, 101);
    watch_assert_delivered(&watch, 101, 101);
    assert_int_equal(watch.asked, 0);
    watch_end(&watch);
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
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
