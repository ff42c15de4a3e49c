/*
 * slab: memory for what is large and short-lived, apart from the heap.
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

struct slab;

/* Keeps addresses for so many slab of `size` bytes; memory only for those in use, and a few
 * more. */
struct slab *slab_new(size_t size, unsigned count);

/* A slab, its content undefined; NULL if all are in use. */
void *slab_alloc(struct slab *slab);

/* Whether that is the address of a slab. */
bool slab_owns(const struct slab *slab, const void *block);

/* Gives one back. */
void slab_release(struct slab *slab, void *block);

/* Gives the system the memory of those not in use, but for a few; for now and then. */
void slab_trim(struct slab *slab);

/* Frees everything; none may be in use. */
void slab_free(struct slab *slab);

#endif
