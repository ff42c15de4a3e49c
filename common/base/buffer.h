/*
 * buffer: a byte string that grows; all output is written into one.
 *
 * Running out of memory ends the process (base/xalloc.h), so that no caller needs to handle it.
 */
#ifndef CONFAB_BUFFER_H
#define CONFAB_BUFFER_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/text.h"

struct buffer {
    char *data; /* owned by the buffer; NULL until the first byte */
    size_t len; /* bytes in use */
    size_t cap; /* bytes allocated */
};

#define BUFFER_EMPTY \
    { NULL, 0, 0 }

/* Allocates so that `more` bytes and a terminator fit. */
void buffer_grow(struct buffer *buffer, size_t more);

/* Makes room for `more` bytes and returns where they go; the caller writes them and adds to len.
 * Inline, like the appends, because JSON is written a few bytes at a time: function calls were
 * a tenth of the cost of a page of messages. */
static inline char *buffer_reserve(struct buffer *buffer, size_t more) {
    if (more >= buffer->cap - buffer->len)
        buffer_grow(buffer, more);
    return buffer->data + buffer->len;
}

/* Appends len bytes; bytes may be NULL when len is 0. */
static inline void buffer_append(struct buffer *buffer, const void *bytes, size_t len) {
    if (len == 0)
        return;
    memcpy(buffer_reserve(buffer, len), bytes, len);
    buffer->len += len;
}

/* Appends a string without its terminator. */
static inline void buffer_append_str(struct buffer *buffer, const char *str) {
    buffer_append(buffer, str, strlen(str));
}

/* Appends one byte. */
static inline void buffer_append_char(struct buffer *buffer, char c) {
    *buffer_reserve(buffer, 1) = c;
    buffer->len++;
}

/* Appends a number in decimal digits. */
void buffer_append_u64(struct buffer *buffer, uint64_t value);

/* Appends numbers as a JSON array, such as [1,2,3], for JSON_TABLE in a statement. */
void buffer_append_ids(struct buffer *buffer, const uint64_t *ids, size_t count);

/* Appends a number in lower-case hexadecimal digits, no leading zeros. */
void buffer_append_hex(struct buffer *buffer, uint64_t value);

/* Appends a text with each byte as %XX that is not an ASCII letter, a digit, or one of `others`
 * (RFC 3986, section 2.1). */
void buffer_append_percent_encoded(struct buffer *buffer, struct text text, const char *others);

/* The unreserved characters but letters and digits (RFC 3986, section 2.3). */
#define BUFFER_UNRESERVED "-._~"

/* Appends as printf does; the terminator is not counted in len. */
void buffer_printf(struct buffer *buffer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The content as a C string, never NULL; the terminator is not counted in len. Valid until the
 * next write to the buffer. */
const char *buffer_str(struct buffer *buffer);

/* Empties the buffer, keeping its memory. */
void buffer_clear(struct buffer *buffer);

/* Empties the buffer; keeps its memory only if that is at most `most` bytes. */
void buffer_recycle(struct buffer *buffer, size_t most);

/* Frees the memory; the buffer is empty and can be used again. */
void buffer_free(struct buffer *buffer);

#endif
