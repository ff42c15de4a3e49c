/* stream: the cache of recent events, without text that was edited or deleted. */
#include <string.h>

#include "support/stream_fixture.h"
#include "support/unit.h"

struct visited {
    uint64_t next;
    size_t count;
};

static void check_event(void *context, const struct stream_event *event) {
    struct visited *visited = context;
    uint64_t framed;
    assert_int_equal(event->seq, visited->next);
    memcpy(&framed, event->frame->bytes + 2, sizeof(framed));
    assert_int_equal(framed, event->seq);
    visited->next++;
    visited->count++;
}

/* The number of cached events after a position; -1 if the cache does not reach back so far. */
static int cached_after(const struct fixture *fixture, uint64_t after) {
    struct visited visited = {after + 1, 0};
    const bool whole = stream_recent(&fixture->stream, after, check_event, &visited);
    assert_true(whole || visited.count == 0);
    if (whole)
        assert_int_equal(visited.count, fixture->stream.last_seq - after);
    return whole ? (int)visited.count : -1;
}

static void cache_has_the_last_events(void **state) {
    struct fixture fixture;
    (void)state;
    fixture_begin(&fixture);
    assert_int_equal(cached_after(&fixture, 0), -1);
    stream_start(&fixture.stream, 10);
    assert_int_equal(cached_after(&fixture, 10), 0);
    assert_int_equal(cached_after(&fixture, 9), -1);
    assert_int_equal(cached_after(&fixture, 11), -1);
    for (uint64_t seq = 11; seq <= 400; seq++) {
        fixture_receive(&fixture, seq);
        assert_int_equal(cached_after(&fixture, seq), 0);
        assert_int_equal(cached_after(&fixture, seq - 1), 1);
        assert_int_equal(cached_after(&fixture, seq + 1), -1);
        const uint64_t kept = fixture.stream.recent.count;
        assert_in_range(kept, seq < 10 + STREAM_RECENT / 2 ? seq - 10 : STREAM_RECENT / 2,
                        STREAM_RECENT);
        assert_int_equal(cached_after(&fixture, seq - kept), kept);
        assert_int_equal(cached_after(&fixture, seq - kept - 1), -1);
    }
    assert_int_equal(cached_after(&fixture, 0), -1);
    assert_int_equal(cached_after(&fixture, UINT64_MAX), -1);
    fixture_end(&fixture);
}

static void an_edit_empties_the_cache(void **state) {
    static const unsigned changes[] = {EVENT_MESSAGE_EDITED, EVENT_MESSAGE_DELETED};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct fixture fixture;
        fixture_begin_at(&fixture, 0);
        fixture_receive_type(&fixture, 1, EVENT_NEW_MESSAGE, 70);
        /* One that may quote it. */
        fixture_receive_type(&fixture, 2, EVENT_NEW_MESSAGE, 71);
        fixture_receive_type(&fixture, 3, changes[i], 70);
        assert_int_equal(cached_after(&fixture, 2), 1);
        assert_int_equal(cached_after(&fixture, 1), -1);
        fixture_end(&fixture);
    }
}

static void a_reaction_drops_what_shows_the_reactions(void **state) {
    struct fixture fixture;
    (void)state;
    fixture_begin_at(&fixture, 0);
    fixture_receive_type(&fixture, 1, EVENT_NEW_MESSAGE, 70);
    fixture_receive_type(&fixture, 2, EVENT_NEW_MESSAGE, 71);
    fixture_receive_type(&fixture, 3, EVENT_REACTIONS_CHANGED, 70);
    fixture_receive_type(&fixture, 4, EVENT_NEW_MESSAGE, 72);
    assert_int_equal(cached_after(&fixture, 1), 3);
    assert_int_equal(cached_after(&fixture, 0), -1);
    fixture_receive_type(&fixture, 5, EVENT_REACTIONS_CHANGED, 71);
    assert_int_equal(cached_after(&fixture, 2), 3);
    assert_int_equal(cached_after(&fixture, 1), -1);
    fixture_receive_type(&fixture, 6, EVENT_REACTIONS_CHANGED, 70);
    assert_int_equal(cached_after(&fixture, 3), 3);
    assert_int_equal(cached_after(&fixture, 2), -1);
    fixture_receive_type(&fixture, 7, EVENT_REACTIONS_CHANGED, 99);
    assert_int_equal(cached_after(&fixture, 3), 4);
    fixture_end(&fixture);
}

