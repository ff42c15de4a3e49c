/*
 * memory: allocation that does not return on failure.
 *
 * A process that runs out of memory says so on standard error and aborts. With
 * requests bounded in size nothing a client sends can make it do so alone.
 */
#ifndef CONFAB_MEMORY_H
#define CONFAB_MEMORY_H

#include <stddef.h>

/* `count` zeroed elements of `size` bytes; the caller frees. Never NULL. */
void *xcalloc(size_t count, size_t size);

/* As realloc for count * size bytes, the product checked. Never NULL. */
void *xreallocarray(void *block, size_t count, size_t size);

/* A terminated copy of len bytes; the caller frees. Never NULL. */
char *xstrndup(const char *bytes, size_t len);

/* A copy of a C string; the caller frees. Never NULL. */
char *xstrdup(const char *str);

#endif
