/* A text is cut into runs of one kind: words, and letters of scripts without blanks. A word is a
 * term; of the others all pairs and the last letter are, so that the letters of a query are found
 * anywhere, one alone as the beginning of a pair. */
#include "unicode/search_text.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/xalloc.h"

/* The highest code point ends the range of the terms that begin alike. */
#define HIGHEST 0x10FFFF

/* A beginning of this many code points matches few messages. */
#define NARROW_POINTS 3

/* A syllable of Hangul without a trailing consonant is the beginning of those with one. */
#define HANGUL_FIRST 0xAC00
#define HANGUL_LAST 0xD7A3
#define HANGUL_TRAILS 28

/* Appends a code point in UTF-8. */
static void put_point(struct buffer *out, uint32_t point) {
    unsigned char *at = (unsigned char *)buffer_reserve(out, 4);
    /* RFC 3629: one to four bytes have room for 7, 11, 16 and 21 bits. */
    if (point < 0x80) {
        at[0] = (unsigned char)point;
        out->len += 1;
    } else if (point < 0x800) {
        at[0] = (unsigned char)(0xC0 | point >> 6);
        at[1] = (unsigned char)(0x80 | (point & 63));
        out->len += 2;
    } else if (point < 0x10000) {
        at[0] = (unsigned char)(0xE0 | point >> 12);
        at[1] = (unsigned char)(0x80 | (point >> 6 & 63));
        at[2] = (unsigned char)(0x80 | (point & 63));
        out->len += 3;
    } else {
        at[0] = (unsigned char)(0xF0 | point >> 18);
        at[1] = (unsigned char)(0x80 | (point >> 12 & 63));
        at[2] = (unsigned char)(0x80 | (point >> 6 & 63));
        at[3] = (unsigned char)(0x80 | (point & 63));
        out->len += 4;
    }
}

/* The end of the run that begins at `from`: points of one kind, up to `end`. */
static size_t run_end(const struct fold *fold, size_t from, size_t end) {
    size_t i = from;
    while (i < end && fold->points[i].kind == fold->points[from].kind)
        i++;
    return i;
}

/* ---- terms ---- */

/* The texts get their address when all bytes are there. */
static void add_term(struct search_terms *terms, const struct fold *fold, size_t from, size_t end) {
    const size_t start = terms->bytes.len;
    /* Only the beginning of a longer word is in the index; the message itself is compared later. */
    for (size_t i = from; i < end && i < from + SEARCH_TERM_POINTS; i++)
        put_point(&terms->bytes, fold->points[i].point);
    terms->terms =
        array_reserve(terms->terms, &terms->space, terms->count + 1, sizeof(struct text));
    terms->terms[terms->count++] = (struct text){NULL, terms->bytes.len - start};
}

/* In the order of bytes, as the rows of the index. */
static int compare_terms(const void *one, const void *other) {
    const struct text *a = one, *b = other;
    return text_compare(*a, *b);
}

void search_terms_of(struct search_terms *terms, const struct fold *fold) {
    /* One term for each word, one for each pair of letters and the last letter of a run without
     * blanks. */
    size_t kept = 0;
    terms->count = 0;
    buffer_clear(&terms->bytes);
    for (size_t from = 0, end; from < fold->count; from = end) {
        end = run_end(fold, from, fold->count);
        if (fold->points[from].kind == FOLD_WORD)
            add_term(terms, fold, from, end);
        for (size_t i = from; fold->points[from].kind == FOLD_PAIR && i < end; i++)
            add_term(terms, fold, i, i + 2 < end ? i + 2 : end);
    }
    /* Only now, since the buffer may have moved while it grew. */
    const char *at = terms->bytes.data;
    for (size_t i = 0; i < terms->count; i++) {
        terms->terms[i].at = at;
        at += terms->terms[i].len;
    }
    if (terms->count == 0)
        return;
    /* Sorted, so that each term is kept once. */
    qsort(terms->terms, terms->count, sizeof(*terms->terms), compare_terms);
    for (size_t i = 0; i < terms->count; i++)
        if (i == 0 || compare_terms(&terms->terms[i], &terms->terms[kept - 1]) != 0)
            terms->terms[kept++] = terms->terms[i];
    terms->count = kept;
}

void search_terms_free(struct search_terms *terms) {
    free(terms->terms);
    buffer_free(&terms->bytes);
    *terms = (struct search_terms){0};
}

/* ---- reading a query ---- */

/* Code points at which words end, besides those that fold.c turns into blanks. */
static bool is_blank(uint32_t point) {
    return point <= ' ' || point == 0xA0 || point == 0x3000;
}

static bool is_quote(uint32_t point) {
    return point == '"' || (point >= 0x201C && point <= 0x201F) || point == 0xFF02;
}

