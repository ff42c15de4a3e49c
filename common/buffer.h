/*
 * buffer: a growing run of bytes, the one thing all output is written into.
 *
 * Memory that cannot be had ends the process (see memory.h): a prefork parent
 * replaces it, and no caller carries a branch that is never taken.
 */
#ifndef CONFAB_BUFFER_H
#define CONFAB_BUFFER_H

#include <stddef.h>

struct buffer {
    char *data;   /* owned by the buffer; NULL until the first byte */
    size_t len;   /* bytes in use */
    size_t cap;   /* bytes allocated */
};

#define BUFFER_EMPTY { NULL, 0, 0 }

/* Appends len bytes; bytes may be NULL when len is 0. */
void buffer_append(struct buffer *buffer, const void *bytes, size_t len);

/* Appends a string without its terminator. */
void buffer_append_str(struct buffer *buffer, const char *str);

/* Appends one byte. */
void buffer_append_char(struct buffer *buffer, char c);

/* Appends as printf does; the terminator is not counted in len. */
void buffer_printf(struct buffer *buffer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Makes room for `more` further bytes and returns where they go; the caller
 * writes them and adds to len itself. */
char *buffer_reserve(struct buffer *buffer, size_t more);

/* The content as a C string (a NUL is kept behind it, not counted); never NULL.
 * Valid until the buffer is next written to. */
const char *buffer_str(struct buffer *buffer);

/* Empties the buffer and keeps its memory for the next use. */
void buffer_clear(struct buffer *buffer);

/* Gives the memory back; the buffer is empty and can be used again. */
void buffer_free(struct buffer *buffer);

#endif
