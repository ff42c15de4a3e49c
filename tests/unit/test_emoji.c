/* emoji: which texts are one emoji, and in which form it is kept. */
#include <stdio.h>

#include "support/unit.h"
#include "unicode/emoji.h"

static void assert_listed(const char *text, const char *wanted) {
    struct text listed;
    if (!emoji_find(text_of(text), &listed))
        fail_msg("%s was not found", text);
    assert_true(text_equals(listed, text_of(wanted)));
}

static void an_emoji_is_found_in_its_fully_qualified_form(void **state) {
    static const char *const pairs[][2] = {
        {"👍", "👍"},
        {"\xE2\x9D\xA4", "\xE2\x9D\xA4\xEF\xB8\x8F"}, /* a heart without its selector */
        {"\xE2\x9D\xA4\xEF\xB8\x8F", "\xE2\x9D\xA4\xEF\xB8\x8F"},
        {"\xE2\x9D\xA4\xEF\xB8\x8E", "\xE2\x9D\xA4\xEF\xB8\x8F"}, /* the one for text */
        {"👍\xEF\xB8\x8F", "👍"},                                   /* one too many */
        {"👍🏽", "👍🏽"},
        {"🇬🇷", "🇬🇷"},
        {"1\xE2\x83\xA3", "1\xEF\xB8\x8F\xE2\x83\xA3"}, /* the key 1 */
        {"©", "©\xEF\xB8\x8F"},
        {"🏴󠁧󠁢󠁳󠁣󠁴󠁿", "🏴󠁧󠁢󠁳󠁣󠁴󠁿"}, /* a flag by tags */
        {"👩🏻‍❤️‍💋‍👨🏿", "👩🏻‍❤️‍💋‍👨🏿"},
        {"👩🏻‍❤‍💋‍👨🏿",
         "👩🏻‍❤️‍💋‍👨🏿"}, /* without the one inside */
    };
    (void)state;
    for (size_t i = 0; i < COUNT(pairs); i++)
        assert_listed(pairs[i][0], pairs[i][1]);
}

static void what_is_not_one_emoji_is_not_found(void **state) {
    static const char *const texts[] = {"",
                                        "a",
                                        "1",
                                        "#",
                                        " ",
                                        "👍👍",
                                        "👍 ",
                                        " 👍",
                                        "👍a",
                                        ":thumbsup:",
                                        "🇬",  /* half a flag */
                                        "🇽🇽", /* the flag of no region */
                                        "👍🏽🏽",
                                        "👍\xE2\x80\x8D", /* joined to nothing */
                                        "\xE2\x80\x8D",
                                        "\xEF\xB8\x8F", /* a selector alone */
                                        "\xEF\xB8\x8F👍",
                                        "\xE2\x9D\xA4\xEF\xB8", /* cut off */
                                        "\xE2\x9D",
                                        "\xFF"};
    struct text listed;
    (void)state;
    for (size_t i = 0; i < COUNT(texts); i++)
        if (emoji_find(text_of(texts[i]), &listed))
            fail_msg("\"%s\" was found", texts[i]);
}

static void every_row_of_the_table_finds_itself(void **state) {
    static const char *const rows[] = {
#define EMOJI(text) text,
#include "unicode/emoji.def"
#undef EMOJI
    };
    (void)state;
    /* A row out of order would be missed. */
    for (size_t i = 0; i < COUNT(rows); i++)
        assert_listed(rows[i], rows[i]);
    assert_true(COUNT(rows) > 3600);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_emoji_is_found_in_its_fully_qualified_form),
        cmocka_unit_test(what_is_not_one_emoji_is_not_found),
        cmocka_unit_test(every_row_of_the_table_finds_itself),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
