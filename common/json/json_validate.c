/* Whether a text is JSON that json-c reads the same way as other parsers. A scanner with an
 * explicit stack of one bit per level; the names are those of RFC 8259. Beyond the grammar it
 * refuses what parsers disagree on or C cannot hold: NUL, lone surrogates, integers beyond 64 bits,
 * numbers that round to infinity, depth beyond 32, a byte order mark. */
#include "json/json_validate.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/text.h"

/* What may come next after white space. */
enum expect {
    EXPECT_VALUE,
    EXPECT_VALUE_OR_END, /* after [ */
    EXPECT_KEY,
    EXPECT_KEY_OR_END, /* after { */
    EXPECT_SEPARATOR,  /* after a value */
};

struct scan {
    const char *at;
    const char *end;
    const char *wrong;
    enum expect expect;
    unsigned depth;
    uint32_t objects; /* a bit for each open level, the innermost lowest: 1 for { */
};

_Static_assert(JSON_VALIDATE_MAX_DEPTH == 32, "objects has a bit for each level");

/* 2^1024 - 2^970, halfway between the largest double and the next value: strtod rounds numbers
 * from here on to infinity. */
static const char double_limit[] =
    "179769313486231580793728971405303415079934132710037826936173778980444968292764"
    "750946649017977587207096330286416692887910946555547851940402630657488671505820"
    "681908902000708383676273854845817711531764475730270069855571366959622842914819"
    "860834936475292719074168444365510704342711559699508093042880177904174497792";

#define LIMIT_DIGITS (sizeof(double_limit) - 1)

/* The number read so far: 0.DIGITS * 10^order; zero has no digits. */
struct number {
    size_t digits; /* significant ones */
    int64_t order;
    int against;    /* < 0, 0, > 0: the digits compared to those of double_limit */
    uint64_t whole; /* the integer part */
    bool wide;      /* the integer part exceeds 64 bits */
};

/* Notes the first thing that is wrong. Returns false, for the caller to return. */
static bool fail(struct scan *scan, const char *at, const char *wrong) {
    scan->at = at;
    scan->wrong = wrong;
    return false;
}

/* Fails because of an unexpected byte. The end, NUL and invalid UTF-8 have errors of their own. */
static bool unexpected(struct scan *scan, const char *wrong) {
    uint32_t point;

    if (scan->at == scan->end)
        wrong = "unexpected end";
    else if (*scan->at == '\0')
        wrong = "NUL character";
    else if (text_decode(scan->at, (size_t)(scan->end - scan->at), &point) == 0)
        wrong = "not UTF-8";
    return fail(scan, scan->at, wrong);
}

static void skip_space(struct scan *scan) {
    /* RFC 8259, section 2; isspace would skip others as well. */
    while (scan->at < scan->end &&
           (*scan->at == ' ' || *scan->at == '\n' || *scan->at == '\r' || *scan->at == '\t'))
        scan->at++;
}

/* Skips the next byte if it is c; false if it is not. */
static bool accept(struct scan *scan, char c) {
    if (scan->at == scan->end || *scan->at != c)
        return false;
    scan->at++;
    return true;
}

static bool is_digit(const struct scan *scan) {
    return scan->at < scan->end && text_is_digit(*scan->at);
}

/* Adds one digit to the number; `fraction`: it is after the point. */
static void take_digit(struct number *number, unsigned digit, bool fraction) {
    /* The integer part, as far as it fits in 64 bits. */
    if (!fraction && (__builtin_mul_overflow(number->whole, 10u, &number->whole) ||
                      __builtin_add_overflow(number->whole, digit, &number->whole)))
        number->wide = true;
    /* Leading zeros are not significant digits; after the point they lower the order. */
    if (number->digits > 0 || digit > 0) {
        /* Compared from the first significant digit on, as long as all were equal. */
        if (number->against == 0 && number->digits < LIMIT_DIGITS)
            number->against = (int)digit - (double_limit[number->digits] - '0');
        number->digits++;
        number->order += !fraction;
    } else {
        number->order -= fraction;
    }
}

/* Reads one digit or more. */
static bool take_digits(struct scan *scan, struct number *number, bool fraction) {
    if (!is_digit(scan))
        return unexpected(scan, "digit expected");
    for (; is_digit(scan); scan->at++)
        take_digit(number, (unsigned)(*scan->at - '0'), fraction);
    return true;
}

