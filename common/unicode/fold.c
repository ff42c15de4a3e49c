/* Folding: each code point is looked up in the tables, which are made by scripts/fold-data from the
 * data of Unicode. This file handles what depends on neighbouring code points: blanks, the order of
 * marks, and composing the parts of Hangul syllables. */
#include "unicode/fold.h"

#include <stdbool.h>
#include <stdlib.h>

#include "base/array.h"

enum fold_class {
    FOLD_CLASS_SPACE,   /* between words */
    FOLD_CLASS_WORD,    /* a letter or digit */
    FOLD_CLASS_PAIR,    /* see FOLD_PAIR */
    FOLD_CLASS_MARK,    /* on the letter before it */
    FOLD_CLASS_DROPPED, /* a mark that is left out */
    FOLD_CLASS_IGNORED, /* not seen, such as a soft hyphen */
};

/* clang-format off */
#include "unicode/fold_data.def"
/* clang-format on */

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

/* Hangul: a leading consonant, a vowel, perhaps a trailing consonant (Unicode, 3.12). */
enum {
    HANGUL_LEAD = 0x1100,
    HANGUL_LEADS = 19,
    HANGUL_VOWEL = 0x1161,
    HANGUL_VOWELS = 21,
    HANGUL_TRAIL = 0x11A7,
    HANGUL_TRAILS = 28,
    HANGUL_SYLLABLE = 0xAC00,
    HANGUL_SYLLABLES = 11172,
};

/* The number of marks on one letter that are sorted; further ones stay in their order: the bound of
 * the Stream-Safe Text Format of Unicode, without which a text of marks only takes the square of
 * its length. */
#define MARKS_MOST 30

/* These are invisible too, but separate words: a zero-width space, and a separator of letters. */
#define ZERO_WIDTH_SPACE 0x200B
#define ZERO_WIDTH_NON_JOINER 0x200C

/* What a code point is replaced by, up to a 0; NULL: it stays. */
static const uint32_t *replacement_of(uint32_t point) {
    size_t low = 0, high = LENGTH(FOLD_POINTS);
    while (low < high) {
        const size_t middle = (low + high) / 2;
        if (FOLD_POINTS[middle] == point)
            return FOLD_POOL + FOLD_PLACES[middle];
        if (FOLD_POINTS[middle] < point)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

/* The class of a code point, from the ranges of the tables. */
static enum fold_class class_of(uint32_t point) {
    /* The last range that does not begin after it. */
    size_t low = 0, high = LENGTH(FOLD_CLASSES);
    while (high - low > 1) {
        const size_t middle = (low + high) / 2;
        if (FOLD_CLASSES[middle].first <= point)
            low = middle;
        else
            high = middle;
    }
    return FOLD_CLASSES[low].is;
}

/* The rank of a mark (its combining class); 0 for all that is not a mark. */
static unsigned char rank_of(uint32_t point) {
    size_t low = 0, high = LENGTH(FOLD_RANKS);
    while (low < high) {
        const size_t middle = (low + high) / 2;
        if (point < FOLD_RANKS[middle].first)
            high = middle;
        else if (point > FOLD_RANKS[middle].last)
            low = middle + 1;
        else
            return FOLD_RANKS[middle].rank;
    }
    return 0;
}

/* Appends a point; a mark is sorted into those of its letter. */
static void add(struct fold *fold, struct fold_point point) {
    fold->points =
        array_reserve(fold->points, &fold->space, fold->count + 1, sizeof(*fold->points));
    fold->points[fold->count++] = point;
    /* Marks on one letter go by rank, whatever their order in the text. */
    const size_t last = fold->count - 1, first = last > MARKS_MOST ? last - MARKS_MOST : 0;
    for (size_t i = last; i > first && point.rank > 0 && fold->points[i - 1].rank > point.rank;
         i--) {
        fold->points[i] = fold->points[i - 1];
        fold->points[i - 1] = point;
    }
}

/* Composes a part of a Hangul syllable with the point before it. False if the two do not form
 * one. */
static bool compose(struct fold_point *before, uint32_t point, uint32_t end) {
    /* A leading consonant and a vowel make a syllable; that and a trailing consonant another
     * one. */
    uint32_t whole = 0;
    if (before->point >= HANGUL_LEAD && before->point < HANGUL_LEAD + HANGUL_LEADS &&
        point >= HANGUL_VOWEL && point < HANGUL_VOWEL + HANGUL_VOWELS)
        whole = HANGUL_SYLLABLE +
                ((before->point - HANGUL_LEAD) * HANGUL_VOWELS + (point - HANGUL_VOWEL)) *
                    HANGUL_TRAILS;
    else if (before->point >= HANGUL_SYLLABLE &&
             before->point < HANGUL_SYLLABLE + HANGUL_SYLLABLES &&
             (before->point - HANGUL_SYLLABLE) % HANGUL_TRAILS == 0 && point > HANGUL_TRAIL &&
             point < HANGUL_TRAIL + HANGUL_TRAILS)
        whole = before->point + (point - HANGUL_TRAIL);
    if (!whole)
        return false;
    before->point = whole;
    before->end = end;
    return true;
}

/* Adds a folded point, which was the code point at `start` of the text. */
static void put(struct fold *fold, uint32_t point, uint32_t start) {
    struct fold_point *last = fold->count > 0 ? &fold->points[fold->count - 1] : NULL;
    struct fold_point next = {.point = point, .start = start, .end = start + 1};
    const bool is_joined = last && last->kind != FOLD_SPACE;
    switch (class_of(point)) {
    case FOLD_CLASS_IGNORED:
        /* The first of these two separates words where they are separated by blanks, the second in
         * Arabic script. */
        if (is_joined && last->kind == FOLD_WORD &&
            (point == ZERO_WIDTH_SPACE ||
             (point == ZERO_WIDTH_NON_JOINER && last->point >= 0x600 && last->point < 0x780)))
            add(fold, (struct fold_point){.point = ' ', .start = start, .end = start + 1});
        return;
    case FOLD_CLASS_DROPPED:
        /* The mark is left out, but the highlighting of its letter includes it. */
        if (is_joined)
            last->end = start + 1;
        return;
    case FOLD_CLASS_SPACE:
        next.point = ' ';
        next.kind = FOLD_SPACE;
        /* There is one blank between words, whatever separates them, and none at the beginning. */
        if (!is_joined)
            return;
        break;
    case FOLD_CLASS_MARK:
        next.rank = rank_of(point);
        /* A mark without a letter is a word of its own. */
        next.kind = is_joined ? last->kind : FOLD_WORD;
        break;
    case FOLD_CLASS_PAIR:
        next.kind = FOLD_PAIR;
        if (is_joined && compose(last, point, start + 1))
            return;
        break;
    case FOLD_CLASS_WORD:
        next.kind = FOLD_WORD;
        break;
    }
    add(fold, next);
}

void fold_text(struct fold *fold, struct text text) {
    uint32_t place = 0;
    size_t size;
    fold->count = 0;
    for (size_t i = 0; i < text.len; i += size, place++) {
        uint32_t point;
        size = text_decode(text.at + i, text.len - i, &point);
        if (size == 0)
            break;
        /* A code point may become several points, or none. */
        const uint32_t *folded = replacement_of(point);
        if (!folded)
            put(fold, point, place);
        while (folded && *folded)
            put(fold, *folded++, place);
    }
    /* No blank at the end either. */
    if (fold->count > 0 && fold->points[fold->count - 1].kind == FOLD_SPACE)
        fold->count--;
}

void fold_free(struct fold *fold) {
    free(fold->points);
    *fold = (struct fold){0};
}
