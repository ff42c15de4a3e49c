/* search_text: the terms of a text, reading a query, what is looked up. Matching is tested by
 * tests/api/test_search.py and, against the terms, by tests/fuzz/fuzz_search.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/search_text.h"

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
    for (size_t i = 0; i < sizeof(WITHOUT) / sizeof(WITHOUT[0]); i++) {
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

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(terms_are_words_and_pairs_each_once),
        cmocka_unit_test(what_finds_least_is_looked_up),
        cmocka_unit_test(queries_without_a_word_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
