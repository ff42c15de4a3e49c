/* fold: what texts are the same for a search, and where they were. */
#include <stdio.h>
#include <string.h>

#include "support/unit.h"
#include "unicode/fold.h"

static void assert_same(const char *one, const char *other) {
    struct fold a = {0}, b = {0};
    fold_text(&a, text_of(one));
    fold_text(&b, text_of(other));
    if (a.count != b.count)
        fail_msg("\"%s\" has %zu points, \"%s\" %zu", one, a.count, other, b.count);
    for (size_t i = 0; i < a.count; i++)
        if (a.points[i].point != b.points[i].point || a.points[i].kind != b.points[i].kind)
            fail_msg("\"%s\" and \"%s\" differ at %zu", one, other, i);
    fold_free(&a);
    fold_free(&b);
}

static void what_readers_take_for_the_same_is_the_same(void **state) {
    static const char *const SAME[][2] = {
        {"Straße", "STRASSE"},
        {"ıŁØĐÆŒ", "iLodaeoe"},
        {"été", "e\u0301te\u0301"},
        {"Ἀθῆναι", "αθηναι"},
        {"ΣΟΦΟΣ", "σοφός"},
        {"Ёлка", "елка"},
        {"שָׁלוֹם", "שלום"},
        {"مُحَمَّد", "محمد"},
        {"كـتاب", "كتاب"},
        {"ﬁ ½ Ⅷ ①", "fi 1⁄2 viii 1"},
        {"ｶﾞｯｺｳ", "ガッコウ"},
        {"\u1112\u1161\u11ab\u1100\u1173\u11af", "한글"},
        {"co\u00adop", "coop"},
        {"👍🏽", "👍"},
        {"❤\uFE0F", "❤"},
        /* Marks on one letter, in another order. */
        {"क\u094d\u093c", "क\u093c\u094d"},
        {"...a!?  b..", "a b"},
        {"\u200b\u200ea\u3000b", "A B"},
        {"Ꭳᏺ", "ꭳᏲ"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(SAME); i++)
        assert_same(SAME[i][0], SAME[i][1]);
}

static void marks_of_other_scripts_stay(void **state) {
    static const struct {
        const char *text;
        size_t points;
    } KEPT[] = {{"कि", 2}, {"ที่", 3}, {"か\u3099", 2}, {"ក្ក", 3}};
    struct fold fold = {0};
    (void)state;
    for (size_t i = 0; i < COUNT(KEPT); i++) {
        fold_text(&fold, text_of(KEPT[i].text));
        assert_int_equal(fold.count, KEPT[i].points);
    }
    fold_free(&fold);
}

static void each_point_knows_where_it_was(void **state) {
    struct fold fold = {0};
    (void)state;
    /* x, a blank, e with its accent, two s of one letter. */
    fold_text(&fold, text_of("x, e\u0301ß"));
    assert_int_equal(fold.count, 5);
    static const uint32_t PLACES[][2] = {{0, 1}, {1, 2}, {3, 5}, {5, 6}, {5, 6}};
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal(fold.points[i].start, PLACES[i][0]);
        assert_int_equal(fold.points[i].end, PLACES[i][1]);
    }
    fold_free(&fold);
}

static void kinds_distinguish_words_from_pairs(void **state) {
    static const char TEXT[] = "ab3 東京 ภาษา 한글 カナ 🎉 €";
    struct fold fold = {0};
    (void)state;
    fold_text(&fold, text_of(TEXT));
    for (size_t i = 0; i < fold.count; i++) {
        const bool is_blank = fold.points[i].point == ' ';
        assert_int_equal(fold.points[i].kind, is_blank ? FOLD_SPACE
                                              : i < 3  ? FOLD_WORD
                                                       : FOLD_PAIR);
    }
    fold_free(&fold);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_readers_take_for_the_same_is_the_same),
        cmocka_unit_test(marks_of_other_scripts_stay),
        cmocka_unit_test(each_point_knows_where_it_was),
        cmocka_unit_test(kinds_distinguish_words_from_pairs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
