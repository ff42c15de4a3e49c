/* user_names: what is found, what is bounded, what is forgotten. */
#include <stdio.h>

#include "store/users/user_names.h"
#include "support/unit.h"

static struct user_names *names;
static struct db *db; /* never connected */

static int set_up(void **state) {
    (void)state;
    db = db_new(NULL);
    names = user_names_new();
    user_names_begin(names, db);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    user_names_free(names);
    db_free(db);
    return 0;
}

static void note(uint64_t id) {
    char name[33];
    snprintf(name, sizeof(name), "user-%llu", (unsigned long long)id);
    user_names_add(names, id, text_of(name));
}

static void assert_known(uint64_t id) {
    char name[33];
    snprintf(name, sizeof(name), "user-%llu", (unsigned long long)id);
    assert_true(text_equals(user_names_find(names, id), text_of(name)));
}

static void test_found_by_id(void **state) {
    (void)state;
    assert_null(user_names_find(names, 7).at);
    note(7);
    note(7 + 4096); /* belongs to the same place */
    note(UINT64_MAX);
    assert_known(7);
    assert_known(7 + 4096);
    assert_known(UINT64_MAX);
    assert_null(user_names_find(names, 7 + 8192).at);
    assert_null(user_names_find(names, 0).at);
}

static void test_longest_name(void **state) {
    (void)state;
    static const char longest[] = "abcdefghijklmnopqrstuvwxyz012345";
    user_names_add(names, 1, text_of(longest));
    assert_true(text_equals(user_names_find(names, 1), text_of(longest)));
}

/* However many are noted, finding comes to an end and nothing is mixed up. */
static void test_bounded(void **state) {
    (void)state;
    for (uint64_t id = 1; id <= 10000; id++)
        note(id);
    assert_known(1);
    assert_known(3000);
    assert_null(user_names_find(names, 10000).at);
    user_names_begin(names, db);
    assert_null(user_names_find(names, 1).at);
    note(10000);
    assert_known(10000);
}

static void test_kept_from_list_to_list(void **state) {
    (void)state;
    for (uint64_t id = 1; id <= 1000; id++)
        note(id);
    user_names_begin(names, db);
    assert_known(1);
    assert_known(1000);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_found_by_id, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_longest_name, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_bounded, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_kept_from_list_to_list, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
