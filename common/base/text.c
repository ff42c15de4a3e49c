/* Validation and decoding of UTF-8 (RFC 3629), comparing, trimming and splitting. A `struct text`
 * is a pointer and a length, without a terminator; upper and lower case are compared for ASCII
 * letters only. */
#include "base/text.h"

#include <string.h>

/* True for a byte that continues a sequence: 10xxxxxx. */
static bool is_continuation(char c) {
    return ((unsigned char)c & 0xC0) == 0x80;
}

/* The size of a sequence as its first byte (0xC2 to 0xF4) announces it, the bits
 * of the code point that the byte carries, and the least code point that needs so
 * many bytes: anything below is an overlong form. 0 for any other first byte. */
static size_t announced(unsigned char first, uint32_t *bits, uint32_t *least) {
    if (first < 0xC2 || first > 0xF4)
        return 0;
    /* 110xxxxx: two bytes, 1110xxxx: three, 11110xxx: four. 0xC0 and 0xC1 could only begin
     * overlong forms. */
    if (first < 0xE0) {
        *bits = first & 0x1Fu;
        *least = 0x80;
        return 2;
    }
    if (first < 0xF0) {
        *bits = first & 0x0Fu;
        *least = 0x800;
        return 3;
    }
    *bits = first & 0x07u;
    *least = 0x10000;
    return 4;
}

size_t text_decode(const char *at, size_t len, uint32_t *point) {
    unsigned char first = (unsigned char)at[0];
    uint32_t value;
    uint32_t least;

    if (first < 0x80) {
        *point = first;
        return 1;
    }

    size_t size = announced(first, &value, &least);

    if (size == 0 || size > len)
        return 0;
    for (size_t i = 1; i < size; i++) {
        /* Each further byte carries six bits. */
        if (!is_continuation(at[i]))
            return 0;
        value = value << 6 | ((unsigned char)at[i] & 0x3Fu);
    }
    /* Overlong forms, beyond Unicode, and the surrogates of UTF-16, which UTF-8 must not
     * contain. */
    if (value < least || value > 0x10FFFF || (value >= 0xD800 && value <= 0xDFFF))
        return 0;
    *point = value;
    return size;
}

/* True when the next eight bytes are ASCII and none is a NUL. */
static bool is_plain_word(const char *at) {
    uint64_t word;

    /* Eight bytes at a time. UINT64_MAX / 255 is 0x01 in each byte, times 0x80 its upper bit: the
     * difference sets the upper bit for a byte of 0 (by the borrow), the word itself has it for a
     * byte that is not ASCII. */
    memcpy(&word, at, sizeof word);
    return (((word - UINT64_MAX / 255) | word) & UINT64_MAX / 255 * 0x80) == 0;
}

bool text_is_valid(const char *at, size_t len) {
    size_t size;

    for (size_t i = 0; i < len; i += size) {
        uint32_t point;

        /* Most texts are plain ASCII for long runs. */
        if (len - i >= sizeof(uint64_t) && is_plain_word(at + i)) {
            size = sizeof(uint64_t);
            continue;
        }
        size = text_decode(at + i, len - i, &point);
        if (size == 0 || point == 0)
            return false;
    }
    return true;
}

/* White space as text_trim defines it. */
static bool is_space(uint32_t point) {
    if (point < 0x80)
        return point == ' ' || (point >= 0x09 && point <= 0x0D) || (point >= 0x1C && point <= 0x1F);
    if (point >= 0x2000 && point <= 0x200A)
        return true;
    return point == 0x85 || point == 0xA0 || point == 0x1680 || point == 0x2028 ||
           point == 0x2029 || point == 0x202F || point == 0x205F || point == 0x3000;
}

/* Size of the white space at the start of the text, 0 when there is none. */
static size_t leading_space(struct text text) {
    uint32_t point;

    if (text.len == 0)
        return 0;

    size_t size = text_decode(text.at, text.len, &point);

    return size > 0 && is_space(point) ? size : 0;
}

/* Size of the white space at the end of the text, 0 when there is none. */
static size_t trailing_space(struct text text) {
    /* Back to the byte that begins the last character; it may be longer than any character if the
     * text is not valid, and is then not white space. */
    size_t size = 1;

    if (text.len == 0)
        return 0;
    while (size < text.len && is_continuation(text.at[text.len - size]))
        size++;
    return leading_space((struct text){text.at + text.len - size, size}) == size ? size : 0;
}

struct text text_trim(struct text text) {
    size_t size;

