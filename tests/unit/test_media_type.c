/* media_type: spellings, agreement with the bytes, lists. */
#include <string.h>

#include "files/media_type.h"
#include "support/unit.h"

static void types_have_one_spelling(void **state) {
    static const struct {
        const char *type, *wanted; /* NULL: it is none */
    } cases[] = {
        {"image/png", "image/png"},
        {"IMAGE/PNG", "image/png"},
        {" text/plain; charset=utf-8", "text/plain"},
        {"image/jpg", "image/jpeg"},
        {"application/vnd.oasis.opendocument.text", "application/vnd.oasis.opendocument.text"},
        {"", NULL},
        {"png", NULL},
        {"/png", NULL},
        {"image/", NULL},
        {"image/p g", NULL},
        {"image/p/g", NULL},
        {"image/p'g", NULL},
        {"image/p\ng", NULL},
        {"*/*", NULL},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        char type[MEDIA_TYPE_SIZE];
        assert_int_equal(media_type_normalize(text_of(cases[i].type), type),
                         cases[i].wanted != NULL);
        if (cases[i].wanted)
            assert_string_equal(type, cases[i].wanted);
    }
}

static void bytes_have_a_type(void **state) {
    static const struct {
        const char *bytes, *wanted;
    } cases[] = {
        {"GIF89a<html><script>alert(1)</script>", "image/gif"},
        {"<!DOCTYPE html><html><body>x</body></html>", "text/html"},
        {"<svg xmlns=\"http://www.w3.org/2000/svg\"><script>alert(1)</script></svg>",
         "image/svg+xml"},
        {"%PDF-1.7\n", "application/pdf"},
        {"Hello, world!\n", "text/plain"},
        {"\x01\x02\x03\x04\x05\xff\xfe\xfd", "application/octet-stream"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        char type[MEDIA_TYPE_SIZE];
        assert_true(media_type_find(text_of(cases[i].bytes), type));
        assert_string_equal(type, cases[i].wanted);
    }
}

static void a_claim_agrees_or_contradicts(void **state) {
    static const struct {
        const char *claimed, *found;
        bool agrees;
    } cases[] = {
        {"image/png", "image/png", true},
        {"application/octet-stream", "image/png", true},
        {"application/octet-stream", "text/html", true},
        {"image/png", "image/jpeg", false},
        {"image/png", "text/html", false},
        {"text/html", "image/gif", false},
        {"image/svg+xml", "text/xml", true},
        {"text/plain", "text/html", false},
        {"text/plain", "image/svg+xml", false},
        {"text/csv", "text/plain", true},
        {"application/json", "text/plain", true},
        {"text/plain", "application/json", true},
        {"text/plain", "text/x-c", true},
        {"image/png", "text/plain", false},
        {"application/pdf", "text/plain", false},
        {"application/pdf", "application/octet-stream", false},
        {"text/plain", "application/octet-stream", false},
        {"video/mp4", "application/octet-stream", false},
        {"application/x-unknown", "application/octet-stream", true},
        {"text/plain", "application/x-executable", false},
        {"application/vnd.openxmlformats-officedocument.wordprocessingml.document",
         "application/zip", true},
        {"image/png", "application/zip", false},
        {"audio/webm", "video/webm", true},
        {"audio/ogg", "application/ogg", true},
        {"audio/mp4", "video/mp4", true},
        {"audio/mpeg", "video/mp4", false},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_int_equal(media_type_agrees(text_of(cases[i].claimed), text_of(cases[i].found)),
                         cases[i].agrees);
}

static void a_list_has_types_and_ranges(void **state) {
    (void)state;
    assert_true(media_type_is_listed("", text_of("image/png")));
    assert_true(media_type_is_listed(" ,", text_of("image/png")));
    assert_true(media_type_is_listed("application/pdf, image/*", text_of("image/png")));
    assert_true(media_type_is_listed("IMAGE/PNG", text_of("image/png")));
    assert_false(media_type_is_listed("image/*", text_of("imagex/png")));
    assert_false(media_type_is_listed("image/p*", text_of("image/png")));
    assert_false(media_type_is_listed("application/pdf", text_of("image/png")));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(types_have_one_spelling),
        cmocka_unit_test(bytes_have_a_type),
        cmocka_unit_test(a_claim_agrees_or_contradicts),
        cmocka_unit_test(a_list_has_types_and_ranges),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
