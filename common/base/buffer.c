/* Growth of a buffer, and the appends that are not inline. `cap` is always more than `len`: one
 * byte is kept for the terminator that buffer_str writes. Memory never runs out here: xalloc ends
 * the process instead. */
#include "base/buffer.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"

/* The first allocation; most responses and events fit. */
#define FIRST_CAP 256

/* Decimal digits of UINT64_MAX. */
#define MOST_DIGITS 20

void buffer_grow(struct buffer *buffer, size_t more) {
    size_t need;

    /* One byte more, so that buffer_str never has to grow. If the sum overflows, SIZE_MAX makes
     * xreallocarray end the process. */
    if (__builtin_add_overflow(buffer->len, more, &need) || __builtin_add_overflow(need, 1u, &need))
        need = SIZE_MAX;
    /* The space doubles, so that appending byte by byte costs no more than one copy of each byte on
     * average. */
    size_t cap = buffer->cap < FIRST_CAP ? FIRST_CAP : buffer->cap;
    while (cap < need)
        cap = cap > SIZE_MAX / 2 ? SIZE_MAX : cap * 2;
    buffer->data = xreallocarray(buffer->data, cap, 1);
    buffer->cap = cap;
}

void buffer_append_u64(struct buffer *buffer, uint64_t value) {
    size_t len = 1;

    /* Counts the digits; the second condition ends the loop at UINT64_MAX, before `limit` wraps. */
    for (uint64_t limit = 10; value >= limit && len < MOST_DIGITS; limit *= 10)
        len++;
    /* From the last digit to the first, straight into the buffer. */
    char *end = buffer_reserve(buffer, len) + len;
    do {
        *--end = (char)('0' + value % 10);
        value /= 10;
    } while (value > 0);
    buffer->len += len;
}

void buffer_append_ids(struct buffer *buffer, const uint64_t *ids, size_t count) {
    buffer_append_char(buffer, '[');
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            buffer_append_char(buffer, ',');
        buffer_append_u64(buffer, ids[i]);
    }
    buffer_append_char(buffer, ']');
}

void buffer_append_hex(struct buffer *buffer, uint64_t value) {
    char digits[16];
    size_t at = sizeof(digits);

    /* From the last digit to the first; 0 has one digit. */
    do {
        digits[--at] = "0123456789abcdef"[value & 15];
        value >>= 4;
    } while (value > 0);
    buffer_append(buffer, digits + at, sizeof(digits) - at);
}

void buffer_append_percent_encoded(struct buffer *buffer, struct text text, const char *others) {
    for (size_t i = 0; i < text.len; i++) {
        if (text_is_alnum_or(text.at[i], others))
            buffer_append_char(buffer, text.at[i]);
        else
            buffer_printf(buffer, "%%%02X", (unsigned char)text.at[i]);
    }
}

void buffer_printf(struct buffer *buffer, const char *format, ...) {
    va_list args;
    /* The first attempt writes into what space there is; vsnprintf returns the length that it
     * needed, without the terminator. */
    char *to = buffer_reserve(buffer, 0);
    size_t room = buffer->cap - buffer->len;

    va_start(args, format);
    int wrote = vsnprintf(to, room, format, args);
    va_end(args);
    if (wrote < 0)
        return;
    /* It did not fit. The list of arguments was used up, so it is started again. */
    if ((size_t)wrote >= room) {
        to = buffer_reserve(buffer, (size_t)wrote);
        va_start(args, format);
        vsnprintf(to, (size_t)wrote + 1, format, args);
        va_end(args);
    }
    buffer->len += (size_t)wrote;
}

const char *buffer_str(struct buffer *buffer) {
    /* The terminator is not counted in `len`: an append overwrites it. */
    *buffer_reserve(buffer, 0) = '\0';
    return buffer->data;
}

void buffer_clear(struct buffer *buffer) {
    buffer->len = 0;
}

void buffer_recycle(struct buffer *buffer, size_t most) {
    /* A buffer that one large request has grown gives its memory back; others keep theirs for the
     * next. */
    if (buffer->cap > most)
        buffer_free(buffer);
    else
        buffer_clear(buffer);
}

void buffer_free(struct buffer *buffer) {
    free(buffer->data);
    *buffer = (struct buffer)BUFFER_EMPTY;
}
