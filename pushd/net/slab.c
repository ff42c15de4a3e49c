#include "net/slab.h"

#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "base/xalloc.h"

/* Slabs not in use that keep their memory: handshakes come and go all the time. */
#define WARM 8

#define PAGE ((size_t)4096)

struct slabs {
    unsigned char *region; /* NULL: the system has none to give */
    size_t size;
    unsigned count;
    unsigned idle;    /* how many are in the stack */
    unsigned cold;    /* of these, the lowest so many have no memory */
    uint32_t stack[]; /* those not in use; the uppermost was used last */
};

struct slabs *slabs_new(size_t size, unsigned count) {
    struct slabs *slabs = memory_zeroed(1, sizeof(*slabs) + count * sizeof(slabs->stack[0]));
    slabs->size = (size + PAGE - 1) / PAGE * PAGE;
    void *region = mmap(NULL, slabs->size * count, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (region == MAP_FAILED)
        return slabs;
    slabs->region = region;
    slabs->count = slabs->idle = slabs->cold = count;
    for (unsigned i = 0; i < count; i++)
        slabs->stack[i] = count - 1 - i;
    return slabs;
}

void *slabs_take(struct slabs *slabs) {
    if (slabs->idle == 0)
        return NULL;
    slabs->idle--;
    if (slabs->cold > slabs->idle)
        slabs->cold = slabs->idle;
    return slabs->region + slabs->stack[slabs->idle] * slabs->size;
}

bool slabs_own(const struct slabs *slabs, const void *slab) {
    const uintptr_t first = (uintptr_t)slabs->region, at = (uintptr_t)slab;
    return at >= first && at < first + slabs->size * slabs->count;
}

void slabs_give(struct slabs *slabs, void *slab) {
    const size_t offset = (size_t)((unsigned char *)slab - slabs->region);
    slabs->stack[slabs->idle++] = (uint32_t)(offset / slabs->size);
}

void slabs_trim(struct slabs *slabs) {
    for (; slabs->cold + WARM < slabs->idle; slabs->cold++)
        madvise(slabs->region + slabs->stack[slabs->cold] * slabs->size, slabs->size,
                MADV_DONTNEED);
}

void slabs_free(struct slabs *slabs) {
    if (slabs->region)
        munmap(slabs->region, slabs->size * slabs->count);
    free(slabs);
}
