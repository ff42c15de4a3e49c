/* word_filter: what evades a list of words, in several scripts, and what it must leave alone. */
#include <stdio.h>
#include <string.h>

#include "support/unit.h"
#include "unicode/word_filter.h"

static struct word_filter *filter_of(const char *list) {
    struct buffer problems = BUFFER_EMPTY;
    struct word_filter *filter = word_filter_parse(text_of(list), &problems);
    if (!filter)
        fail_msg("%s: %s", list, buffer_str(&problems));
    buffer_free(&problems);
    return filter;
}

static void check(const char *word, const char *text, bool expected) {
    char list[200];
    struct buffer masked = BUFFER_EMPTY;
    snprintf(list, sizeof(list), "%s refuse\n", word);
    struct word_filter *filter = filter_of(list);
    const bool found = word_filter_match(filter, text_of(text), &masked) == WORD_REFUSE;
    if (found != expected)
        fail_msg("\"%s\" in \"%s\" is %s", word, text, found ? "found" : "not found");
    word_filter_free(filter);
    buffer_free(&masked);
}

static void evasions_are_found_in_all_scripts(void **state) {
    static const char *const FOUND[][2] = {
        /* Latin: case, accents, width, invisible characters, repeated letters, other forms. */
        {"badword", "a BadWord!"},
        {"badword", "bádwörd"},
        {"badword", "b\u0336a\u0336d\u0336w\u0336o\u0336r\u0336d\u0336"},
        {"badword", "ｂａｄｗｏｒｄ"},
        {"badword", "bad\u200bword"},
        {"badword", "b\u200ca\u200dd\u2060w\ufefford"},
        {"badword", "bad\u00adword\U000E0041"},
        {"badword", "b\u180ea\u034fd\u2061w\u2064o\u061cr\u200ed"},
        {"badword", "\u202Eb\u2066a\u2069d\u202Cword"},
        {"badword", "bad\ufe0fword\U000E0100"},
        {"badword", "bad\u115f\u1160\u3164\uffa0word"},
        {"badword", "baaaadwooord"},
        {"badword", "𝐛𝐚𝐝𝔀𝔬𝕣𝖉"},
        {"badword", "ⓑⓐⓓⓦⓞⓡⓓ"},
        {"Scheiße", "SCHEISSE"},
        {"hello", "helo"},
        {"helo", "hellllo"},
        {"two words", "TWO   wórds"},
        /* Greek, Cyrillic, Armenian, Georgian. */
        {"κακός", "ΚΑΚΟΟΟΣ"},
        {"κακός", "κα\u200bκος"},
        {"плохой", "ПЛОООХОЙ"},
        {"ёлка", "е\u0308ЛКА"},
        {"վատ", "ՎԱԱԱՏ"},
        {"ცუდი", "ᲪᲣᲣᲓᲘ"},
        /* Arabic and Hebrew: marks, the line that lengthens, joiners. */
        {"كتاب", "كـتـاب"},
        {"كتاب", "كِتَاب"},
        {"كتاب", "كت\u200cاب"},
        {"כלב", "כֶּלֶב"},
        {"כלב", "כלל\u200dב"},
        /* Devanagari. */
        {"बुरा", "बुुराा"},
        {"बुरा", "बु\u200dरा"},
        {"क़लम", "कलम"},
        /* Without blanks between words: Han, Kana, Hangul, Thai. */
        {"坏人", "他是坏坏人吧"},
        {"坏人", "坏\u200b人"},
        {"バカ", "ﾊﾞｶだね"},
        {"バカ", "バババカ"},
        {"바보", "\u1107\u1161\u1107\u1169야"},
        {"바보", "바바보"},
        {"เลว", "คนเลลลวมาก"},
        {"🖕", "no 🖕🏽!"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(FOUND); i++)
        check(FOUND[i][0], FOUND[i][1], true);
}

static void only_whole_words_are_found(void **state) {
    static const char *const OTHERS[][2] = {
        {"cunt", "Scunthorpe"},
        {"tit", "title"},
        {"tit", "petit"},
        {"зло", "злой"},
        {"1000", "10"},
        {"妈妈", "妈"},
        {"two words", "two, three words"},
        {"κακός", "κακόςα"},
        {"बुरा", "बुराई"},
        {"कर", "करना"},
        {"bad", "b a d"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(OTHERS); i++)
        check(OTHERS[i][0], OTHERS[i][1], false);
    check("tit", "a tit, in a tree", true);
    check("妈妈", "妈妈妈", true);
}

static void masked_words_keep_their_length(void **state) {
    struct word_filter *filter =
        filter_of("# a list\n\n  darn mask\nheck mask\n坏人 mask\nspam report\nworse hold\n");
    struct buffer masked = BUFFER_EMPTY;
    (void)state;
    assert_int_equal(word_filter_count(filter), 5);
    assert_int_equal(word_filter_match(filter, text_of("Oh d\u00e1\u200brn, HECK!"), &masked),
                     WORD_MASK);
    assert_string_equal(buffer_str(&masked), "Oh *****, ****!");
    assert_int_equal(word_filter_match(filter, text_of("他是坏人吧"), &masked), WORD_MASK);
    assert_string_equal(buffer_str(&masked), "他是**吧");
    assert_int_equal(word_filter_match(filter, text_of("spam, worse"), &masked),
                     WORD_REPORT | WORD_HOLD);
    assert_int_equal(word_filter_match(filter, text_of("fine"), &masked), 0);
    assert_int_equal(word_filter_match(filter, text_of(""), &masked), 0);
    buffer_free(&masked);
    word_filter_free(filter);
}

static void wrong_lines_are_named(void **state) {
    static const char *const WRONG[][2] = {
        {"ok mask\nword\n", "line 2: a word and an action are required\n"},
        {"word Refuse", "line 1: the action must be refuse, mask, hold or report\n"},
        {"!!! refuse", "line 1: the word has no letter\n"},
        {"\xff refuse", "line 1: not valid UTF-8\n"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(WRONG); i++) {
        struct buffer problems = BUFFER_EMPTY;
        assert_null(word_filter_parse(text_of(WRONG[i][0]), &problems));
        assert_string_equal(buffer_str(&problems), WRONG[i][1]);
        buffer_free(&problems);
    }
    struct buffer problems = BUFFER_EMPTY;
    assert_null(word_filter_read("/nonexistent", &problems));
    assert_non_null(strstr(buffer_str(&problems), "cannot open /nonexistent"));
    buffer_free(&problems);
    struct word_filter *filter = filter_of("\xEF\xBB\xBF# nothing\r\n\r\nword refuse\r\n");
    assert_int_equal(word_filter_count(filter), 1);
    word_filter_free(filter);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(evasions_are_found_in_all_scripts),
        cmocka_unit_test(only_whole_words_are_found),
        cmocka_unit_test(masked_words_keep_their_length),
        cmocka_unit_test(wrong_lines_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