/* Decodes the code point at an index. Returns its size. */
static size_t next_point(struct text text, size_t at, uint32_t *point) {
    const size_t size = text_decode(text.at + at, text.len - at, point);
    /* Bytes that are not UTF-8 end the text. */
    return size > 0 ? size : text.len - at;
}

/* False if the search has too many words. */
static bool add_word(struct search_query *query, size_t from, size_t end, bool is_excluded) {
    if (query->count == SEARCH_WORDS_MOST)
        return false;
    query->words[query->count++] =
        (struct search_word){.from = from, .count = end - from, .is_excluded = is_excluded};
    return true;
}

/* Adds a piece of the query: as a whole, or each run of it by itself. */
static bool add_piece(struct search_query *query, struct text piece, bool as_whole,
                      bool is_excluded) {
    struct fold fold = {0};
    const size_t from = query->fold.count;
    bool fits = true;
    fold_text(&fold, piece);
    for (size_t i = 0; i < fold.count; i++) {
        query->fold.points = array_reserve(query->fold.points, &query->fold.space,
                                           query->fold.count + 1, sizeof(struct fold_point));
        query->fold.points[query->fold.count++] = fold.points[i];
    }
    fold_free(&fold);
    const size_t end = query->fold.count;
    /* A phrase is matched as it is; an excluded word, too, since half of it must not exclude
     * anything. */
    if (as_whole)
        return end == from || add_word(query, from, end, is_excluded);
    for (size_t i = from, next; fits && i < end; i = next) {
        next = run_end(&query->fold, i, end);
        if (query->fold.points[i].kind != FOLD_SPACE)
            fits = add_word(query, i, next, false);
    }
    return fits;
}

/* Reads one piece, a word or a phrase with its sign, and moves *at to the end of it. */
static bool read_piece(struct search_query *query, struct text text, size_t *at) {
    uint32_t point = 0;
    size_t size = next_point(text, *at, &point);
    bool is_excluded = false;
    if (is_blank(point)) {
        *at += size;
        return true;
    }
    /* A sign before a word or a phrase excludes it. */
    if (point == '-') {
        is_excluded = true;
        *at += size;
        size = *at < text.len ? next_point(text, *at, &point) : 0;
    }
    /* A phrase ends at the next quote, a word at a blank, or at a quote, which begins a phrase. */
    const bool is_phrase = size > 0 && is_quote(point);
    if (is_phrase)
        *at += size;
    const size_t start = *at;
    while (*at < text.len) {
        size = next_point(text, *at, &point);
        if (is_quote(point) || (!is_phrase && is_blank(point)))
            break;
        *at += size;
    }
    const struct text piece = {text.at + start, *at - start};
    if (is_phrase && *at < text.len)
        *at += size;
    const size_t first = query->count;
    const bool fits = add_piece(query, piece, is_phrase || is_excluded, is_excluded);
    /* The last word of the query so far. */
    if (!is_phrase && !is_excluded && query->count > first) {
        for (size_t i = 0; i < first; i++)
            query->words[i].is_beginning = false;
        query->words[query->count - 1].is_beginning = true;
    }
    return fits;
}

static bool is_same(const struct fold_point *one, const struct fold_point *other) {
    return one->kind == other->kind && one->point == other->point;
}

/* For each point of a word: how many points before and with it are the word's beginning again. So a
 * text is compared in one pass, also a text made to nearly match everywhere (Knuth, Morris and
 * Pratt). */
static void find_borders(struct search_query *query) {
    query->borders = xcalloc(query->fold.count + 1, sizeof(*query->borders));
    for (size_t i = 0; i < query->count; i++) {
        const struct search_word *word = &query->words[i];
        const struct fold_point *points = query->fold.points + word->from;
        size_t *borders = query->borders + word->from, len = 0;
        for (size_t at = 1; at < word->count; at++) {
            /* Shortens the beginning until the next point continues it. */
            while (len > 0 && !is_same(&points[len], &points[at]))
                len = borders[len - 1];
            if (is_same(&points[len], &points[at]))
                len++;
            borders[at] = len;
        }
    }
}

enum search_problem search_query_read(struct search_query *query, struct text text) {
    memset(query, 0, sizeof(*query));
    for (size_t at = 0; at < text.len;)
        if (!read_piece(query, text, &at))
            return SEARCH_TOO_LONG;
    find_borders(query);
    /* Excluded words alone would match nearly every message. */
    for (size_t i = 0; i < query->count; i++)
        if (!query->words[i].is_excluded)
            return SEARCH_OK;
    return SEARCH_NO_WORD;
}

void search_query_free(struct search_query *query) {
    fold_free(&query->fold);
    free(query->borders);
    *query = (struct search_query){0};
}

