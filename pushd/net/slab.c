#include "net/slab.h"

#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "base/xalloc.h"

/* Slabs not in use that keep their memory: handshakes come and go all the time. */
#define WARM 8

#define PAGE ((size_t)4096)

struct slab {
    unsigned char *region; /* NULL: the system has none to give */
    size_t size;
    unsigned count;
    unsigned idle;    /* how many are in the stack */
    unsigned cold;    /* of these, the lowest so many have no memory */
    uint32_t stack[]; /* those not in use; the uppermost was used last */
};

struct slab *slab_new(size_t size, unsigned count) {
    struct slab *slab = xcalloc(1, sizeof(*slab) + count * sizeof(slab->stack[0]));
    slab->size = (size + PAGE - 1) / PAGE * PAGE;
    void *region = mmap(NULL, slab->size * count, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (region == MAP_FAILED)
        return slab;
    slab->region = region;
    slab->count = slab->idle = slab->cold = count;
    for (unsigned i = 0; i < count; i++)
        slab->stack[i] = count - 1 - i;
    return slab;
}

void *slab_take(struct slab *slab) {
    if (slab->idle == 0)
        return NULL;
    slab->idle--;
    if (slab->cold > slab->idle)
        slab->cold = slab->idle;
    return slab->region + slab->stack[slab->idle] * slab->size;
}

bool slab_own(const struct slab *slab, const void *block) {
    const uintptr_t first = (uintptr_t)slab->region, at = (uintptr_t)block;
    return at >= first && at < first + slab->size * slab->count;
}

void slab_give(struct slab *slab, void *block) {
    const size_t offset = (size_t)((unsigned char *)block - slab->region);
    slab->stack[slab->idle++] = (uint32_t)(offset / slab->size);
}

void slab_trim(struct slab *slab) {
    for (; slab->cold + WARM < slab->idle; slab->cold++)
        madvise(slab->region + slab->stack[slab->cold] * slab->size, slab->size, MADV_DONTNEED);
}

void slab_free(struct slab *slab) {
    if (slab->region)
        munmap(slab->region, slab->size * slab->count);
    free(slab);
}
