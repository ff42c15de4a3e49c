/*
 * word_filter: finds the words of a list in texts, and the actions that the list has for them.
 *
 * The list is a file of lines "word action" in UTF-8; a word may be several, separated by blanks.
 * Empty lines and those that begin with # are skipped. Words and texts are compared as searches
 * compare them (fold.h), so without case, accents and width. Besides, invisible characters are left
 * out, and a letter that is repeated counts as one. In scripts that separate words, only whole
 * words match. In the others (fold.h, FOLD_PAIR) a word matches anywhere, and a repeated letter
 * counts as often as the list has it.
 */
#ifndef CONFAB_WORD_FILTER_H
#define CONFAB_WORD_FILTER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"
#include "base/text.h"

/* Bits, as a text may have several words. */
enum word_action { WORD_REFUSE = 1, WORD_MASK = 2, WORD_HOLD = 4, WORD_REPORT = 8 };

struct word_filter;

/* Most words in a list, and the longest of them, in letters. */
#define WORD_FILTER_MOST 20000
#define WORD_FILTER_LONGEST 100

/* Parses a list. NULL, with "line N: what is wrong\n" for each error in *problems, if a line is
 * wrong. The caller frees it with word_filter_free. */
struct word_filter *word_filter_parse(struct text list, struct buffer *problems);

/* The same from a file; NULL also if it cannot be read. */
struct word_filter *word_filter_read(const char *path, struct buffer *problems);

/* The number of words. */
size_t word_filter_count(const struct word_filter *filter);

/* The actions of all words in a text, a set of enum word_action; 0: none. If WORD_MASK is one of
 * them, *masked becomes the text with an asterisk in place of each character of the words to be
 * masked; else it is not changed. The text must be valid UTF-8. */
unsigned word_filter_match(const struct word_filter *filter, struct text text,
                           struct buffer *masked);

/* filter may be NULL. */
void word_filter_free(struct word_filter *filter);

#endif
