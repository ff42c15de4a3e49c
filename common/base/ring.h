/*
 * ring: a first-in, first-out queue of elements of one size, in one block that grows.
 *
 * A zeroed ring is empty and owns no memory, so it can be a member of a zeroed struct. Memory
 * that runs out ends the process (base/xalloc.h).
 */
#ifndef CONFAB_RING_H
#define CONFAB_RING_H

#include <stddef.h>
#include <stdint.h>

/* Callers read `count`; the rest is the ring's own. */
struct ring {
    unsigned char *slots;
    uint32_t first; /* slot of the oldest element */
    uint32_t count; /* elements in the ring */
    uint32_t space; /* slots allocated */
    uint32_t size;  /* bytes of an element */
};

/* Appends an element of `size` bytes, the same for each call on one ring, and returns where it
 * is: zeroed, for the caller to fill. Elements move when another one is appended. */
void *ring_push(struct ring *ring, size_t size);

/* The element at an index from the oldest one, which is 0; the index must be below count. */
void *ring_at(const struct ring *ring, uint32_t index);

/* Removes the oldest element; the ring must not be empty. */
void ring_pop(struct ring *ring);

/* Frees the memory; the ring is then zeroed. Elements that own something are the caller's to
 * release first. */
void ring_free(struct ring *ring);

#endif
