/*
 * slab: one mapped region, cut into blocks, and a stack of the unused ones. Addresses are reserved
 * at once; the kernel adds memory when a block is first written, and takes it back by madvise(2).
 * The stack is last in, first out: blocks at its bottom are idle longest, so those lose their
 * memory.
 */
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
    /* MAP_NORESERVE: only what is used counts, not the whole region. */
    void *region = mmap(NULL, slab->size * count, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (region == MAP_FAILED)
        return slab;
    slab->region = region;
    slab->count = slab->unused = slab->trimmed = count;
    /* The first block comes on top, so that the blocks at the start of the region are used
     * first. */
    for (unsigned i = 0; i < count; i++)
        slab->stack[i] = count - 1 - i;
    return slab;
}

void *slab_alloc(struct slab *slab) {
    if (slab->unused == 0)
        return NULL;
    slab->unused--;
    /* The block on top may be one without memory; it gets memory when it is written. */
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
    /* All but the topmost KEEP_RESIDENT blocks of the stack; those below `trimmed` are done. */
    for (; slab->trimmed + KEEP_RESIDENT < slab->unused; slab->trimmed++)
        madvise(slab->region + slab->stack[slab->trimmed] * slab->size, slab->size, MADV_DONTNEED);
}

void slab_free(struct slab *slab) {
    if (slab->region)
        munmap(slab->region, slab->size * slab->count);
    free(slab);
}
