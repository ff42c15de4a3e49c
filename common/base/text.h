/*
 * text: questions about UTF-8 text (RFC 3629) that the contract asks.
 *
 * All lengths are bytes unless a name says code points. Nothing here allocates.
 */
#ifndef CONFAB_TEXT_H
#define CONFAB_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* A run of bytes that belongs to someone else. */
struct text {
    const char *at;
    size_t len;
};

/* The text of a C string (NULL gives an empty text at ""). */
static inline struct text text_of(const char *str) {
    if (str == NULL)
        str = "";
    return (struct text){str, strlen(str)};
}

/* True when the bytes are well-formed UTF-8 by RFC 3629 (no overlong form, no
 * surrogate, nothing beyond U+10FFFF) and hold no NUL. */
bool text_is_valid(const char *at, size_t len);

/* Decodes the code point at `at` (len >= 1) into *point and returns its size in
 * bytes, or 0 when the bytes are malformed or cut short. */
size_t text_decode(const char *at, size_t len, uint32_t *point);

/* The text without Unicode white space (property White_Space, and what Python's
 * str.strip() takes besides: U+001C to U+001F) at both ends. For valid UTF-8. */
struct text text_trim(struct text text);

/* Number of code points of valid UTF-8. */
size_t text_code_points(struct text text);

/* True when the texts are the same bytes, ASCII letters compared without case. */
bool text_equals_nocase(struct text a, struct text b);

/* True when the texts are the same bytes. */
bool text_equals(struct text a, struct text b);

/* Removes `prefix` from the front of *text; false, and *text unchanged, if it does not start
 * with it. */
bool text_skip(struct text *text, const char *prefix);

/* Takes the piece before the next `separator` off the front of *rest; the last piece is what is
 * left. Pieces may be empty, but an empty text has none. Returns false at the end. */
bool text_split(struct text *rest, char separator, struct text *piece);

/* Takes the next word off the front of *rest, where words are separated by one or more of the
 * characters in `separators`. Returns false at the end. */
bool text_next_word(struct text *rest, const char *separators, struct text *word);

/* Copies the text, ASCII letters lowered, and a terminator into out; returns false
 * and leaves out empty when it does not fit in size bytes. */
bool text_lower(struct text text, char *out, size_t size);

/* True for a user name as the contract allows it: 3 to 32 ASCII letters, digits,
 * '_', '.', '-'. */
bool text_is_username(struct text text);

/* Writes the lowest `digits` hexadecimal digits of a number, small letters, noughts in front
 * and no terminator. */
void text_put_hex(char *out, unsigned digits, uint64_t value);

/* Reads a whole number of decimal digits only (no sign, no space) into *value;
 * false when empty, anything else, or beyond 64 bits unsigned. */
bool text_to_u64(struct text text, uint64_t *value);

#endif
