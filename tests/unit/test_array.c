/* array: growth and preserved content. */
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "support/unit.h"

static void elements_are_kept_while_the_array_grows(void **state) {
    uint64_t *items = NULL;
    size_t space = 0;
    (void)state;
    for (uint64_t i = 0; i < 10000; i++) {
        items = array_reserve(items, &space, i + 1, sizeof(*items));
        assert_true(space >= i + 1);
        items[i] = i * i;
    }
    for (uint64_t i = 0; i < 10000; i++)
        assert_true(items[i] == i * i);
    free(items);
}

static void sufficient_space_is_not_reallocated(void **state) {
    size_t space = 0;
    uint32_t *items = array_reserve(NULL, &space, 5, sizeof(*items));
    const size_t before = space;
    (void)state;
    assert_true(before >= 5);
    assert_ptr_equal(array_reserve(items, &space, before, sizeof(*items)), items);
    assert_ptr_equal(array_reserve(items, &space, 0, sizeof(*items)), items);
    assert_int_equal(space, before);
    free(items);
}

static void space_is_doubled(void **state) {
    unsigned moves = 0;
    char *items = NULL;
    size_t space = 0;
    (void)state;
    for (size_t i = 0; i < 1u << 16; i++) {
        const size_t before = space;
        items = array_reserve(items, &space, i + 1, sizeof(*items));
        moves += space != before;
    }
    assert_in_range(moves, 1, 16);
    free(items);
}

static void many_elements_are_reserved_at_once(void **state) {
    size_t space = 0;
    char *items = array_reserve(NULL, &space, 1000, 3);
    (void)state;
    assert_in_range(space, 1000, 2000);
    memset(items, 'x', space * 3);
    free(items);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(elements_are_kept_while_the_array_grows),
        cmocka_unit_test(sufficient_space_is_not_reallocated),
        cmocka_unit_test(space_is_doubled),
        cmocka_unit_test(many_elements_are_reserved_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
