/* ring: order, wrapping around, growth, and an empty ring without memory. */
#include <stdlib.h>

#include "base/ring.h"
#include "support/unit.h"

struct element {
    uint64_t number;
    char letter;
};

static void push(struct ring *ring, uint64_t number) {
    struct element *element = ring_push(ring, sizeof(*element));
    assert_true(element->number == 0 && element->letter == 0);
    *element = (struct element){number, (char)('a' + number % 26)};
}

static void assert_element(const struct ring *ring, uint32_t index, uint64_t number) {
    const struct element *element = ring_at(ring, index);
    assert_true(element->number == number);
    assert_int_equal(element->letter, 'a' + number % 26);
}

static void a_zeroed_ring_is_empty(void **state) {
    struct ring ring = {0};
    (void)state;
    assert_int_equal(ring.count, 0);
    ring_free(&ring);
    assert_null(ring.slots);
}

static void the_first_in_is_the_first_out(void **state) {
    struct ring ring = {0};
    (void)state;
    for (uint64_t i = 0; i < 100; i++)
        push(&ring, i);
    for (uint64_t i = 0; i < 100; i++) {
        assert_int_equal(ring.count, 100 - i);
        assert_element(&ring, 0, i);
        ring_pop(&ring);
    }
    assert_int_equal(ring.count, 0);
    ring_free(&ring);
}

/* A queue whose length goes up and down at random has the same elements as two counters say. */
static void order_is_kept_while_wrapping_and_growing(void **state) {
    struct ring ring = {0};
    uint64_t pushed = 0, popped = 0;
    unsigned short seed[3] = {1, 2, 3};
    (void)state;
    for (unsigned step = 0; step < 20000; step++) {
        const long most = step % 2000 < 1000 ? 60 : 40; /* per cent of pushes */
        if (pushed == popped || nrand48(seed) % 100 < most) {
            push(&ring, pushed++);
        } else {
            ring_pop(&ring);
            popped++;
        }
        assert_int_equal(ring.count, pushed - popped);
        if (ring.count > 0) {
            assert_element(&ring, 0, popped);
            assert_element(&ring, ring.count - 1, pushed - 1);
            assert_element(&ring, ring.count / 2, popped + ring.count / 2);
        }
    }
    ring_free(&ring);
}

static void a_short_queue_does_not_grow(void **state) {
    struct ring ring = {0};
    (void)state;
    push(&ring, 0);
    const uint32_t space = ring.space;
    for (uint64_t i = 1; i < 1000; i++) {
        push(&ring, i);
        ring_pop(&ring);
        assert_element(&ring, 0, i);
    }
    assert_int_equal(ring.space, space);
    ring_free(&ring);
}

static void a_freed_ring_can_be_used_again(void **state) {
    struct ring ring = {0};
    (void)state;
    push(&ring, 1);
    ring_free(&ring);
    assert_int_equal(ring.count, 0);
    push(&ring, 2);
    assert_element(&ring, 0, 2);
    ring_free(&ring);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_zeroed_ring_is_empty),
        cmocka_unit_test(the_first_in_is_the_first_out),
        cmocka_unit_test(order_is_kept_while_wrapping_and_growing),
        cmocka_unit_test(a_short_queue_does_not_grow),
        cmocka_unit_test(a_freed_ring_can_be_used_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
