/* slab: each block is allocated once, and memory is returned after a burst. */
#include <string.h>
#include <sys/mman.h>

#include "net/slab.h"
#include "support/unit.h"

#define SIZE 20000
#define BLOCKS 100

static void blocks_do_not_overlap(void **state) {
    unsigned char *blocks[BLOCKS];
    struct slab *slab = slab_new(SIZE, BLOCKS);
    (void)state;
    for (int i = 0; i < BLOCKS; i++) {
        blocks[i] = slab_alloc(slab);
        assert_non_null(blocks[i]);
        assert_true(slab_owns(slab, blocks[i]));
        memset(blocks[i], i, SIZE);
    }
    for (int i = 0; i < BLOCKS; i++) {
        assert_int_equal(blocks[i][0], i);
        assert_int_equal(blocks[i][SIZE - 1], i);
        slab_release(slab, blocks[i]);
    }
    slab_free(slab);
}

static void blocks_run_out_and_are_reused(void **state) {
    void *blocks[BLOCKS];
    struct slab *slab = slab_new(SIZE, BLOCKS);
    (void)state;
    for (int i = 0; i < BLOCKS; i++)
        blocks[i] = slab_alloc(slab);
    assert_null(slab_alloc(slab));
    slab_release(slab, blocks[7]);
    assert_ptr_equal(slab_alloc(slab), blocks[7]);
    for (int i = 0; i < BLOCKS; i++)
        slab_release(slab, blocks[i]);
    slab_free(slab);
}

static void other_addresses_are_not_owned(void **state) {
    struct slab *slab = slab_new(SIZE, BLOCKS);
    (void)state;
    assert_false(slab_owns(slab, NULL));
    assert_false(slab_owns(slab, slab));
    slab_free(slab);
}

/* The number of resident pages of a block. */
static unsigned resident_pages(unsigned char *block) {
    unsigned char in_memory[(SIZE + 4095) / 4096];
    unsigned pages = 0;
    assert_int_equal(mincore(block, SIZE, in_memory), 0);
    for (size_t i = 0; i < sizeof(in_memory); i++)
        pages += in_memory[i] & 1;
    return pages;
}

static void memory_of_a_burst_is_returned(void **state) {
    unsigned char *blocks[BLOCKS];
    unsigned pages = 0;
    struct slab *slab = slab_new(SIZE, BLOCKS);
    (void)state;
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < BLOCKS; i++)
            memset(blocks[i] = slab_alloc(slab), 1, SIZE);
        for (int i = 0; i < BLOCKS; i++)
            slab_release(slab, blocks[i]);
        slab_trim(slab);
    }
    for (int i = 0; i < BLOCKS; i++)
        pages += resident_pages(blocks[i]);
    assert_in_range(pages, 1, BLOCKS);
    slab_free(slab);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_do_not_overlap),
        cmocka_unit_test(blocks_run_out_and_are_reused),
        cmocka_unit_test(other_addresses_are_not_owned),
        cmocka_unit_test(memory_of_a_burst_is_returned),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
