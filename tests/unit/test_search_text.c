/* search_text: the terms of a text, reading a query, what is looked up. Matching is also tested by
 * tests/api/test_search.py and, against the terms, by tests/fuzz/fuzz_search.c. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/unit.h"
#include "unicode/search_text.h"

static void assert_terms(const char *text, const char *wanted) {
    struct fold fold = {0};
    struct search_terms terms = {0};
    struct buffer found = BUFFER_EMPTY;
    fold_text(&fold, text_of(text));
    search_terms_of(&terms, &fold);
    for (size_t i = 0; i < terms.count; i++)
        buffer_printf(&found, "%s%.*s", i > 0 ? " " : "", (int)terms.terms[i].len,
                      terms.terms[i].at);
    assert_string_equal(buffer_str(&found), wanted);
    buffer_free(&found);
    search_terms_free(&terms);
    fold_free(&fold);
}

static void terms_are_words_and_pairs_each_once(void **state) {
    (void)state;
    assert_terms("", "");
    assert_terms("!?", "");
    assert_terms("One, two; ONE", "one two");
    assert_terms("東京 is 東京都", "is 京 京都 東京 都");
    assert_terms("🎉🎊", "🎉🎊 🎊");
    /* A long word by its beginning. */
    assert_terms("abcdefghijklmnopqrstuvwxyz", "abcdefghijklmnopqrstuvwx");
}

static void assert_lookups(const char *text, const char *wanted) {
    struct search_query query;
    struct search_lookup lookups[SEARCH_LOOKUPS_MOST];
    struct buffer bytes = BUFFER_EMPTY, found = BUFFER_EMPTY;
    assert_int_equal(search_query_read(&query, text_of(text)), SEARCH_OK);
    const size_t count = search_query_lookups(&query, &bytes, lookups);
    for (size_t i = 0; i < count; i++) {
        const struct text first = lookups[i].first, last = lookups[i].last;
        const bool is_exact = text_equals(first, last);
        buffer_printf(&found, "%s%.*s%s", i > 0 ? " " : "", (int)first.len, first.at,
                      is_exact ? "" : "*");
    }
    assert_string_equal(buffer_str(&found), wanted);
    search_query_free(&query);
    buffer_free(&bytes);
    buffer_free(&found);
}

static void what_finds_least_is_looked_up(void **state) {
    (void)state;
    assert_lookups("hel", "hel*");
    assert_lookups("hello wor", "wor* hello");
    /* A beginning that finds much is left to the text. */
    assert_lookups("hello wo", "hello");
    assert_lookups("a longest word of four x", "longest word four");
    assert_lookups("\"good morning\" x", "morning good");
    assert_lookups("東京大学", "東京 京大 大学");
    assert_lookups("字", "字*");
    /* The last syllable may get a final consonant. */
    assert_lookups("한그", "한그*");
    assert_lookups("한글", "한글");
    assert_lookups("abcdefghijklmnopqrstuvwxyz", "abcdefghijklmnopqrstuvwx");
    assert_lookups("-no yes", "yes*");
}

static void queries_without_a_word_are_refused(void **state) {
    static const char *const WITHOUT[] = {"",   " ",  "-",      "-word", "-\"a phrase\"",
                                          "\"", "!?", "\"\" -a"};
    struct search_query query;
    (void)state;
    for (size_t i = 0; i < COUNT(WITHOUT); i++) {
        assert_int_equal(search_query_read(&query, text_of(WITHOUT[i])), SEARCH_NO_WORD);
        search_query_free(&query);
    }
    struct buffer many = BUFFER_EMPTY;
    for (size_t i = 0; i <= SEARCH_WORDS_MOST; i++)
        buffer_append_str(&many, "a ");
    assert_int_equal(search_query_read(&query, text_of(buffer_str(&many))), SEARCH_TOO_LONG);
    search_query_free(&query);
    buffer_free(&many);
}

/* Whether the query's only word, which is not a beginning, is at this point: point by point. */
static bool is_at(const struct search_query *query, const struct fold *text, size_t at) {
    const struct search_word *word = &query->words[0];
    const struct fold_point *wanted = query->fold.points + word->from;
    if (word->count > text->count - at)
        return false;
    for (size_t i = 0; i < word->count; i++)
        if (wanted[i].kind != text->points[at + i].kind ||
            wanted[i].point != text->points[at + i].point)
            return false;
    const size_t end = at + word->count;
    return (at == 0 || wanted[0].kind != FOLD_WORD || text->points[at - 1].kind != FOLD_WORD) &&
           (end == text->count || wanted[word->count - 1].kind != FOLD_WORD ||
            text->points[end].kind != FOLD_WORD);
}

/* A number below `below`; the same ones in each run. */
static size_t next_random(uint64_t *seed, size_t below) {
    *seed = *seed * 6364136223846793005u + 1442695040888963407u;
    return (size_t)(*seed >> 33) % below;
}

static void write_random(struct buffer *out, uint64_t *seed, size_t len) {
    static const char *const PIECES[] = {"a", "a", "b", "ab", " ", "字", "!"};
    buffer_clear(out);
    for (size_t i = 0; i < len; i++)
        buffer_append_str(out, PIECES[next_random(seed, 7)]);
}

static void a_phrase_is_found_wherever_it_is(void **state) {
    struct buffer text = BUFFER_EMPTY, phrase = BUFFER_EMPTY, quoted = BUFFER_EMPTY;
    struct fold fold = {0};
    size_t found = 0;
    uint64_t seed = 1;
    (void)state;
    for (int round = 0; round < 20000; round++) {
        struct search_query query;
        struct search_match matches[SEARCH_MATCHES_MOST];
        size_t count;
        bool is_there = false;
        write_random(&text, &seed, next_random(&seed, 40));
        write_random(&phrase, &seed, 1 + next_random(&seed, 6));
        buffer_clear(&quoted);
        buffer_printf(&quoted, "\"%s\"", buffer_str(&phrase));
        if (search_query_read(&query, text_of(buffer_str(&quoted))) == SEARCH_OK) {
            fold_text(&fold, text_of(buffer_str(&text)));
            for (size_t at = 0; at < fold.count; at++)
                is_there = is_there || is_at(&query, &fold, at);
            assert_int_equal(query.count, 1);
            assert_int_equal(search_query_match(&query, &fold, matches, &count), is_there);
            found += is_there;
        }
        search_query_free(&query);
    }
    assert_in_range(found, 1000, 19000);
    fold_free(&fold);
    buffer_free(&text);
    buffer_free(&phrase);
    buffer_free(&quoted);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(terms_are_words_and_pairs_each_once),
        cmocka_unit_test(what_finds_least_is_looked_up),
        cmocka_unit_test(queries_without_a_word_are_refused),
        cmocka_unit_test(a_phrase_is_found_wherever_it_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
