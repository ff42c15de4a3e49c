/*
 * xalloc: allocation that does not return on failure.
 *
 * A process that runs out of memory prints an error on standard error and aborts. The size of a
 * request is limited, so that no single one can cause this.
 */
#ifndef CONFAB_XALLOC_H
#define CONFAB_XALLOC_H

#include <stddef.h>

/* `count` zeroed elements of `size` bytes; the caller frees. Never NULL. */
void *xcalloc(size_t count, size_t size);

/* realloc to count * size bytes, checked for overflow. Never NULL. */
void *xreallocarray(void *block, size_t count, size_t size);

/* A terminated copy of len bytes; the caller frees. Never NULL. */
char *xstrndup(const char *bytes, size_t len);

/* A copy of a C string; the caller frees. Never NULL. */
char *xstrdup(const char *str);

#endif
