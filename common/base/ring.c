/* A circular buffer: the element at an index is in slot (first + index) modulo the space. The
 * space doubles when it is full and never shrinks; the size of an element is taken from the
 * first push. */
#include "base/ring.h"

#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"

#define FIRST_SPACE 8

void *ring_at(const struct ring *ring, uint32_t index) {
    /* In 64 bits, so that the sum cannot wrap. */
    const uint64_t slot = ((uint64_t)ring->first + index) % ring->space;
    return ring->slots + slot * ring->size;
}

void *ring_push(struct ring *ring, size_t size) {
    if (ring->count == ring->space) {
        /* The elements are copied in order, so that the new block starts with the oldest. */
        const uint32_t space = ring->space ? ring->space * 2 : FIRST_SPACE;
        unsigned char *slots = xcalloc(space, size);
        for (uint32_t i = 0; i < ring->count; i++)
            memcpy(slots + i * size, ring_at(ring, i), size);
        free(ring->slots);
        ring->slots = slots;
        ring->first = 0;
        ring->space = space;
        ring->size = (uint32_t)size;
    }
    return memset(ring_at(ring, ring->count++), 0, size);
}

void ring_pop(struct ring *ring) {
    ring->first = (ring->first + 1) % ring->space;
    ring->count--;
}

void ring_free(struct ring *ring) {
    free(ring->slots);
    *ring = (struct ring){0};
}
