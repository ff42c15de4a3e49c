/* Growing an array: the space doubles from a first size until the elements fit. */
#include "base/array.h"

#include <stdint.h>

#include "base/xalloc.h"

#define FIRST_SPACE 8

void *array_reserve(void *items, size_t *space, size_t need, size_t size) {
    /* Most calls end here; only a growing array gets further. */
    if (need <= *space)
        return items;
    size_t grown = *space ? *space : FIRST_SPACE;
    /* An overflow asks for more than there is, and xreallocarray ends the process. */
    while (grown < need)
        grown = grown > SIZE_MAX / 2 ? SIZE_MAX : grown * 2;
    items = xreallocarray(items, grown, size);
    *space = grown;
    return items;
}
