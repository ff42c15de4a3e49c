/*
 * fold: normalizes texts for comparison, as searches do, without regard to case, accents and
 * encoding.
 *
 * NFKD and case folding of Unicode; the marks of Latin, Greek, Cyrillic, Arabic and Hebrew are
 * dropped, those of other scripts stay; besides, ss is the same as its ligature, i without a dot as
 * i, l, o and d with a stroke as those without, ae and oe as theirs. Syllables of Hangul are one
 * point each. Everything between words is one blank.
 */
#ifndef CONFAB_FOLD_H
#define CONFAB_FOLD_H

#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

enum fold_kind {
    FOLD_SPACE, /* a blank: between words */
    FOLD_WORD,  /* of a word: a letter, a digit, or a mark on one */
    FOLD_PAIR, /* of a script without blanks between words (Han, Kana, Hangul, Thai, Lao, Khmer), or
                   a sign, such as an emoji */
};

struct fold_point {
    uint32_t point; /* folded */
    uint32_t start; /* what it was, in code points of the text, up to end, with its marks */
    uint32_t end;
    unsigned char kind; /* enum fold_kind */
    unsigned char rank; /* order of marks on a letter */
};

/* The owner frees it with fold_free. Zeroed it is empty. No blank is first, last, or beside another
 * one. */
struct fold {
    struct fold_point *points;
    size_t count, space;
};

/* Replaces the content by the folded text. The text ends at the first byte that is not valid
 * UTF-8. */
void fold_text(struct fold *fold, struct text text);

/* Frees the memory; the fold is empty then. */
void fold_free(struct fold *fold);

#endif
