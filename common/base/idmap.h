/*
 * idmap: what belongs to a number: a table from any uint64_t to a pointer.
 *
 * Open addressing in one block of memory that grows and shrinks with the number of keys;
 * an empty map has no block, so a map can stand by value in a struct that is zeroed and
 * freed without a word. Values are borrowed, never freed here.
 */
#ifndef CONFAB_PUSHD_IDMAP_H
#define CONFAB_PUSHD_IDMAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct idmap_slot;

/* Zeroed is empty. The fields are idmap's own. */
struct idmap {
    struct idmap_slot *slots;
    uint32_t size; /* slots, a power of two, or 0 */
    uint32_t count;
};

/* The value of a key; NULL if it has none. */
void *idmap_get(const struct idmap *map, uint64_t key);

/* Gives a key a value, which must not be NULL; returns the one it had, or NULL. */
void *idmap_put(struct idmap *map, uint64_t key, void *value);

/* Takes a key out; returns the value it had, or NULL. */
void *idmap_remove(struct idmap *map, uint64_t key);

/* How many keys there are. */
size_t idmap_count(const struct idmap *map);

/* Calls fn for every key, in no order. fn must not put into this map nor remove from it. */
void idmap_each(const struct idmap *map, void (*fn)(void *context, uint64_t key, void *value),
                void *context);

/* Calls keep for every key, once each and in no order, and takes out those for which it
 * answers false. keep must not change this map. */
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

/* Empties the map and frees its memory. */
void idmap_free(struct idmap *map);

#endif
