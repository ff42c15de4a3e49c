#include "net/tally.h"

uint64_t tally_count(const struct idmap *map, uint64_t key) {
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

uint64_t tally_key(const char *text) {
    uint64_t hash = 14695981039346656037u;
    for (; *text; text++)
        hash = (hash ^ (unsigned char)*text) * 1099511628211u;
    return hash ? hash : 1;
}