/* Reads what follows the letter e. */
static bool take_exponent(struct scan *scan, struct number *number) {
    /* Larger than any order that the digits of a text in memory could compensate for. */
    const int64_t huge = INT64_MAX / 4;
    int64_t exponent = 0;
    bool negative = accept(scan, '-');

    /* A plus sign changes nothing, but is allowed here. */
    if (!negative)
        accept(scan, '+');
    if (!is_digit(scan))
        return unexpected(scan, "digit expected");
    /* Saturates: with so large an exponent the exact value does not matter. */
    for (; is_digit(scan); scan->at++)
        exponent = exponent > huge / 10 - 1 ? huge : exponent * 10 + (*scan->at - '0');
    number->order += negative ? -exponent : exponent;
    return true;
}

/* True when strtod would round the number to infinity. */
static bool is_infinite(const struct number *number) {
    const int64_t limit = (int64_t)LIMIT_DIGITS;

    /* Fewer digits before the point than the limit has: below it. Zero has none at all. */
    if (number->digits == 0 || number->order < limit)
        return false;
    /* As many: the first digit that differs decides. Equal digits and no fewer of them are the
     * limit itself or more. */
    return number->order > limit || number->against > 0 ||
           (number->against == 0 && number->digits >= LIMIT_DIGITS);
}

/* Checks a number; scan->at is at its sign or first digit. */
static bool check_number(struct scan *scan) {
    const char *start = scan->at;
    struct number number = {0};
    /* A plus sign is not allowed, and no leading zero either. */
    bool negative = accept(scan, '-');
    bool real = false;

    if (accept(scan, '0')) {
        if (is_digit(scan))
            return fail(scan, start, "number with a leading zero");
    } else if (!take_digits(scan, &number, false)) {
        return false;
    }
    /* With a point or an exponent it is a double, also if its value is an integer. */
    if (accept(scan, '.')) {
        real = true;
        if (!take_digits(scan, &number, true))
            return false;
    }
    if (accept(scan, 'e') || accept(scan, 'E')) {
        real = true;
        if (!take_exponent(scan, &number))
            return false;
    }
    /* Integers have a bound of their own, the range of int64 and uint64 together. */
    if (real && is_infinite(&number))
        return fail(scan, start, "number too large");
    if (!real && (number.wide || (negative && number.whole > (uint64_t)1 << 63)))
        return fail(scan, start, "integer beyond 64 bits");
    return true;
}

/* Reads the four digits of a \u escape that starts at `at`. */
static bool read_unit(const char *at, const char *end, uint32_t *unit) {
    /* RFC 8259, section 7: a backslash, u and four hexadecimal digits. */
    if (end - at < 6 || at[0] != '\\' || at[1] != 'u')
        return false;
    *unit = 0;
    for (int i = 2; i < 6; i++) {
        const int digit = text_hex_value(at[i]);
        if (digit < 0)
            return false;
        /* Four bits per digit. */
        *unit = *unit << 4 | (uint32_t)digit;
    }
    return true;
}

/* Checks a \u escape, or two that are a surrogate pair. */
static bool check_unicode_escape(struct scan *scan) {
    uint32_t unit;

    if (!read_unit(scan->at, scan->end, &unit))
        return fail(scan, scan->at, "bad escape");
    /* Valid JSON, but texts end at a NUL in C and in places of the database. */
    if (unit == 0)
        return fail(scan, scan->at, "NUL character");
    /* A character beyond U+FFFF is two escapes, the high surrogate first; neither may be alone. */
    if (unit >= 0xD800 && unit <= 0xDFFF) {
        uint32_t low;

        if (unit >= 0xDC00 || !read_unit(scan->at + 6, scan->end, &low) || low < 0xDC00 ||
            low > 0xDFFF)
            return fail(scan, scan->at, "lone surrogate");
        scan->at += 6;
    }
    scan->at += 6;
    return true;
}

/* Checks an escape; scan->at is at its backslash. */
static bool check_escape(struct scan *scan) {
    /* A backslash as the last byte. */
    if (scan->end - scan->at < 2)
        return fail(scan, scan->end, "unexpected end");
    switch (scan->at[1]) {
    case '"':
    case '\\':
    case '/':
    case 'b':
    case 'f':
    case 'n':
    case 'r':
    case 't':
        scan->at += 2;
        return true;
    case 'u':
        return check_unicode_escape(scan);
    default:
        return fail(scan, scan->at, "bad escape");
    }
}

/* Checks a string; scan->at is at its first quote. */
static bool check_string(struct scan *scan) {
    scan->at++;
    while (scan->at < scan->end) {
        /* A quote ends it, a backslash begins an escape, control characters must be escaped;
         * anything else is one character of UTF-8. */
        unsigned char c = (unsigned char)*scan->at;

        if (c == '"') {
            scan->at++;
            return true;
        }
        if (c == '\\') {
            if (!check_escape(scan))
                return false;
        } else if (c < 0x20) {
            return unexpected(scan, "control character in a string");
        } else {
            uint32_t point;
            size_t size = text_decode(scan->at, (size_t)(scan->end - scan->at), &point);

            if (size == 0)
                return fail(scan, scan->at, "not UTF-8");
            scan->at += size;
        }
    }
    return fail(scan, scan->end, "unexpected end");
}

