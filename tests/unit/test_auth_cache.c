/* auth_cache: lookup, replacement and removal of entries. */
#include <stdio.h>
#include <string.h>

#include "auth_cache.h"
#include "support/unit.h"

static struct auth_cache *cache;
static struct db *db; /* never connected */

static int set_up(void **state) {
    (void)state;
    db = db_new(NULL);
    cache = auth_cache_new();
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    auth_cache_free(cache);
    db_free(db);
    return 0;
}

/* Tokens with the same `start` share a row for the same room. */
static const unsigned char *hash_of(unsigned start, unsigned end) {
    static unsigned char hash[SECRET_HASH_SIZE];
    memset(hash, 0, sizeof(hash));
    memcpy(hash, &start, sizeof(start));
    memcpy(hash + SECRET_HASH_SIZE - sizeof(end), &end, sizeof(end));
    return hash;
}

static void note(const unsigned char *hash, uint64_t room_id, uint64_t user_id) {
    struct identity identity = {.user = {.id = user_id}, .token_id = user_id + 1000};
    snprintf(identity.user.name, sizeof(identity.user.name), "user-%u", (unsigned)user_id);
    auth_cache_add(cache, db, hash, room_id, &identity);
}

static uint64_t found(const unsigned char *hash, uint64_t room_id) {
    struct identity identity;
    return auth_cache_find(cache, db, hash, room_id, &identity) ? identity.user.id : 0;
}

static void entries_are_found_unchanged(void **state) {
    (void)state;
    struct identity identity;
    memset(&identity, 0xff, sizeof(identity));
    note(hash_of(1, 1), 5, 7);
    assert_true(auth_cache_find(cache, db, hash_of(1, 1), 5, &identity));
    assert_int_equal(identity.user.id, 7);
    assert_string_equal(identity.user.name, "user-7");
    assert_true(identity.user.is_active);
    assert_int_equal(identity.token_id, 1007);
    assert_int_equal(identity.session_id, 0);
    assert_false(identity.room.exists);
}

static void entries_are_found_by_token_and_room(void **state) {
    (void)state;
    note(hash_of(1, 1), 5, 7);
    assert_int_equal(found(hash_of(1, 2), 5), 0);
    assert_int_equal(found(hash_of(1, 1), 6), 0);
    assert_int_equal(found(hash_of(0, 0), 0), 0);
}

static void storing_twice_makes_one_entry(void **state) {
    (void)state;
    note(hash_of(1, 1), 5, 7);
    note(hash_of(1, 1), 5, 8);
    assert_int_equal(found(hash_of(1, 1), 5), 8);
    auth_cache_remove(cache, hash_of(1, 1), 5);
    assert_int_equal(found(hash_of(1, 1), 5), 0);
}

static void removing_one_entry_keeps_the_others(void **state) {
    (void)state;
    note(hash_of(1, 1), 5, 7);
    note(hash_of(1, 2), 5, 8);
    auth_cache_remove(cache, hash_of(1, 1), 5);
    auth_cache_remove(cache, hash_of(1, 3), 5);
    assert_int_equal(found(hash_of(1, 1), 5), 0);
    assert_int_equal(found(hash_of(1, 2), 5), 8);
}

static void new_entries_replace_others(void **state) {
    (void)state;
    unsigned known = 0;
    for (unsigned i = 1; i <= 100; i++)
        note(hash_of(1, i), 5, i);
    assert_int_equal(found(hash_of(1, 100), 5), 100);
    for (unsigned i = 1; i <= 100; i++)
        known += found(hash_of(1, i), 5) == i;
    assert_int_equal(known, 4);
}

static void the_last_row_is_used(void **state) {
    (void)state;
    for (unsigned i = 1; i <= 4; i++)
        note(hash_of(1023, i), 1024, i);
    for (unsigned i = 1; i <= 4; i++)
        assert_int_equal(found(hash_of(1023, i), 1024), i);
}

int main(void) {
#define TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(entries_are_found_unchanged),   TEST(entries_are_found_by_token_and_room),
        TEST(storing_twice_makes_one_entry), TEST(removing_one_entry_keeps_the_others),
        TEST(new_entries_replace_others),    TEST(the_last_row_is_used),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
