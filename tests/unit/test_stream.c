/* stream: events are delivered by rising seq, each once, however they arrive. */
#include "support/stream_fixture.h"
#include "support/unit.h"

/* ---- order ---- */

static void events_in_order_are_delivered_at_once(void **state) {
    struct fixture fixture;
    (void)state;
    fixture_begin_at(&fixture, 7);
    for (uint64_t seq = 8; seq <= 200; seq++) {
        fixture_receive(&fixture, seq);
        fixture_assert_delivered(&fixture, 8, seq);
    }
    assert_int_equal(fixture.fetches, 0);
    fixture_end(&fixture);
}

static void old_events_are_dropped(void **state) {
    struct fixture fixture;
    (void)state;
    fixture_begin_at(&fixture, 7);
    fixture_receive(&fixture, 7);
    fixture_receive(&fixture, 1);
    fixture_receive(&fixture, 8);
    fixture_receive(&fixture, 8);
    fixture_receive(&fixture, 7);
    fixture_assert_delivered(&fixture, 8, 8);
    assert_int_equal(fixture.fetches, 0);
    fixture_end(&fixture);
}

static void reordered_events_are_put_in_order(void **state) {
    struct fixture fixture;
    (void)state;
    fixture_begin_at(&fixture, 0);
    fixture_receive(&fixture, 2);
    assert_int_equal(fixture.count, 0);
    assert_int_equal(fixture.fetch_after, 0);
    fixture_receive(&fixture, 1);
    fixture_assert_delivered(&fixture, 1, 2);
    fixture_answer(&fixture, 1, 2);
    fixture_assert_delivered(&fixture, 1, 2);
    assert_int_equal(fixture.fetches, 1);
    fixture_end(&fixture);
}

static void gap_is_fetched_and_pending_events_follow(void **state) {
    struct fixture fixture;
    (void)state;
    fixture_begin_at(&fixture, 3);
    fixture_receive(&fixture, 6);
    fixture_receive(&fixture, 8);
    fixture_receive(&fixture, 6);
    assert_int_equal(fixture.count, 0);
    assert_int_equal(fixture.fetch_after, 3);
    fixture_answer(&fixture, 4, 7);
    fixture_assert_delivered(&fixture, 4, 8);
    assert_int_equal(fixture.fetches, 1);
    assert_int_equal(fixture.stream.pending.count, 0);
    assert_null(fixture.stream.pending.events);
    fixture_end(&fixture);
}

static void fetched_events_may_overlap_received_ones(void **state) {
    struct fixture fixture;
    (void)state;
    fixture_begin_at(&fixture, 3);
    fixture_receive(&fixture, 5);
    fixture_receive(&fixture, 4);
    fixture_receive(&fixture, 7);
    fixture_receive(&fixture, 6);
    fixture_assert_delivered(&fixture, 4, 7);
    fixture_answer(&fixture, 4, 9);
    fixture_assert_delivered(&fixture, 4, 9);
    fixture_receive(&fixture, 8);
    fixture_receive(&fixture, 10);
    fixture_assert_delivered(&fixture, 4, 10);
    assert_int_equal(fixture.fetches, 1);
    fixture_end(&fixture);
}

static void wide_gap_is_fetched_in_parts(void **state) {
    struct fixture fixture;
    (void)state;
    fixture_begin_at(&fixture, 0);
    fixture_receive(&fixture, 500);
    for (uint64_t first = 1; first < 500; first += 100) {
        assert_int_equal(fixture.pending_fetches, 1);
        assert_int_equal(fixture.fetch_after, first - 1);
        fixture_answer(&fixture, first, first + 99 < 499 ? first + 99 : 499);
    }
    fixture_assert_delivered(&fixture, 1, 500);
    assert_int_equal(fixture.pending_fetches, 0);
    fixture_end(&fixture);
}

static void surplus_events_are_fetched_like_the_gap(void **state) {
    struct fixture fixture;
    (void)state;
    fixture_begin_at(&fixture, 0);
    for (uint64_t seq = 2; seq <= 200; seq++)
        fixture_receive(&fixture, seq);
    assert_int_equal(fixture.stream.pending.count, STREAM_PENDING);
    assert_int_equal(fixture.fetches, 1);
    fixture_receive(&fixture, 1);
    fixture_assert_delivered(&fixture, 1, STREAM_PENDING + 1);
    fixture_answer(&fixture, 1, 50);
    assert_int_equal(fixture.fetch_after, STREAM_PENDING + 1);
    fixture_answer(&fixture, STREAM_PENDING + 2, 200);
    fixture_assert_delivered(&fixture, 1, 200);
    assert_int_equal(fixture.pending_fetches, 0);
    fixture_end(&fixture);
}