/* Offers the events from first to last for the cache. */
static void cache(struct fixture *fixture, uint64_t first, uint64_t last) {
    struct stream_event events[3 * STREAM_RECENT] = {{0}};
    uint32_t count = 0;
    for (uint64_t seq = first; seq <= last; seq++)
        events[count++] = fixture_event(seq, EVENT_NEW_MESSAGE, seq);
    stream_cache(&fixture->stream, events, count);
    for (uint32_t i = 0; i < count; i++)
        frame_release(events[i].frame);
}

static void read_events_are_cached_for_the_next_client(void **state) {
    struct fixture fixture;
    (void)state;
    fixture_begin_at(&fixture, 200);
    cache(&fixture, 198, 200);
    assert_int_equal(cached_after(&fixture, 197), 3);
    assert_int_equal(cached_after(&fixture, 196), -1);
    fixture_receive(&fixture, 201);
    assert_int_equal(cached_after(&fixture, 197), 4);
    fixture_end(&fixture);
    fixture_begin_at(&fixture, 200);
    cache(&fixture, 50, 200);
    assert_int_equal(cached_after(&fixture, 200 - STREAM_RECENT), STREAM_RECENT);
    fixture_end(&fixture);
}

static void events_that_do_not_end_with_the_last_are_not_cached(void **state) {
    struct fixture fixture;
    (void)state;
    fixture_begin(&fixture);
    cache(&fixture, 8, 10);
    assert_int_equal(fixture.stream.recent.count, 0);
    fixture_end(&fixture);
    fixture_begin_at(&fixture, 10);
    cache(&fixture, 7, 9);
    cache(&fixture, 9, 11);
    cache(&fixture, 11, 10);
    assert_int_equal(fixture.stream.recent.count, 0);
    fixture_receive(&fixture, 11);
    cache(&fixture, 9, 11);
    assert_int_equal(fixture.stream.recent.count, 1);
    fixture_end(&fixture);
}

static void edit_drops_read_events_from_the_cache(void **state) {
    struct fixture fixture;
    (void)state;
    fixture_begin_at(&fixture, 10);
    cache(&fixture, 8, 10);
    fixture_receive_type(&fixture, 11, EVENT_MESSAGE_DELETED, 9);
    assert_int_equal(cached_after(&fixture, 10), 1);
    assert_int_equal(cached_after(&fixture, 9), -1);
    fixture_end(&fixture);
}

/* A room shows its last message. */
static void a_reaction_drops_the_room_from_the_cache(void **state) {
    struct fixture fixture;
    (void)state;
    fixture_begin_at(&fixture, 0);
    fixture_receive_type(&fixture, 1, EVENT_USER_INVITED, 70);
    fixture_receive_type(&fixture, 2, EVENT_ROOM_UPDATED, 0);
    fixture_receive_type(&fixture, 3, EVENT_USER_INVITED, 71);
    assert_int_equal(cached_after(&fixture, 0), 3);
    fixture_receive_type(&fixture, 4, EVENT_REACTIONS_CHANGED, 60);
    assert_int_equal(cached_after(&fixture, 2), 2);
    assert_int_equal(cached_after(&fixture, 1), -1);
    fixture_end(&fixture);
}

static void other_events_keep_the_cache(void **state) {
    struct fixture fixture;
    (void)state;
    fixture_begin_at(&fixture, 0);
    fixture_receive_type(&fixture, 1, EVENT_NEW_MESSAGE, 70);
    fixture_receive_type(&fixture, 2, EVENT_USER_REMOVED, 70);
    fixture_receive_type(&fixture, 3, EVENT_MEMBER_UPDATED, 70);
    fixture_receive_type(&fixture, 4, EVENT_MESSAGE_UNPINNED, 70);
    fixture_receive_type(&fixture, 5, EVENT_ROOM_UPDATED, 70);
    assert_int_equal(cached_after(&fixture, 0), 5);
    fixture_end(&fixture);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cache_has_the_last_events),
        cmocka_unit_test(an_edit_empties_the_cache),
        cmocka_unit_test(a_reaction_drops_what_shows_the_reactions),
        cmocka_unit_test(read_events_are_cached_for_the_next_client),
        cmocka_unit_test(events_that_do_not_end_with_the_last_are_not_cached),
        cmocka_unit_test(edit_drops_read_events_from_the_cache),
        cmocka_unit_test(a_reaction_drops_the_room_from_the_cache),
        cmocka_unit_test(other_events_keep_the_cache),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
