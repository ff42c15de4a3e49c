/*
 * search_text: the terms of a text, for the search index; parsing a query; and the matches of a
 * query in a text.
 *
 * The terms of a text are its words, and, of scripts without blanks between words, all pairs of
 * neighbours and the last letter. An index of terms finds more texts than match; the query is then
 * compared with the text itself. Texts are compared as unicode/fold.h says.
 */
#ifndef CONFAB_SEARCH_TEXT_H
#define CONFAB_SEARCH_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/text.h"
#include "unicode/fold.h"

/* The longest term, in code points: of longer words the beginning is the term. And in bytes. */
#define SEARCH_TERM_POINTS 24
#define SEARCH_TERM_BYTES (SEARCH_TERM_POINTS * 4)

/* Most words of a query, and matches in one text that are reported. */
#define SEARCH_WORDS_MOST 32
#define SEARCH_MATCHES_MOST 100

/* The terms of a text, each once, in order. The owner frees it with search_terms_free. */
struct search_terms {
    struct text *terms; /* in `bytes` */
    size_t count, space;
    struct buffer bytes;
};

/* Replaces the content by the terms of a folded text. No term has a character that JSON escapes. */
void search_terms_of(struct search_terms *terms, const struct fold *fold);

/* Frees the memory; there are no terms then. */
void search_terms_free(struct search_terms *terms);

/* A query. The owner frees it with search_query_free. */
struct search_word {
    size_t from, count; /* points of the query */
    bool is_excluded;   /* must not occur */
    bool is_beginning;  /* found as the beginning of a word */
};

struct search_query {
    struct fold fold; /* of all words, one after the other */
    struct search_word words[SEARCH_WORDS_MOST];
    size_t count;
    size_t *borders; /* of each point; see search_text.c */
};

enum search_problem {
    SEARCH_OK,
    SEARCH_NO_WORD,  /* no word that must occur */
    SEARCH_TOO_LONG, /* more than SEARCH_WORDS_MOST words */
};

/* Reads a query: words, of which the last is a beginning, "phrases", and -excluded ones. */
enum search_problem search_query_read(struct search_query *query, struct text text);

/* Frees the memory; the query is empty then. */
void search_query_free(struct search_query *query);

/* Terms to look up, from first to last; a text that the query matches has one of each. */
struct search_lookup {
    struct text first, last; /* the same: one term */
};

/* Most lookups; all but the first one are single terms. */
#define SEARCH_LOOKUPS_MOST 3

/* Sets what to look up in the index and returns the number of lookups: at most one range, which
 * comes first, and exact terms. The texts are in `bytes`. */
size_t search_query_lookups(const struct search_query *query, struct buffer *bytes,
                            struct search_lookup lookups[SEARCH_LOOKUPS_MOST]);

struct search_match {
    uint32_t start, end; /* code points of the text */
};

/* True if the query matches; *count and `matches` are then the matches in order, without
 * overlaps. */
bool search_query_match(const struct search_query *query, const struct fold *fold,
                        struct search_match matches[SEARCH_MATCHES_MOST], size_t *count);

#endif
