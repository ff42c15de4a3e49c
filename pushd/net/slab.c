/* slab: a mapped region and a stack of its unused blocks. */
#include "net/slab.h"

#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "base/xalloc.h"

/* Unused blocks that keep their memory, since handshakes come and go all the time. */
#define KEEP_RESIDENT 8

#define PAGE ((size_t)4096)

struct slab {
    unsigned char *region; /* NULL: mmap failed */
    size_t size;           /* of a block, whole pages */
    unsigned count;
    unsigned unused;  /* blocks in the stack */
    unsigned trimmed; /* of these, the lowest ones that have no memory */
    uint32_t stack[]; /* indexes of unused blocks; the one used last on top */
};

struct slab *slab_new(size_t size, unsigned count) {
    struct slab *slab = xcalloc(1, sizeof(*slab) + count * sizeof(slab->stack[0]));
    slab->size = (size + PAGE - 1) / PAGE * PAGE;
    void *region = mmap(NULL, slab->size * count, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (region == MAP_FAILED)
        return slab;
    slab->region = region;
    slab->count = slab->unused = slab->trimmed = count;
    for (unsigned i = 0; i < count; i++)
        slab->stack[i] = count - 1 - i;
    return slab;
}

void *slab_alloc(struct slab *slab) {
    if (slab->unused == 0)
        return NULL;
    slab->unused--;
    if (slab->trimmed > slab->unused)
        slab->trimmed = slab->unused;
    return slab->region + slab->stack[slab->unused] * slab->size;
}

bool slab_owns(const struct slab *slab, const void *block) {
    const uintptr_t first = (uintptr_t)slab->region, address = (uintptr_t)block;
    return address >= first && address < first + slab->size * slab->count;
}

void slab_release(struct slab *slab, void *block) {
    const size_t offset = (size_t)((unsigned char *)block - slab->region);
    slab->stack[slab->unused++] = (uint32_t)(offset / slab->size);
}

void slab_trim(struct slab *slab) {
    for (; slab->trimmed + KEEP_RESIDENT < slab->unused; slab->trimmed++)
        madvise(slab->region + slab->stack[slab->trimmed] * slab->size, slab->size, MADV_DONTNEED);
}

void slab_free(struct slab *slab) {
    if (slab->region)
        munmap(slab->region, slab->size * slab->count);
    free(slab);
}
