#include "net/slab.h"

#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "base/xalloc.h"

/* Slabs not in use that keep their memory: handshakes come and go all the time. */
#define KEEP_RESIDENT 8

#define PAGE ((size_t)4096)

struct slab {
    unsigned char *region; /* NULL: the system has none to give */
    size_t size;
    unsigned count;
    unsigned free_count;     /* how many are in the stack */
    unsigned unmapped_count; /* of these, the lowest so many have no memory */
    uint32_t free_list[];    /* those not in use; the uppermost was used last */
};

struct slab *slab_new(size_t size, unsigned count) {
    struct slab *slab = xcalloc(1, sizeof(*slab) + count * sizeof(slab->free_list[0]));
    slab->size = (size + PAGE - 1) / PAGE * PAGE;
    void *region = mmap(NULL, slab->size * count, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (region == MAP_FAILED)
        return slab;
    slab->region = region;
    slab->count = slab->free_count = slab->unmapped_count = count;
    for (unsigned i = 0; i < count; i++)
        slab->free_list[i] = count - 1 - i;
    return slab;
}

void *slab_alloc(struct slab *slab) {
    if (slab->free_count == 0)
        return NULL;
    slab->free_count--;
    if (slab->unmapped_count > slab->free_count)
        slab->unmapped_count = slab->free_count;
    return slab->region + slab->free_list[slab->free_count] * slab->size;
}

bool slab_owns(const struct slab *slab, const void *block) {
    const uintptr_t first = (uintptr_t)slab->region, at = (uintptr_t)block;
    return at >= first && at < first + slab->size * slab->count;
}

void slab_release(struct slab *slab, void *block) {
    const size_t offset = (size_t)((unsigned char *)block - slab->region);
    slab->free_list[slab->free_count++] = (uint32_t)(offset / slab->size);
}

void slab_trim(struct slab *slab) {
    for (; slab->unmapped_count + KEEP_RESIDENT < slab->free_count; slab->unmapped_count++)
        madvise(slab->region + slab->free_list[slab->unmapped_count] * slab->size, slab->size,
                MADV_DONTNEED);
}

void slab_free(struct slab *slab) {
    if (slab->region)
        munmap(slab->region, slab->size * slab->count);
    free(slab);
}