/* Checks one of the three words that are values. */
static bool check_word(struct scan *scan) {
    static const char *const words[] = {"true", "false", "null"};

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        /* What follows the word is the next token's matter: "nullx" fails there. */
        size_t len = strlen(words[i]);

        if ((size_t)(scan->end - scan->at) >= len && memcmp(scan->at, words[i], len) == 0) {
            scan->at += len;
            return true;
        }
    }
    return unexpected(scan, "value expected");
}

/* Opens an object or array; scan->at is at its bracket. */
static bool open_level(struct scan *scan, bool object) {
    /* The bits of `objects` are used up. */
    if (scan->depth == JSON_VALIDATE_MAX_DEPTH)
        return fail(scan, scan->at, "nesting over 32");
    scan->at++;
    scan->depth++;
    scan->objects = scan->objects << 1 | object;
    scan->expect = object ? EXPECT_KEY_OR_END : EXPECT_VALUE_OR_END;
    return true;
}

/* After the end of an array or object; the lowest bit of `objects` is what encloses it. */
static bool close_level(struct scan *scan) {
    scan->at++;
    scan->depth--;
    scan->objects >>= 1;
    scan->expect = EXPECT_SEPARATOR;
    return true;
}

/* Checks the value that begins here; of an object or array only the bracket. */
static bool check_value(struct scan *scan) {
    char c = *scan->at;

    if (c == '{' || c == '[')
        return open_level(scan, c == '{');
    /* A value without levels is whole after this call. */
    scan->expect = EXPECT_SEPARATOR;
    if (c == '"')
        return check_string(scan);
    if (c == '-' || is_digit(scan))
        return check_number(scan);
    return check_word(scan);
}

/* Checks a key with its colon. */
static bool check_key(struct scan *scan) {
    /* A key is a string, then a colon; the value follows as the next token. */
    if (*scan->at != '"')
        return unexpected(scan, "key expected");
    if (!check_string(scan))
        return false;
    skip_space(scan);
    if (!accept(scan, ':'))
        return unexpected(scan, "colon expected");
    scan->expect = EXPECT_VALUE;
    return true;
}

/* Checks what follows a value: a comma, or the end of its object or array. */
static bool check_separator(struct scan *scan) {
    bool object = scan->objects & 1;

    /* A second value at the top level. */
    if (scan->depth == 0)
        return unexpected(scan, "more than one value");
    /* Another member or element must follow: {"a":1,} is refused. */
    if (accept(scan, ',')) {
        scan->expect = object ? EXPECT_KEY : EXPECT_VALUE;
        return true;
    }
    if (*scan->at == (object ? '}' : ']'))
        return close_level(scan);
    return unexpected(scan, object ? "comma or } expected" : "comma or ] expected");
}

/* Checks the next token; there is at least one byte left. */
static bool check_next(struct scan *scan) {
    /* An empty object or array may end at once; after a comma something must follow. */
    switch (scan->expect) {
    case EXPECT_VALUE_OR_END:
        return *scan->at == ']' ? close_level(scan) : check_value(scan);
    case EXPECT_KEY:
        return check_key(scan);
    case EXPECT_KEY_OR_END:
        return *scan->at == '}' ? close_level(scan) : check_key(scan);
    case EXPECT_SEPARATOR:
        return check_separator(scan);
    case EXPECT_VALUE:
        break;
    }
    return check_value(scan);
}

/* Checks the whole text in a loop: no input causes recursion. */
static bool check_text(struct scan *scan) {
    const char *start = scan->at;

    /* RFC 8259, section 8.1: senders must not add it. */
    if (scan->end - start >= 3 && memcmp(start, "\xEF\xBB\xBF", 3) == 0)
        return fail(scan, start, "byte order mark");
    skip_space(scan);
    if (scan->at == scan->end)
        return fail(scan, scan->end, "empty text");
    while (scan->at < scan->end) {
        if (!check_next(scan))
            return false;
        skip_space(scan);
    }
    /* The text ended inside an object or array. */
    if (scan->depth > 0)
        return fail(scan, scan->end, "unexpected end");
    return true;
}

const char *json_validate(const char *bytes, size_t len, size_t *at) {
    if (len == 0)
        bytes = ""; /* it may be NULL, which must not be counted from */

    struct scan scan = {bytes, bytes + len, NULL, EXPECT_VALUE, 0, 0};

    if (!check_text(&scan) && at != NULL)
        *at = (size_t)(scan.at - bytes);
    return scan.wrong;
}
