/* Levenshtein distance (how many bytes to insert, delete or replace) with one row of the table, for
 * "did you mean". Upper and lower case are equal. */
#include "base/edit_distance.h"

#include <stdint.h>

static char lower(char c) {
    return (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

static size_t least(size_t a, size_t b, size_t c) {
    size_t smaller = a < b ? a : b;
    return smaller < c ? smaller : c;
}

size_t edit_distance(struct text a, struct text b) {
    /* Before round i, row[j] is the distance of a's first i bytes to b's first j. */
    size_t row[EDIT_DISTANCE_MAX + 1];
    if (a.len > EDIT_DISTANCE_MAX || b.len > EDIT_DISTANCE_MAX)
        return SIZE_MAX;
    for (size_t j = 0; j <= b.len; j++)
        row[j] = j;
    for (size_t i = 0; i < a.len; i++) {
        /* The value left above, which the row no longer holds once it is overwritten. */
        size_t diagonal = row[0];
        row[0] = i + 1;
        for (size_t j = 0; j < b.len; j++) {
            /* Replace the byte (free if both are equal), or delete one, or insert one. */
            size_t replaced = diagonal + (lower(a.at[i]) != lower(b.at[j]));
            diagonal = row[j + 1];
            row[j + 1] = least(replaced, row[j] + 1, row[j + 1] + 1);
        }
    }
    return row[b.len];
}

bool edit_distance_is_near(struct text written, size_t distance) {
    /* One difference in a short word, one more for each three letters. */
    return distance <= written.len / 3 + 1;
}
