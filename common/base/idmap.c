/* A hash map from 64-bit ids to pointers, and counters in the same map (the pointer is the count).
 * Linear probing. When a key is removed, those after it move up, so there are no tombstones and a
 * search ends at the first slot without a value. At most three quarters of the slots are in use, so
 * that there is always one. The number of slots is a power of two, or 0 for a map that never had an
 * entry. */
#include "base/idmap.h"

#include <stdlib.h>

#include "base/hash.h"
#include "base/xalloc.h"

struct idmap_slot {
    uint64_t key;
    void *value; /* NULL: the slot is empty */
};

#define MIN_SIZE 4u

/* The slot where the search for a key starts: the upper bits of its product with the golden ratio
 * (Fibonacci hashing), which spreads ids that come in sequence; the lower bits would not. */
static uint32_t home(const struct idmap *map, uint64_t key) {
    /* Mixes the upper half into the lower one, for ids that differ only there. */
    key ^= key >> 32;
    return (uint32_t)((key * UINT64_C(0x9E3779B97F4A7C15)) >> 32) & (map->size - 1);
}

/* The slot that holds the key, or the empty one where it would go. The map has slots. */
static uint32_t find(const struct idmap *map, uint64_t key) {
    uint32_t at = home(map, key);
    /* The table wraps: slot 0 follows the last. */
    while (map->slots[at].value && map->slots[at].key != key)
        at = (at + 1) & (map->size - 1);
    return at;
}

/* Moves all entries into a table of this size, which has room for them. */
static void resize(struct idmap *map, uint32_t size) {
    struct idmap_slot *old = map->slots;
    const uint32_t old_size = map->size;
    /* The table is filled again, since a key's home depends on the size. */
    map->slots = xcalloc(size, sizeof(*map->slots));
    map->size = size;
    for (uint32_t i = 0; i < old_size; i++)
        if (old[i].value)
            map->slots[find(map, old[i].key)] = old[i];
    free(old);
}

/* Halves the table until more than an eighth is in use: far enough below the point where
 * it grows that no sequence of puts and removes resizes it each time. */
static void shrink(struct idmap *map) {
    uint32_t size = map->size;
    if (map->count == 0) {
        idmap_free(map);
        return;
    }
    while (size > MIN_SIZE && map->count <= size / 8)
        size /= 2;
    if (size < map->size)
        resize(map, size);
}

/* Empties a slot and moves up the entries after it that would no longer be found. */
static void vacate(struct idmap *map, uint32_t gap) {
    /* The run ends at the next empty slot; entries after it cannot depend on this one. */
    const uint32_t mask = map->size - 1;
    for (uint32_t at = (gap + 1) & mask; map->slots[at].value; at = (at + 1) & mask) {
        const uint32_t wanted = home(map, map->slots[at].key);
        /* Distances are modulo the size. If the entry's home is at or before the gap, a search
         * for it passes the gap and would stop there: it moves into the gap, which is now where
         * it was. */
        if (((at - wanted) & mask) >= ((at - gap) & mask)) {
            map->slots[gap] = map->slots[at];
            gap = at;
        }
    }
    map->slots[gap].value = NULL;
    map->count--;
}

void *idmap_get(const struct idmap *map, uint64_t key) {
    return map->count > 0 ? map->slots[find(map, key)].value : NULL;
}

void *idmap_put(struct idmap *map, uint64_t key, void *value) {
    /* An empty map has no slots. */
    if (map->size == 0)
        resize(map, MIN_SIZE);
    uint32_t at = find(map, key);
    void *before = map->slots[at].value;
    /* Only a new key can fill the table; a known one just gets its new value. */
    if (!before) {
        if (map->count >= map->size / 4 * 3) {
            resize(map, map->size * 2);
            at = find(map, key);
        }
        map->count++;
    }
    map->slots[at] = (struct idmap_slot){key, value};
    return before;
}

void *idmap_remove(struct idmap *map, uint64_t key) {
    if (map->count == 0)
        return NULL;
    const uint32_t at = find(map, key);
    void *before = map->slots[at].value;
    if (before) {
        vacate(map, at);
        shrink(map);
    }
    return before;
}

size_t idmap_count(const struct idmap *map) {
    return map->count;
}

void idmap_each(const struct idmap *map, void (*fn)(void *context, uint64_t key, void *value),
                void *context) {
    for (uint32_t i = 0; i < map->size; i++)
        if (map->slots[i].value)
            fn(context, map->slots[i].key, map->slots[i].value);
}

/* Walks backwards from an empty slot: an entry that moves up into a vacated slot then comes from
 * after it, where keep has been called already. */
void idmap_filter(struct idmap *map, bool (*keep)(void *context, uint64_t key, void *value),
                  void *context) {
    uint32_t start = 0;
    if (map->count == 0)
        return;
    while (map->slots[start].value)
        start++;
    /* Each other slot once, from the one before the empty one backwards. */
    for (uint32_t i = 1; i < map->size; i++) {
        const uint32_t at = (start - i) & (map->size - 1);
        const struct idmap_slot slot = map->slots[at];
        if (slot.value && !keep(context, slot.key, slot.value))
            vacate(map, at);
    }
    /* Only now, since it would move the slots during the walk. */
    shrink(map);
}

/* ---- counters ---- */

uint64_t idmap_counter(const struct idmap *map, uint64_t key) {
    return (uintptr_t)idmap_get(map, key);
}

uint64_t idmap_increment(struct idmap *map, uint64_t key) {
    const uintptr_t count = (uintptr_t)idmap_get(map, key) + 1;
    idmap_put(map, key, (void *)count);
    return count;
}

uint64_t idmap_decrement(struct idmap *map, uint64_t key) {
    const uintptr_t count = (uintptr_t)idmap_get(map, key);
    if (count > 1)
        idmap_put(map, key, (void *)(count - 1));
    else
        idmap_remove(map, key);
    return count > 1 ? count - 1 : 0;
}

uint64_t idmap_text_key(const char *text) {
    uint64_t hash = HASH_START;
    for (; *text; text++)
        hash = hash_byte(hash, (unsigned char)*text);
    /* 0 is kept free for "no key". */
    return hash ? hash : 1;
}

void idmap_free(struct idmap *map) {
    free(map->slots);
    *map = (struct idmap){0};
}
