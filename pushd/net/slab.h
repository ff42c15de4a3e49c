/*
 * slab: blocks of one size for large, short-lived data, apart from the heap.
 *
 * libwebsockets allocates 20 KB for the headers of each handshake. On the heap, between data
 * that lives long, these blocks leave gaps that nothing else fits into. Here they have a
 * region of their own, and the memory that a burst of handshakes used goes back to the system.
 *
 * Not thread-safe.
 */
#ifndef CONFAB_PUSHD_NET_SLAB_H
#define CONFAB_PUSHD_NET_SLAB_H

#include <stdbool.h>
#include <stddef.h>

struct slab;

/* Reserves addresses for `count` blocks of `size` bytes; memory is allocated when they are
 * used. Never NULL; without addresses, slab_alloc returns NULL each time. */
struct slab *slab_new(size_t size, unsigned count);

/* Returns a block, its content undefined; NULL if all are in use. */
void *slab_alloc(struct slab *slab);

/* Whether an address is that of a block of this slab. */
bool slab_owns(const struct slab *slab, const void *block);

/* Takes a block back. */
void slab_release(struct slab *slab, void *block);

/* Returns the memory of all but a few unused blocks to the system; to be called now and then. */
void slab_trim(struct slab *slab);

/* Frees everything; no block may be in use. */
void slab_free(struct slab *slab);

#endif
