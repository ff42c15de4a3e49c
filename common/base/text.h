/*
 * text: strings with a length, and UTF-8 (RFC 3629).
 *
 * All lengths are in bytes unless a name says code points. Nothing here allocates.
 */
#ifndef CONFAB_TEXT_H
#define CONFAB_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* A borrowed string: not terminated, and it may have any bytes. */
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

/* Classes of ASCII characters, whatever the locale; for a char or an unsigned char. */
static inline bool text_is_digit(int c) {
    return c >= '0' && c <= '9';
}

static inline bool text_is_letter(int c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* A letter, a digit, or one of `others`. */
static inline bool text_is_alnum_or(int c, const char *others) {
    return text_is_letter(c) || text_is_digit(c) || (c != '\0' && strchr(others, (unsigned char)c));
}

/* The value of a hexadecimal digit; -1 for another character. */
static inline int text_hex_value(int c) {
    const int letter = c | 0x20; /* in lower case */
    if (text_is_digit(c))
        return c - '0';
    return letter >= 'a' && letter <= 'f' ? letter - 'a' + 10 : -1;
}

/* The ending of a noun after this number in English: "" for 1, else "s". */
static inline const char *text_plural(uint64_t count) {
    return count == 1 ? "" : "s";
}

/* True when the bytes are valid UTF-8 by RFC 3629 (no overlong form, no surrogate, nothing above
 * U+10FFFF) and have no NUL. */
bool text_is_valid(const char *at, size_t len);

/* Decodes the code point at `at` (len >= 1) into *point and returns its size in
 * bytes, or 0 when the bytes are malformed or truncated. */
size_t text_decode(const char *at, size_t len, uint32_t *point);

/* The text without white space at both ends: the Unicode property White_Space, and U+001C to
 * U+001F, which Python's str.strip() removes as well. */
struct text text_trim(struct text text);

/* Number of code points of valid UTF-8. */
size_t text_code_points(struct text text);

/* True when the texts are the same bytes, ASCII letters compared without case. */
bool text_equals_nocase(struct text a, struct text b);

/* True when the texts are the same bytes. */
bool text_equals(struct text a, struct text b);

/* Below, equal to or above 0, as `a` comes before, equals or comes after `b` in the order of bytes;
 * of two texts that begin alike the shorter one comes first. */
int text_compare(struct text a, struct text b);

/* Removes `prefix` from the front of *text; false, and *text unchanged, if it does not start
 * with it. */
bool text_skip(struct text *text, const char *prefix);

/* Takes the piece before the next `separator` off the front of *rest; the last piece is what is
 * left. Pieces may be empty, but an empty text has none. Returns false at the end. */
bool text_split(struct text *rest, char separator, struct text *piece);

/* Takes the next word off the front of *rest, where words are separated by one or more of the
 * characters in `separators`. Returns false at the end. */
bool text_next_word(struct text *rest, const char *separators, struct text *word);

/* Copies the text, ASCII letters in lower case, and a terminator into out; false, and out empty,
 * when it does not fit in size bytes. */
bool text_lower(struct text text, char *out, size_t size);

/* True for a valid user name: 3 to 32 ASCII letters, digits, '_', '.' and '-'. */
bool text_is_username(struct text text);

/* True when text_is_alnum_or holds for each byte. */
bool text_is_all_alnum_or(struct text text, const char *others);

/* True when each byte is a hexadecimal digit, in lower or upper case. */
bool text_is_hex(struct text text);

/* Writes the lowest `digits` hexadecimal digits of a number, in lower case, with leading zeros and
 * without a terminator. */
void text_put_hex(char *out, unsigned digits, uint64_t value);

/* True for one decimal digit or more and nothing else. */
bool text_is_digits(struct text text);

/* Parses a number of decimal digits only (no sign, no space) into *value;
 * false when empty, anything else, or beyond 64 bits unsigned. */
bool text_to_u64(struct text text, uint64_t *value);

#endif
