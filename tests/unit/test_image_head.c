/* image_head: kind and size of pictures, from their first bytes. */
#include <string.h>

#include "files/image_head.h"
#include "support/unit.h"

/* A literal that may have NULs. */
#define BYTES(literal) \
    { literal, sizeof(literal) - 1 }

#define PNG "\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x01\x40\0\0\0\xf0\x08\x06\0\0\0"
#define WEBP(chunk) "RIFF\x40\0\0\0WEBP" chunk
#define VP8X WEBP("VP8X\x0a\0\0\0\x10\0\0\0\x3f\x01\0\xef\0\0")
/* 320 - 1 in the lower 14 bits, 240 - 1 in the next. */
#define VP8L WEBP("VP8L\x20\0\0\0\x2f\x3f\xc1\x3b\0\0\0\0\0\0")
#define VP8 WEBP("VP8 \x20\0\0\0\x30\x01\0\x9d\x01\x2a\x40\x01\xf0\0\0\0")
#define JPEG_APP "\xff\xd8\xff\xe0\0\x10JFIF\0\x01\x01\0\0\x01\0\x01\0\0"
#define SOF "\xff\xc0\0\x11\x08\0\xf0\x01\x40\x03"

static const struct {
    struct text bytes;
    enum image_kind kind;
} PICTURES[] = {
    {BYTES(PNG), IMAGE_PNG},
    {BYTES(VP8X), IMAGE_WEBP},
    {BYTES(VP8L), IMAGE_WEBP},
    {BYTES(VP8), IMAGE_WEBP},
    {BYTES(JPEG_APP SOF), IMAGE_JPEG},
    /* Padding before a marker; a progressive one; a marker without a segment. */
    {BYTES(JPEG_APP "\xff\xff\xff" SOF), IMAGE_JPEG},
    {BYTES(JPEG_APP "\xff\xd0"
                    "\xff\xc2\0\x11\x08\0\xf0\x01\x40\x03"),
     IMAGE_JPEG},
};

static void pictures_have_a_kind_and_a_size(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT(PICTURES); i++) {
        struct image_head head;
        assert_true(image_head_read(PICTURES[i].bytes, &head));
        assert_int_equal(head.kind, PICTURES[i].kind);
        assert_int_equal(head.width, 320);
        assert_int_equal(head.height, 240);
    }
    assert_string_equal(image_kind_type(IMAGE_JPEG), "image/jpeg");
    assert_null(image_kind_type(IMAGE_NONE));
}

static void heads_that_are_cut_short_are_no_pictures(void **state) {
    (void)state;
    struct image_head head;
    for (size_t i = 0; i < COUNT(PICTURES); i++)
        for (size_t len = 0; len < 20; len++)
            assert_false(image_head_read((struct text){PICTURES[i].bytes.at, len}, &head));
}

static void other_bytes_are_no_pictures(void **state) {
    static const struct text cases[] = {
        BYTES("GIF89a\x01\0\x01\0\0\0\0"),
        BYTES("<svg xmlns='http://www.w3.org/2000/svg'></svg>"),
        /* No size; the data before the frame; a segment without a length. */
        BYTES("\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\0\0\0\0\xf0\x08\x06\0\0\0"),
        BYTES(JPEG_APP "\xff\xda\0\x08" SOF),
        BYTES("\xff\xd8\xff\xe0\0\0" SOF),
        BYTES(JPEG_APP "\xff\xd9" SOF),
        BYTES(JPEG_APP "x" SOF),
        BYTES(WEBP("VP8 \x20\0\0\0\x30\x01\0\x9d\x01\x2b\x40\x01\xf0\0\0\0")),
        BYTES(WEBP("ALPH\x20\0\0\0\x30\x01\0\x9d\x01\x2a\x40\x01\xf0\0\0\0")),
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct image_head head;
        assert_false(image_head_read(cases[i], &head));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pictures_have_a_kind_and_a_size),
        cmocka_unit_test(heads_that_are_cut_short_are_no_pictures),
        cmocka_unit_test(other_bytes_are_no_pictures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
