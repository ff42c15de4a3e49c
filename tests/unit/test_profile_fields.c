/* profile_fields: what names, pictures, languages and addresses of mail may be. */
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "store/users/profile_fields.h"
#include "support/unit.h"

static struct buffer repeated(const char *text, size_t times) {
    struct buffer out = BUFFER_EMPTY;
    for (size_t i = 0; i < times; i++)
        buffer_append_str(&out, text);
    return out;
}

static void accept(const char *(*problem)(struct text), const char *const *values, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (problem(text_of(values[i])))
            fail_msg("'%s': %s", values[i], problem(text_of(values[i])));
}

static void refuse(const char *(*problem)(struct text), const char *const *values, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (!problem(text_of(values[i])))
            fail_msg("'%s' is accepted", values[i]);
}

/* ---- names ---- */

static void names_of_all_scripts_are_accepted(void **state) {
    static const char *const names[] = {
        "a",
        "Ann Lee",
        "Zo\u00eb M\u00fcller-Lü\u0308denscheid",
        "O'Brien <the 3rd> & \"co\"",
        "\u7530\u4e2d \u592a\u90ce",
        "\u0639\u0644\u06cc\u200c\u0631\u0636\u0627", /* with a zero-width non-joiner */
        "\U0001f469\u200d\U0001f4bb",                 /* an emoji of two, joined */
        "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
        "\u05d3\u05df\u200f (Dan)",
        "\u2605",
    };
    (void)state;
    accept(profile_fields_check_name, names, COUNT(names));
}

static void names_that_show_nothing_are_refused(void **state) {
    static const char *const names[] = {
        "",       "\u200b", "\u200d\u200c", "\u3164",       "\u2800",     "\u00ad",
        "\ufeff", "\u0301", "\ufe0f",       "\U000e0067",   "\u00a0",     "\u115f\u1160",
        "\u2060", "\u180e", "\u034f",       "\u200e\u200f", "\U000e0100",
    };
    (void)state;
    refuse(profile_fields_check_name, names, COUNT(names));
}

static void names_with_controls_or_turns_of_direction_are_refused(void **state) {
    static const char *const names[] = {
        "a\nb",     "a\tb",     "a\x1b[31m",   "\x7fz",       "a\xc2\x85z", "a\u2028b",
        "a\u202eb", "a\u202ab", "a\u2066b",    "a\u2069",     "a\xc2\x9f",  "a\ufdd0",
        "a\uffff",  "a\ufffe",  "a\U0001ffff", "a\U0010ffff",
    };
    (void)state;
    refuse(profile_fields_check_name, names, COUNT(names));
}

static void names_have_at_most_64_characters(void **state) {
    (void)state;
    struct buffer name = repeated("\U0001f600", 64);
    assert_null(profile_fields_check_name((struct text){name.data, name.len}));
    buffer_append_char(&name, 'a');
    assert_non_null(profile_fields_check_name((struct text){name.data, name.len}));
    buffer_free(&name);
}

/* ---- pictures ---- */

static const char *from_anywhere(struct text url) {
    return profile_fields_check_avatar(url, "");
}

static const char *from_two_sites(struct text url) {
    return profile_fields_check_avatar(url, "https://pictures.example, https://[2001:db8::1]:8443");
}

static void pictures_have_an_address_of_https(void **state) {
    static const char *const good[] = {
        "https://pictures.example",
        "https://pictures.example/",
        "https://pictures.example/a.png?s=80&d=https%3A%2F%2Fx#y",
        "HTTPS://Pictures.Example:443/a.png",
        "https://127.0.0.1:8443/a",
        "https://[2001:db8::1]/a",
        "https://pictures.example/\u00e4.png",
    };
    static const char *const bad[] = {
        "",
        "a.png",
        "/a.png",
        "//pictures.example/a.png",
        "http://pictures.example/a.png",
        "https:pictures.example",
        "https:///a.png",
        "https://?a",
        "https://user@pictures.example/a.png",
        "https://pictures.example:0/a.png",
        "https://pictures.example:99999/a.png",
        "https://pictures.example\\@evil.example/",
        "https://p\u00efctures.example/a.png",
        "https://pictures.example/a b.png",
        "https://pictures.example/a\nb",
        "https://pictures.example/a\"onerror=",
        "https://pictures.example/<svg>",
        "https://pictures.example/'",
        "javascript:alert(1)//https://pictures.example/",
        "data:image/png;base64,AAAA",
        "data://https://pictures.example/a",
        " https://pictures.example/a.png",
    };
    (void)state;
    accept(from_anywhere, good, COUNT(good));
    refuse(from_anywhere, bad, COUNT(bad));
}

