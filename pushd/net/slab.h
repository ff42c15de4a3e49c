/*
 * slabs: memory for what is large and short-lived, apart from the heap.
 *
 * The heads of handshakes take 20 KB each, for a moment; from the heap, with what lives long
 * allocated between them, they leave holes that nothing else fits into. Here they have a
 * region of their own, and what was used at a rush goes back to the system.
 *
 * One thread.
 */
#ifndef CONFAB_PUSHD_SLABS_H
#define CONFAB_PUSHD_SLABS_H

#include <stdbool.h>
#include <stddef.h>

struct slabs;

/* Keeps addresses for so many slabs of `size` bytes; memory only for those in use, and a few
 * more. */
struct slabs *slabs_new(size_t size, unsigned count);

/* A slab, its content undefined; NULL if all are in use. */
void *slabs_take(struct slabs *slabs);

/* Whether that is the address of a slab. */
bool slabs_own(const struct slabs *slabs, const void *slab);

/* Gives one back. */
void slabs_give(struct slabs *slabs, void *slab);

/* Gives the system the memory of those not in use, but for a few; for now and then. */
void slabs_trim(struct slabs *slabs);

/* Frees everything; none may be in use. */
void slabs_free(struct slabs *slabs);

#endif
