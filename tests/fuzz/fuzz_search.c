/*
 * fuzz_search: a query in the first line, a text in the rest. What the query matches has the terms
 * that are looked up, and matches are within the text, in order.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../unit/support/fuzz_input.h"
#include "unicode/search_text.h"

static bool is_between(struct text term, const struct search_lookup *lookup) {
    const struct text first = lookup->first, last = lookup->last;
    const int low = memcmp(term.at, first.at, term.len < first.len ? term.len : first.len);
    const int high = memcmp(term.at, last.at, term.len < last.len ? term.len : last.len);
    return (low > 0 || (low == 0 && term.len >= first.len)) &&
           (high < 0 || (high == 0 && term.len <= last.len));
}

static void check_lookups(const struct search_query *query, const struct fold *fold) {
    struct search_lookup lookups[SEARCH_LOOKUPS_MOST];
    struct search_terms terms = {0};
    struct buffer bytes = BUFFER_EMPTY;
    const size_t count = search_query_lookups(query, &bytes, lookups);
    fuzz_require(count > 0, "something is looked up");
    search_terms_of(&terms, fold);
    for (size_t i = 0; i < count; i++) {
        bool has_it = false;
        for (size_t t = 0; t < terms.count && !has_it; t++)
            has_it = is_between(terms.terms[t], &lookups[i]);
        fuzz_require(has_it, "a text that matches has each term that is looked up");
    }
    search_terms_free(&terms);
    buffer_free(&bytes);
}

static void check_matches(const struct search_match *matches, size_t count, size_t points) {
    for (size_t i = 0; i < count; i++) {
        fuzz_require(matches[i].start < matches[i].end, "a match is not empty");
        fuzz_require(matches[i].end <= points, "it is within the text");
        fuzz_require(i == 0 || matches[i - 1].end <= matches[i].start, "they do not overlap");
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct text rest = {(const char *)data, size};
    const struct text words = fuzz_line(&rest);
    struct search_match matches[SEARCH_MATCHES_MOST];
    struct search_query query;
    struct fold fold = {0};
    size_t count;
    fold_text(&fold, rest);
    if (search_query_read(&query, words) == SEARCH_OK && text_is_valid(rest.at, rest.len) &&
        search_query_match(&query, &fold, matches, &count)) {
        fuzz_require(count > 0, "what matches does so somewhere");
        check_matches(matches, count, text_code_points(rest));
        check_lookups(&query, &fold);
    }
    search_query_free(&query);
    fold_free(&fold);
    fuzz_free(words);
    return 0;
}