static void first_pending_events_are_kept(void **state) {
    struct fixture fixture;
    (void)state;
    fixture_begin_at(&fixture, 0);
    for (uint64_t seq = 300; seq > 300 - 2 * STREAM_PENDING; seq--)
        fixture_receive(&fixture, seq);
    assert_int_equal(fixture.stream.pending.count, STREAM_PENDING);
    fixture_answer(&fixture, 1, 299);
    fixture_assert_delivered(&fixture, 1, 300);
    fixture_end(&fixture);
}

/* ---- beginning ---- */

static void events_before_the_start_are_pending(void **state) {
    struct fixture fixture;
    (void)state;
    fixture_begin(&fixture);
    fixture_receive(&fixture, 12);
    fixture_receive(&fixture, 11);
    fixture_receive(&fixture, 13);
    fixture_receive(&fixture, 12);
    assert_int_equal(fixture.count, 0);
    assert_int_equal(fixture.fetches, 0);
    stream_start(&fixture.stream, 11);
    fixture_assert_delivered(&fixture, 12, 13);
    assert_int_equal(fixture.fetches, 0);
    fixture_end(&fixture);
}

static void gap_before_the_start_is_fetched(void **state) {
    struct fixture fixture;
    (void)state;
    fixture_begin(&fixture);
    fixture_receive(&fixture, 14);
    stream_start(&fixture.stream, 11);
    assert_int_equal(fixture.fetch_after, 11);
    fixture_answer(&fixture, 12, 14);
    fixture_assert_delivered(&fixture, 12, 14);
    fixture_end(&fixture);
}

static void events_known_at_the_start_are_dropped(void **state) {
    struct fixture fixture;
    (void)state;
    fixture_begin(&fixture);
    for (uint64_t seq = 1; seq <= 5; seq++)
        fixture_receive(&fixture, seq);
    stream_start(&fixture.stream, 5);
    assert_int_equal(fixture.count, 0);
    assert_int_equal(fixture.fetches, 0);
    assert_null(fixture.stream.pending.events);
    fixture_end(&fixture);
}

static void surplus_events_before_the_start_are_fetched(void **state) {
    struct fixture fixture;
    (void)state;
    fixture_begin(&fixture);
    for (uint64_t seq = 1; seq <= STREAM_PENDING + 10; seq++)
        fixture_receive(&fixture, seq);
    stream_start(&fixture.stream, 0);
    fixture_assert_delivered(&fixture, 1, STREAM_PENDING);
    assert_int_equal(fixture.fetch_after, STREAM_PENDING);
    fixture_answer(&fixture, STREAM_PENDING + 1, STREAM_PENDING + 10);
    fixture_assert_delivered(&fixture, 1, STREAM_PENDING + 10);
    fixture_end(&fixture);
}

static void only_the_first_start_has_an_effect(void **state) {
    struct fixture fixture;
    (void)state;
    fixture_begin_at(&fixture, 5);
    fixture_receive(&fixture, 6);
    stream_start(&fixture.stream, 2);
    stream_start(&fixture.stream, 9);
    assert_int_equal(fixture.stream.last_seq, 6);
    fixture_receive(&fixture, 7);
    fixture_assert_delivered(&fixture, 6, 7);
    fixture_end(&fixture);
}

/* ---- the database ---- */

static void higher_head_is_fetched(void **state) {
    struct fixture fixture;
    (void)state;
    fixture_begin(&fixture);
    assert_false(stream_update_head(&fixture.stream, 4));
    stream_start(&fixture.stream, 4);
    assert_false(stream_update_head(&fixture.stream, 4));
    assert_false(stream_update_head(&fixture.stream, 3));
    assert_int_equal(fixture.fetches, 0);
    assert_true(stream_update_head(&fixture.stream, 6));
    assert_true(stream_update_head(&fixture.stream, 7));
    assert_int_equal(fixture.fetches, 1);
    fixture_answer(&fixture, 5, 7);
    fixture_assert_delivered(&fixture, 5, 7);
    assert_int_equal(fixture.pending_fetches, 0);
    fixture_end(&fixture);
}

static void failed_fetch_is_repeated_with_the_next_event(void **state) {
    struct fixture fixture;
    (void)state;
    fixture_begin_at(&fixture, 0);
    fixture_receive(&fixture, 2);
    fixture_fail(&fixture);
    assert_int_equal(fixture.fetches, 1);
    fixture_receive(&fixture, 3);
    assert_int_equal(fixture.fetches, 2);
    fixture_fail(&fixture);
    stream_update_head(&fixture.stream, 3);
    assert_int_equal(fixture.fetches, 3);
    fixture_answer(&fixture, 1, 3);
    fixture_assert_delivered(&fixture, 1, 3);
    fixture_end(&fixture);
}