/* ---- looking up ---- */

/* A lookup for a part of a word of the query, in code points. */
struct candidate {
    size_t from, count; /* points of the query */
    uint32_t last;      /* the highest last point; 0: that of the query */
    bool is_open;       /* anything may follow */
};

static bool is_open_syllable(uint32_t point) {
    return point >= HANGUL_FIRST && point <= HANGUL_LAST &&
           (point - HANGUL_FIRST) % HANGUL_TRAILS == 0;
}

static bool is_exact(const struct candidate *candidate) {
    return !candidate->is_open && candidate->last == 0;
}

/* The longest exact ones, which are the rarest, in order, and the longest range. */
struct choice {
    struct candidate exact[SEARCH_LOOKUPS_MOST], range;
    size_t count;
};

/* Keeps a candidate if it is better than those that were offered before. */
static void offer(struct choice *choice, struct candidate candidate) {
    size_t i = choice->count;
    if (!is_exact(&candidate)) {
        /* The longest range is kept, which finds least. */
        if (candidate.count > choice->range.count)
            choice->range = candidate;
        return;
    }
    /* A full list takes it only in place of the last one, which is the shortest. */
    if (i < SEARCH_LOOKUPS_MOST)
        choice->count++;
    else if (candidate.count <= choice->exact[--i].count)
        return;
    /* Moves up past the shorter ones; the last one of a full list has been replaced. */
    for (choice->exact[i] = candidate; i > 0 && candidate.count > choice->exact[i - 1].count; i--) {
        choice->exact[i] = choice->exact[i - 1];
        choice->exact[i - 1] = candidate;
    }
}

/* Offers the lookups that a run of the query makes possible. */
static void offer_run(const struct fold *fold, size_t from, size_t end, bool is_beginning,
                      struct choice *choice) {
    const uint32_t last = fold->points[end - 1].point;
    /* As a beginning, a syllable without a trailing consonant stands for those with one, too. */
    const uint32_t highest = is_beginning && is_open_syllable(last) ? last + HANGUL_TRAILS - 1 : 0;
    size_t length = end - from;
    if (fold->points[from].kind == FOLD_WORD) {
        /* The index has only the beginnings of longer words. */
        if (length > SEARCH_TERM_POINTS)
            length = SEARCH_TERM_POINTS;
        offer(choice, (struct candidate){.from = from,
                                         .count = length,
                                         .is_open = is_beginning && length < SEARCH_TERM_POINTS});
        return;
    }
    /* One letter is the beginning of a pair, or the last letter of a run. */
    if (length == 1)
        offer(choice,
              (struct candidate){.from = from, .count = 1, .last = highest, .is_open = true});
    for (size_t i = from; i + 2 <= end; i++)
        offer(choice,
              (struct candidate){.from = i, .count = 2, .last = i + 2 == end ? highest : 0});
}

/* Whether a range finds little enough to be looked up beside exact terms. */
static bool is_narrow(const struct fold *fold, const struct candidate *range) {
    return range->count >= NARROW_POINTS ||
           (range->count > 0 && fold->points[range->from].kind == FOLD_PAIR);
}

/* Writes the bytes of a candidate; its texts get their address later, since the buffer may move. */
static void write_lookup(const struct fold *fold, const struct candidate *candidate,
                         struct buffer *bytes, struct search_lookup *lookup) {
    size_t start = bytes->len;
    for (size_t i = 0; i < candidate->count; i++)
        put_point(bytes, fold->points[candidate->from + i].point);
    /* The range ends with the same points, the last one raised, or followed by the highest one. */
    lookup->first.len = bytes->len - start;
    start = bytes->len;
    for (size_t i = 0; i < candidate->count; i++) {
        const bool is_last = i + 1 == candidate->count && candidate->last;
        put_point(bytes, is_last ? candidate->last : fold->points[candidate->from + i].point);
    }
    if (candidate->is_open)
        put_point(bytes, HIGHEST);
    lookup->last.len = bytes->len - start;
}

