/* long_lists: what is remembered of a token, and what makes room for another. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "long_lists.h"

static struct long_lists *lists;

static int set_up(void **state) {
    (void)state;
    lists = long_lists_new();
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    long_lists_free(lists);
    return 0;
}

/* Tokens of the same `start` share a place. */
static const unsigned char *hash_of(unsigned start, unsigned end) {
    static unsigned char hash[SECRET_HASH_SIZE];
    memset(hash, 0, sizeof(hash));
    memcpy(hash, &start, sizeof(start));
    memcpy(hash + SECRET_HASH_SIZE - sizeof(end), &end, sizeof(end));
    return hash;
}

static void test_nobody_is_known_at_first(void **state) {
    (void)state;
    assert_int_equal(long_lists_find(lists, hash_of(0, 0)), 0);
    assert_int_equal(long_lists_find(lists, hash_of(1, 2)), 0);
}

static void test_the_number_is_the_last_one_noted(void **state) {
    (void)state;
    long_lists_note(lists, hash_of(1, 1), 1000);
    long_lists_note(lists, hash_of(2, 1), 50);
    assert_int_equal(long_lists_find(lists, hash_of(1, 1)), 1000);
    long_lists_note(lists, hash_of(1, 1), 999);
    assert_int_equal(long_lists_find(lists, hash_of(1, 1)), 999);
    assert_int_equal(long_lists_find(lists, hash_of(2, 1)), 50);
}

static void test_a_token_takes_the_place_of_another_and_not_its_number(void **state) {
    (void)state;
    long_lists_note(lists, hash_of(1, 1), 1000);
    assert_int_equal(long_lists_find(lists, hash_of(1, 2)), 0);
    long_lists_note(lists, hash_of(1, 2), 70);
    assert_int_equal(long_lists_find(lists, hash_of(1, 2)), 70);
    assert_int_equal(long_lists_find(lists, hash_of(1, 1)), 0);
}

static void test_none_forgets_that_token_alone(void **state) {
    (void)state;
    long_lists_note(lists, hash_of(1, 1), 1000);
    long_lists_note(lists, hash_of(1, 2), 0);
    assert_int_equal(long_lists_find(lists, hash_of(1, 1)), 1000);
    long_lists_note(lists, hash_of(1, 1), 0);
    assert_int_equal(long_lists_find(lists, hash_of(1, 1)), 0);
}

int main(void) {
#define TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_nobody_is_known_at_first),
        TEST(test_the_number_is_the_last_one_noted),
        TEST(test_a_token_takes_the_place_of_another_and_not_its_number),
        TEST(test_none_forgets_that_token_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
