/* The list of emoji, and finding one in it. The rows of emoji.def are sorted by their bytes without
 * variation selectors, which are skipped on both sides of every comparison. */
#include "unicode/emoji.h"

#include <stdlib.h>

static const char *const LISTED[] = {
#define EMOJI(text) text,
#include "unicode/emoji.def"
#undef EMOJI
};

/* In UTF-8, U+FE0E and U+FE0F are these two bytes and one of two others. */
static const char SELECTOR[] = "\xEF\xB8";

/* U+FE0E and U+FE0F choose between text and picture; the emoji is the same. */
static bool skip_selector(struct text *text) {
    if (text->len < 3 || memcmp(text->at, SELECTOR, 2) != 0 ||
        ((unsigned char)text->at[2] != 0x8E && (unsigned char)text->at[2] != 0x8F))
        return false;
    *text = (struct text){text->at + 3, text->len - 3};
    return true;
}

/* Takes the next byte that is not of a selector; -1 at the end. */
static int next_byte(struct text *text) {
    while (skip_selector(text))
        ;
    if (text->len == 0)
        return -1;
    const int byte = (unsigned char)text->at[0];
    *text = (struct text){text->at + 1, text->len - 1};
    return byte;
}

/* For bsearch, by the bytes without selectors, which is the order of the list. */
static int compare(const void *key, const void *element) {
    struct text text = *(const struct text *)key;
    struct text listed = text_of(*(const char *const *)element);
    int a, b;
    do {
        a = next_byte(&text);
        b = next_byte(&listed);
    } while (a == b && a != -1);
    return (a > b) - (a < b);
}

bool emoji_find(struct text text, struct text *listed) {
    struct text rest = text;
    /* A selector belongs to the character before it, so a text cannot begin with one. */
    if (skip_selector(&rest))
        return false;
    const char *const *found =
        bsearch(&text, LISTED, sizeof(LISTED) / sizeof(LISTED[0]), sizeof(LISTED[0]), compare);
    if (!found)
        return false;
    /* The text of the list: however an emoji is written, it counts as the same one. */
    *listed = text_of(*found);
    return true;
}