size_t search_query_lookups(const struct search_query *query, struct buffer *bytes,
                            struct search_lookup lookups[SEARCH_LOOKUPS_MOST]) {
    struct choice choice = {.count = 0};
    const struct candidate *chosen[SEARCH_LOOKUPS_MOST];
    const struct fold *fold = &query->fold;
    size_t count = 0;
    for (size_t i = 0; i < query->count; i++) {
        const struct search_word *word = &query->words[i];
        const size_t end = word->from + word->count;
        for (size_t from = word->from, next; !word->is_excluded && from < end; from = next) {
            next = run_end(fold, from, end);
            if (fold->points[from].kind != FOLD_SPACE)
                offer_run(fold, from, next, word->is_beginning && next == end, &choice);
        }
    }
    /* A wide range would find most messages: it is left out if there are exact terms. */
    if (choice.count == 0 || is_narrow(fold, &choice.range))
        chosen[count++] = &choice.range;
    for (size_t i = 0; i < choice.count && count < SEARCH_LOOKUPS_MOST; i++)
        chosen[count++] = &choice.exact[i];
    buffer_clear(bytes);
    for (size_t i = 0; i < count; i++)
        write_lookup(fold, chosen[i], bytes, &lookups[i]);
    /* All bytes are there, so the buffer does not move any more. */
    const char *at = bytes->data;
    for (size_t i = 0; i < count; i++) {
        lookups[i].first.at = at;
        lookups[i].last.at = at + lookups[i].first.len;
        at += lookups[i].first.len + lookups[i].last.len;
    }
    return count;
}

/* ---- matching ---- */

/* Whether a word of the query is at this point of a text, all but its last point being there. */
static bool is_at(const struct search_query *query, const struct search_word *word,
                  const struct fold *fold, size_t at) {
    if (word->count > fold->count - at)
        return false;
    const struct fold_point *wanted = query->fold.points + word->from;
    const struct fold_point *found = fold->points + at;
    const struct fold_point *last = &wanted[word->count - 1], *end = &found[word->count - 1];
    /* Words begin and end where the query has their beginning and end. */
    if (wanted[0].kind == FOLD_WORD && at > 0 && found[-1].kind == FOLD_WORD)
        return false;
    /* If the last points differ, the text must continue with a syllable that the query leaves
     * open. */
    if (!is_same(last, end) &&
        (last->kind != end->kind || !word->is_beginning || !is_open_syllable(last->point) ||
         end->point < last->point || end->point >= last->point + HANGUL_TRAILS))
        return false;
    /* A word must end here in the text as well, unless its beginning is enough. */
    return word->is_beginning || last->kind != FOLD_WORD || at + word->count == fold->count ||
           end[1].kind != FOLD_WORD;
}

/* A search for one word. */
struct word_search {
    size_t at;  /* points of the text that were read */
    size_t len; /* how many of them, the last ones, are the beginning of the word */
};

/* Finds the next place of the word; false if there is none. */
static bool find_word(const struct search_query *query, const struct search_word *word,
                      const struct fold *fold, struct word_search *search, size_t *at) {
    const struct fold_point *wanted = query->fold.points + word->from;
    const size_t *borders = query->borders + word->from, all = word->count - 1;
    while (search->at < fold->count) {
        const struct fold_point *found = &fold->points[search->at++];
        /* A word of one point has only the last one, which is_at compares. */
        if (all == 0) {
            *at = search->at - 1;
        } else {
            /* Continues with the longest beginning of the word that still matches. */
            if (search->len == all)
                search->len = borders[all - 1];
            while (search->len > 0 && !is_same(&wanted[search->len], found))
                search->len = borders[search->len - 1];
            search->len += is_same(&wanted[search->len], found);
            if (search->len < all)
                continue;
            *at = search->at - all;
        }
        if (is_at(query, word, fold, *at))
            return true;
    }
    return false;
}

/* By start, so that matches that overlap can be joined in one pass. */
static int compare_matches(const void *one, const void *other) {
    const struct search_match *a = one, *b = other;
    if (a->start != b->start)
        return a->start < b->start ? -1 : 1;
    return (a->end > b->end) - (a->end < b->end);
}

bool search_query_match(const struct search_query *query, const struct fold *fold,
                        struct search_match matches[SEARCH_MATCHES_MOST], size_t *count) {
    size_t found = 0, kept = 0;
    *count = 0;
    for (size_t i = 0; i < query->count; i++) {
        const struct search_word *word = &query->words[i];
        struct word_search search = {0};
        bool occurs = false;
        for (size_t at; find_word(query, word, fold, &search, &at);) {
            occurs = true;
            if (word->is_excluded)
                return false;
            /* The remaining words are still searched for, since all have to occur. */
            if (found == SEARCH_MATCHES_MOST)
                break;
            matches[found++] = (struct search_match){fold->points[at].start,
                                                     fold->points[at + word->count - 1].end};
        }
        if (!occurs && !word->is_excluded)
            return false;
    }
    /* Matches were found word by word, and are returned in the order of the text. */
    qsort(matches, found, sizeof(*matches), compare_matches);
    /* Overlapping matches are joined. */
    for (size_t i = 0; i < found; i++) {
        if (kept > 0 && matches[i].start < matches[kept - 1].end) {
            if (matches[i].end > matches[kept - 1].end)
                matches[kept - 1].end = matches[i].end;
        } else {
            matches[kept++] = matches[i];
        }
    }
    *count = kept;
    return true;
}
