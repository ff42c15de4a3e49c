/* slab: each is given out once, and their memory goes back after a rush. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#include <cmocka.h>

#include "net/slab.h"

#define SIZE 20000
#define COUNT 100

static void each_slab_has_memory_of_its_own(void **state) {
    unsigned char *taken[COUNT];
    struct slab *slab = slab_new(SIZE, COUNT);
    (void)state;
    for (int i = 0; i < COUNT; i++) {
        taken[i] = slab_alloc(slab);
        assert_non_null(taken[i]);
        assert_true(slab_owns(slab, taken[i]));
        memset(taken[i], i, SIZE);
    }
    for (int i = 0; i < COUNT; i++) {
        assert_int_equal(taken[i][0], i);
        assert_int_equal(taken[i][SIZE - 1], i);
        slab_release(slab, taken[i]);
    }
    slab_free(slab);
}

static void there_are_no_more_than_asked_for(void **state) {
    void *taken[COUNT];
    struct slab *slab = slab_new(SIZE, COUNT);
    (void)state;
    for (int i = 0; i < COUNT; i++)
        taken[i] = slab_alloc(slab);
    assert_null(slab_alloc(slab));
    slab_release(slab, taken[7]);
    assert_ptr_equal(slab_alloc(slab), taken[7]);
    for (int i = 0; i < COUNT; i++)
        slab_release(slab, taken[i]);
    slab_free(slab);
}

static void other_memory_is_none_of_theirs(void **state) {
    struct slab *slab = slab_new(SIZE, COUNT);
    (void)state;
    assert_false(slab_owns(slab, NULL));
    assert_false(slab_owns(slab, slab));
    slab_free(slab);
}

/* How many pages of a slab are in memory. */
static unsigned pages_of(unsigned char *slab) {
    unsigned char in_memory[(SIZE + 4095) / 4096];
    unsigned pages = 0;
    assert_int_equal(mincore(slab, SIZE, in_memory), 0);
    for (size_t i = 0; i < sizeof(in_memory); i++)
        pages += in_memory[i] & 1;
    return pages;
}

static void memory_of_a_rush_goes_back_to_the_system(void **state) {
    unsigned char *taken[COUNT];
    unsigned pages = 0;
    struct slab *slab = slab_new(SIZE, COUNT);
    (void)state;
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < COUNT; i++)
            memset(taken[i] = slab_alloc(slab), 1, SIZE);
        for (int i = 0; i < COUNT; i++)
            slab_release(slab, taken[i]);
        slab_trim(slab);
    }
    for (int i = 0; i < COUNT; i++)
        pages += pages_of(taken[i]);
    assert_in_range(pages, 1, COUNT);
    slab_free(slab);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_slab_has_memory_of_its_own),
        cmocka_unit_test(there_are_no_more_than_asked_for),
        cmocka_unit_test(other_memory_is_none_of_theirs),
        cmocka_unit_test(memory_of_a_rush_goes_back_to_the_system),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
