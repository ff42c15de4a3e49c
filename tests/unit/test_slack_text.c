/* slack_text: the markup of Slack as plain text, and the names of emoji. */
#include <stdio.h>
#include <string.h>

#include "import/emoji_names.h"
#include "import/slack_text.h"
#include "support/unit.h"

static struct text name_of(void *context, char sign, struct text id) {
    (void)context;
    if (sign == '@' && text_equals(id, text_of("U1")))
        return text_of("ann");
    return text_of(sign == '#' && text_equals(id, text_of("C1")) ? "general" : "");
}

static void markup_becomes_plain_text(void **state) {
    static const char *const TEXTS[][2] = {
        {"", ""},
        {"plain", "plain"},
        {"<@U1> and <@U2|bob> and <@U3>", "@ann and @bob and @U3"},
        {"<@U1|old name>", "@ann"},
        {"<#C1>, <#C1|other>, <#C2|random>", "#general, #general, #random"},
        {"<!here> <!channel|channel> <!subteam^S1|@group>", "@here @channel @group"},
        {"<!date^1392734382^{date}|18 February>", "18 February"},
        {"<https://a.org/>", "https://a.org/"},
        {"<https://a.org/?a=1&amp;b=2|A &amp; B>", "A & B (https://a.org/?a=1&b=2)"},
        {"<http://a.org|a.org>", "http://a.org"},
        {"<https://a.org|https://a.org>", "https://a.org"},
        {"<mailto:a@b.org|a@b.org>", "a@b.org"},
        {"<https://a.org|>", "https://a.org"},
        {"1 &lt; 2 &gt; 0 &amp;amp; &quot;", "1 < 2 > 0 &amp; &quot;"},
        {"a < b", "a < b"},
        {"<> <", "<> <"},
        {"<|x>", "x ()"},
        {"line\nline", "line\nline"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(TEXTS); i++) {
        struct buffer out = BUFFER_EMPTY;
        slack_text_write(&out, text_of(TEXTS[i][0]), name_of, NULL);
        assert_string_equal(buffer_str(&out), TEXTS[i][1]);
        buffer_free(&out);
    }
}

static void emoji_are_found_by_name(void **state) {
    static const char *const NAMES[][2] = {
        {"+1", "👍"},    {":thumbsup:", "👍"}, {"-1", "👎"},
        {"tada", "🎉"},  {"zzz", "💤"},        {"thumbsup::skin-tone-3", "👍"},
        {"star2", "🌟"}, {"star", "⭐"},       {":heart:", "❤️"},
    };
    static const char *const OTHERS[] = {"", ":", "::", "thumbsu", "thumbsupp", "our-logo", "sta"};
    struct text emoji;
    (void)state;
    for (size_t i = 0; i < COUNT(NAMES); i++) {
        assert_true(emoji_of_name(text_of(NAMES[i][0]), &emoji));
        assert_true(text_equals(emoji, text_of(NAMES[i][1])));
    }
    for (size_t i = 0; i < COUNT(OTHERS); i++)
        assert_false(emoji_of_name(text_of(OTHERS[i]), &emoji));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(markup_becomes_plain_text),
        cmocka_unit_test(emoji_are_found_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
