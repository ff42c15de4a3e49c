/* Wrappers of calloc and realloc that never return NULL. A server without memory cannot even report
 * it to a client: it ends, and its parent or the service manager starts it again. */
#include "base/xalloc.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Ends the process with a message that needs no memory. */
static _Noreturn void out_of_memory(void) {
    fputs("confab: out of memory\n", stderr);
    abort();
}

void *xcalloc(size_t count, size_t size) {
    /* calloc may return NULL for 0 bytes, which is not a failure. */
    void *block = count == 0 || size == 0 ? calloc(1, 1) : calloc(count, size);

    if (block == NULL)
        out_of_memory();
    return block;
}

void *xreallocarray(void *block, size_t count, size_t size) {
    size_t bytes;

    if (__builtin_mul_overflow(count, size, &bytes))
        out_of_memory();
    /* realloc to 0 bytes would free the block. */
    block = realloc(block, bytes == 0 ? 1 : bytes);
    if (block == NULL)
        out_of_memory();
    return block;
}

char *xstrndup(const char *bytes, size_t len) {
    /* The sum below would wrap to 0. */
    if (len == SIZE_MAX)
        out_of_memory();

    char *copy = xreallocarray(NULL, len + 1, 1);

    if (len > 0)
        memcpy(copy, bytes, len);
    copy[len] = '\0';
    return copy;
}

char *xstrdup(const char *str) {
    return xstrndup(str, strlen(str));
}