    while ((size = leading_space(text)) > 0) {
        text.at += size;
        text.len -= size;
    }
    while ((size = trailing_space(text)) > 0)
        text.len -= size;
    return text;
}

size_t text_code_points(struct text text) {
    size_t count = 0;

    /* Each character has one byte that is not a continuation. */
    for (size_t i = 0; i < text.len; i++)
        count += !is_continuation(text.at[i]);
    return count;
}

/* ASCII only: names are compared by the database in other alphabets. */
static char lower(char c) {
    if (c >= 'A' && c <= 'Z')
        return (char)(c + ('a' - 'A'));
    return c;
}

bool text_equals_nocase(struct text a, struct text b) {
    if (a.len != b.len)
        return false;
    for (size_t i = 0; i < a.len; i++) {
        if (lower(a.at[i]) != lower(b.at[i]))
            return false;
    }
    return true;
}

bool text_equals(struct text a, struct text b) {
    return a.len == b.len && (a.len == 0 || memcmp(a.at, b.at, a.len) == 0);
}

int text_compare(struct text a, struct text b) {
    const size_t least = a.len < b.len ? a.len : b.len;
    /* An empty text may have no address, which memcmp must not get. */
    const int order = least > 0 ? memcmp(a.at, b.at, least) : 0;
    return order ? order : (a.len > b.len) - (a.len < b.len);
}

bool text_skip(struct text *text, const char *prefix) {
    const size_t len = strlen(prefix);
    if (text->len < len || memcmp(text->at, prefix, len) != 0)
        return false;
    *text = (struct text){text->at + len, text->len - len};
    return true;
}

bool text_split(struct text *rest, char separator, struct text *piece) {
    if (rest->len == 0)
        return false;
    const char *end = memchr(rest->at, separator, rest->len);
    *piece = (struct text){rest->at, end ? (size_t)(end - rest->at) : rest->len};
    /* The separator is taken too. After a last separator nothing is left: "a," is one piece. */
    const size_t taken = piece->len + (end ? 1 : 0);
    *rest = (struct text){rest->at + taken, rest->len - taken};
    return true;
}

bool text_next_word(struct text *rest, const char *separators, struct text *word) {
    const char *at = rest->at, *end = rest->at + rest->len;
    /* strchr finds the terminator as well, so that a NUL in the text separates like the others. */
    while (at < end && strchr(separators, *at))
        at++;
    word->at = at;
    while (at < end && !strchr(separators, *at))
        at++;
    word->len = (size_t)(at - word->at);
    *rest = (struct text){at, (size_t)(end - at)};
    return word->len > 0;
}

bool text_lower(struct text text, char *out, size_t size) {
    /* The terminator has to fit, too. */
    if (text.len >= size) {
        if (size > 0)
            out[0] = '\0';
        return false;
    }
    for (size_t i = 0; i < text.len; i++)
        out[i] = lower(text.at[i]);
    out[text.len] = '\0';
    return true;
}

bool text_is_username(struct text text) {
    /* In bytes, which are characters here: only ASCII is allowed. */
    return text.len >= 3 && text.len <= 32 && text_is_all_alnum_or(text, "_.-");
}

bool text_is_all_alnum_or(struct text text, const char *others) {
    for (size_t i = 0; i < text.len; i++)
        if (!text_is_alnum_or(text.at[i], others))
            return false;
    return true;
}

bool text_is_hex(struct text text) {
    for (size_t i = 0; i < text.len; i++)
        if (text_hex_value(text.at[i]) < 0)
            return false;
    return true;
}

void text_put_hex(char *out, unsigned digits, uint64_t value) {
    while (digits-- > 0) {
        out[digits] = "0123456789abcdef"[value & 15];
        value >>= 4;
    }
}

bool text_is_digits(struct text text) {
    for (size_t i = 0; i < text.len; i++)
        if (!text_is_digit(text.at[i]))
            return false;
    return text.len > 0;
}

bool text_to_u64(struct text text, uint64_t *value) {
    uint64_t sum = 0;

    if (text.len == 0)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.at[i];

        /* Digits only, so no sign, no blank and no hexadecimal number. */
        if (c < '0' || c > '9')
            return false;
        /* A number beyond 64 bits is an error; it must not wrap. */
        if (__builtin_mul_overflow(sum, 10u, &sum) ||
            __builtin_add_overflow(sum, (uint64_t)(c - '0'), &sum))
            return false;
    }
    *value = sum;
    return true;
}
