/* A range is "first-last", "first-" or "-length", after "bytes=". A malformed header is ignored as
 * if it was not sent: sending the whole file is always correct. */
#include "http/range.h"

#include <stdbool.h>

/* Takes blanks and tabs off both ends. */
static struct text trim(struct text text) {
    while (text.len > 0 && (text.at[0] == ' ' || text.at[0] == '\t'))
        text = (struct text){text.at + 1, text.len - 1};
    while (text.len > 0 && (text.at[text.len - 1] == ' ' || text.at[text.len - 1] == '\t'))
        text.len--;
    return text;
}

/* Reads digits; a number beyond 64 bits becomes the largest one, which is beyond every size. */
static bool read_number(struct text digits, uint64_t *number) {
    for (size_t i = 0; i < digits.len; i++)
        if (digits.at[i] < '0' || digits.at[i] > '9')
            return false;
    if (digits.len == 0)
        return false;
    if (!text_to_u64(digits, number))
        *number = UINT64_MAX;
    return true;
}

/* Finds the only range of a list, whose elements may be empty. */
static bool find_only(struct text list, struct text *only) {
    struct text element;
    size_t count = 0;
    while (text_split(&list, ',', &element)) {
        element = trim(element);
        if (element.len == 0)
            continue;
        *only = element;
        count++;
    }
    return count == 1;
}

/* Reads one range, as RFC 9110, section 14.1.2, has it, for a file of this size. */
static enum range_kind read_one(struct text range, uint64_t size, uint64_t *from, uint64_t *len) {
    struct text rest = range, before;
    uint64_t first, last = UINT64_MAX;
    /* A text without a dash is its own first piece, with nothing left. */
    text_split(&rest, '-', &before);
    if (before.len == range.len)
        return RANGE_WHOLE;
    /* "-5": the last five bytes. */
    if (before.len == 0) {
        uint64_t suffix;
        if (!read_number(rest, &suffix))
            return RANGE_WHOLE;
        if (suffix == 0)
            return RANGE_UNSATISFIABLE;
        *len = suffix < size ? suffix : size;
        *from = size - *len;
        return RANGE_PART;
    }
    /* A last byte before the first one is invalid (RFC 9110, section 14.1.1). */
    if (!read_number(before, &first) || (rest.len > 0 && !read_number(rest, &last)) || last < first)
        return RANGE_WHOLE;
    if (first >= size)
        return RANGE_UNSATISFIABLE;
    *from = first;
    /* The sum does not overflow: the last byte is below the size. */
    *len = (last < size ? last + 1 : size) - first;
    return RANGE_PART;
}

enum range_kind range_read(struct text header, uint64_t size, uint64_t *from, uint64_t *len) {
    struct text rest = header, unit, only;
    *from = 0;
    *len = size;
    /* Units are compared without regard to case. */
    if (!text_split(&rest, '=', &unit) || !text_equals_nocase(trim(unit), text_of("bytes")) ||
        !find_only(rest, &only))
        return RANGE_WHOLE;
    return read_one(only, size, from, len);
}
