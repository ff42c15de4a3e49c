/*
 * idmap: a hash table from uint64_t to a pointer.
 *
 * Open addressing in one block of memory that grows and shrinks with the number of keys. An empty
 * map has no block, so it can be a member of a zeroed struct. Values are borrowed.
 */
#ifndef CONFAB_IDMAP_H
#define CONFAB_IDMAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct idmap_slot;

/* A zeroed map is empty. The members are private. */
struct idmap {
    struct idmap_slot *slots;
    uint32_t size; /* slots, a power of two, or 0 */
    uint32_t count;
};

/* Returns the value of a key; NULL if there is none. */
void *idmap_get(const struct idmap *map, uint64_t key);

/* Sets the value of a key, which must not be NULL; returns the former one, or NULL. */
void *idmap_put(struct idmap *map, uint64_t key, void *value);

/* Removes a key; returns its value, or NULL. */
void *idmap_remove(struct idmap *map, uint64_t key);

/* The number of keys. */
size_t idmap_count(const struct idmap *map);

/* Calls fn for every key, in no particular order. fn must not change the map. */
void idmap_each(const struct idmap *map, void (*fn)(void *context, uint64_t key, void *value),
                void *context);

/* Calls keep for every key once, in no particular order, and removes those for which it returns
 * false. keep must not change the map. */
void idmap_filter(struct idmap *map, bool (*keep)(void *context, uint64_t key, void *value),
                  void *context);

/* A map may hold counters instead of pointers; a counter of 0 takes no slot. Do not mix both in
 * one map. */

/* The counter of a key. */
uint64_t idmap_counter(const struct idmap *map, uint64_t key);

/* Adds one to a counter; returns the new value. */
uint64_t idmap_increment(struct idmap *map, uint64_t key);

/* Subtracts one from a counter that is not 0; returns the new value. */
uint64_t idmap_decrement(struct idmap *map, uint64_t key);

/* A key for a text: its 64-bit FNV-1a hash, never 0. Different texts may share a key. */
uint64_t idmap_text_key(const char *text);

/* Empties the map and frees its memory; the values are the caller's to free first. */
void idmap_free(struct idmap *map);

#endif