static void pictures_come_from_the_origins_of_the_list(void **state) {
    static const char *const good[] = {
        "https://pictures.example/a.png",
        "https://PICTURES.example:443/a.png",
        "https://[2001:db8::1]:8443/",
    };
    static const char *const bad[] = {
        "https://pictures.example:8443/a.png",
        "https://pictures.example.evil.example/a.png",
        "https://www.pictures.example/a.png",
        "https://[2001:db8::1]/",
        "https://evil.example/https://pictures.example/",
    };
    (void)state;
    accept(from_two_sites, good, COUNT(good));
    refuse(from_two_sites, bad, COUNT(bad));
    assert_null(profile_fields_check_avatar(text_of("https://a.example/"), " , "));
}

static void addresses_of_pictures_have_at_most_512_bytes(void **state) {
    (void)state;
    struct buffer path = repeated("a", 512 - strlen("https://a.example/"));
    struct buffer url = BUFFER_EMPTY;
    buffer_append_str(&url, "https://a.example/");
    buffer_append(&url, path.data, path.len);
    assert_null(profile_fields_check_avatar((struct text){url.data, url.len}, ""));
    buffer_append_char(&url, 'a');
    assert_non_null(profile_fields_check_avatar((struct text){url.data, url.len}, ""));
    buffer_free(&url);
    buffer_free(&path);
}

/* ---- languages and mail ---- */

static void languages_have_the_form_of_bcp_47(void **state) {
    static const char *const good[] = {
        "de",         "pt-BR",          "zh-Hant-TW", "sl-rozaj-biske-1994",
        "de-CH-1996", "en-a-bbb-x-a-b", "haw",        "es-419",
    };
    static const char *const bad[] = {
        "",           "d",
        "de_DE",      "de-",
        "-de",        "de--AT",
        "de AT",      "\u00e4",
        "1a",         "123456789",
        "abcdefghij", "de-abcdefghi",
        "de;q=1",     "de-abcdefgh-abcdefgh-abcdefgh-abcdef", /* 36 bytes */
    };
    (void)state;
    accept(profile_fields_check_locale, good, COUNT(good));
    refuse(profile_fields_check_locale, bad, COUNT(bad));
}

static void addresses_of_mail_have_two_parts(void **state) {
    static const char *const good[] = {"a@b", "ann+chat@example.org", "\u00e4nn@ex\u00e4mple.org"};
    static const char *const bad[] = {"", "ann", "@b", "a@", "a@b@c", "a b@c", "a@b\n", "a\x7f@b"};
    (void)state;
    accept(profile_fields_check_email, good, COUNT(good));
    refuse(profile_fields_check_email, bad, COUNT(bad));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_of_all_scripts_are_accepted),
        cmocka_unit_test(names_that_show_nothing_are_refused),
        cmocka_unit_test(names_with_controls_or_turns_of_direction_are_refused),
        cmocka_unit_test(names_have_at_most_64_characters),
        cmocka_unit_test(pictures_have_an_address_of_https),
        cmocka_unit_test(pictures_come_from_the_origins_of_the_list),
        cmocka_unit_test(addresses_of_pictures_have_at_most_512_bytes),
        cmocka_unit_test(languages_have_the_form_of_bcp_47),
        cmocka_unit_test(addresses_of_mail_have_two_parts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