/* An event that is not recorded can only be an error on Redis. */
static void unknown_number_is_fetched_once(void **state) {
    struct fixture fixture;
    (void)state;
    fixture_begin_at(&fixture, 0);
    fixture_receive(&fixture, UINT64_MAX);
    assert_int_equal(fixture.fetches, 1);
    fixture_answer(&fixture, 1, 0);
    for (uint64_t seq = 1; seq <= 50; seq++)
        fixture_receive(&fixture, seq);
    fixture_assert_delivered(&fixture, 1, 50);
    assert_int_equal(fixture.fetches, 1);
    fixture_receive(&fixture, 52);
    assert_int_equal(fixture.fetches, 2);
    fixture_answer(&fixture, 51, 52);
    fixture_assert_delivered(&fixture, 1, 52);
    assert_int_equal(fixture.fetches, 2);
    fixture_end(&fixture);
}

/* The channel was closed and opened again during the fetch. */
static void unexpected_result_is_dropped(void **state) {
    struct fixture fixture;
    (void)state;
    fixture_begin(&fixture);
    fixture_answer(&fixture, 1, 3);
    assert_int_equal(fixture.count, 0);
    stream_start(&fixture.stream, 5);
    fixture_answer(&fixture, 4, 8);
    assert_int_equal(fixture.count, 0);
    fixture_receive(&fixture, 6);
    fixture_assert_delivered(&fixture, 6, 6);
    fixture_end(&fixture);
}

static void gap_that_cannot_be_filled_is_skipped(void **state) {
    struct fixture fixture;
    (void)state;
    fixture_begin_at(&fixture, 0);
    fixture_receive(&fixture, 1);
    fixture_receive(&fixture, 40);
    fixture_receive(&fixture, 41);
    fixture.pending_fetches = 0;
    stream_skip(&fixture.stream, 39);
    assert_int_equal(fixture.count, 3);
    assert_int_equal(fixture.delivered[1], 40);
    assert_int_equal(fixture.delivered[2], 41);
    assert_int_equal(fixture.stream.last_seq, 41);
    assert_int_equal(fixture.stream.recent.count, 2);
    fixture_end(&fixture);
}

static void gap_after_a_skip_is_fetched(void **state) {
    struct fixture fixture;
    (void)state;
    fixture_begin_at(&fixture, 0);
    fixture_receive(&fixture, 41);
    fixture.pending_fetches = 0;
    stream_skip(&fixture.stream, 39);
    assert_int_equal(fixture.fetch_after, 39);
    fixture_answer(&fixture, 40, 41);
    fixture_assert_delivered(&fixture, 40, 41);
    fixture_end(&fixture);
}

/* A restored backup: pending events are of the history that was discarded. */
static void skip_can_go_back(void **state) {
    struct fixture fixture;
    (void)state;
    fixture_begin_at(&fixture, 500);
    fixture_receive(&fixture, 502);
    fixture.pending_fetches = 0;
    stream_skip(&fixture.stream, 100);
    assert_int_equal(fixture.stream.pending.count, 0);
    fixture_receive(&fixture, 101);
    fixture_assert_delivered(&fixture, 101, 101);
    assert_int_equal(fixture.pending_fetches, 0);
    fixture_end(&fixture);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(events_in_order_are_delivered_at_once),
        cmocka_unit_test(old_events_are_dropped),
        cmocka_unit_test(reordered_events_are_put_in_order),
        cmocka_unit_test(gap_is_fetched_and_pending_events_follow),
        cmocka_unit_test(fetched_events_may_overlap_received_ones),
        cmocka_unit_test(wide_gap_is_fetched_in_parts),
        cmocka_unit_test(surplus_events_are_fetched_like_the_gap),
        cmocka_unit_test(first_pending_events_are_kept),
        cmocka_unit_test(events_before_the_start_are_pending),
        cmocka_unit_test(gap_before_the_start_is_fetched),
        cmocka_unit_test(events_known_at_the_start_are_dropped),
        cmocka_unit_test(surplus_events_before_the_start_are_fetched),
        cmocka_unit_test(only_the_first_start_has_an_effect),
        cmocka_unit_test(higher_head_is_fetched),
        cmocka_unit_test(failed_fetch_is_repeated_with_the_next_event),
        cmocka_unit_test(unknown_number_is_fetched_once),
        cmocka_unit_test(unexpected_result_is_dropped),
        cmocka_unit_test(gap_that_cannot_be_filled_is_skipped),
        cmocka_unit_test(gap_after_a_skip_is_fetched),
        cmocka_unit_test(skip_can_go_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
