/* frame: encoding of text frames by RFC 6455 (section 5.2), and reference counts. */
#include <stdlib.h>
#include <string.h>

#include "net/frame.h"
#include "support/unit.h"

/* A frame with a payload of `len` bytes that differ by position. */
static struct frame *make(size_t len) {
    char *json = malloc(len + 1);
    for (size_t i = 0; i < len; i++)
        json[i] = (char)('a' + i % 23);
    struct frame *frame = frame_text((struct text){json, len});
    free(json);
    return frame;
}

static void assert_payload(const unsigned char *bytes, size_t len) {
    for (size_t i = 0; i < len; i++)
        if (bytes[i] != (unsigned char)('a' + i % 23))
            fail_msg("byte %zu of the payload is wrong", i);
}

/* Lengths around those where the header grows. */
static void length_uses_the_shortest_encoding(void **state) {
    static const struct {
        size_t len;
        unsigned char header[10];
        size_t header_len;
    } cases[] = {
        {0, {0x81, 0}, 2},
        {1, {0x81, 1}, 2},
        {125, {0x81, 125}, 2},
        {126, {0x81, 126, 0, 126}, 4},
        {127, {0x81, 126, 0, 127}, 4},
        {65535, {0x81, 126, 0xff, 0xff}, 4},
        {65536, {0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0}, 10},
        {1234567, {0x81, 127, 0, 0, 0, 0, 0, 0x12, 0xd6, 0x87}, 10},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct frame *frame = make(cases[i].len);
        assert_int_equal(frame->len, cases[i].header_len + cases[i].len);
        assert_memory_equal(frame->bytes, cases[i].header, cases[i].header_len);
        assert_payload(frame->bytes + cases[i].header_len, cases[i].len);
        assert_ptr_equal(frame_json(frame).at, frame->bytes + cases[i].header_len);
        assert_int_equal(frame_json(frame).len, cases[i].len);
        frame_release(frame);
    }
}

static void text_frame_is_unmasked_and_counts_once(void **state) {
    (void)state;
    struct frame *frame = frame_text(text_of("{}"));
    assert_int_equal(frame->bytes[1] & 0x80, 0);
    assert_int_equal(frame->count, 1);
    assert_int_equal(frame->refs, 1);
    frame_release(frame);
}

static void empty_text_makes_an_empty_frame(void **state) {
    (void)state;
    struct frame *frame = frame_text((struct text){NULL, 0});
    assert_int_equal(frame->len, 2);
    frame_release(frame);
}

static void joined_frames_follow_each_other(void **state) {
    (void)state;
    struct frame *frames[] = {make(3), make(0), make(126), make(65536)};
    struct frame *pair[] = {frames[0], frames[1]};
    struct frame *first = frame_join(pair, 2);
    struct frame *parts[] = {first, frames[2], frames[3]};
    struct frame *joined = frame_join(parts, 3);
    size_t at = 0;
    for (size_t i = 0; i < COUNT(frames); i++) {
        assert_memory_equal(joined->bytes + at, frames[i]->bytes, frames[i]->len);
        at += frames[i]->len;
    }
    assert_int_equal(joined->len, at);
    assert_int_equal(joined->count, 4);
    assert_int_equal(joined->refs, 1);
    frame_release(joined);
    frame_release(first);
    for (size_t i = 0; i < COUNT(frames); i++) {
        assert_int_equal(frames[i]->refs, 1);
        frame_release(frames[i]);
    }
}

/* The sanitizers detect a frame that is freed too early, or never. */
static void last_reference_frees_the_frame(void **state) {
    (void)state;
    struct frame *frame = make(10);
    assert_ptr_equal(frame_hold(frame), frame);
    assert_int_equal(frame->refs, 2);
    frame_release(frame);
    assert_int_equal(frame->refs, 1);
    assert_payload(frame->bytes + 2, 10);
    frame_release(frame);
    frame_release(NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(length_uses_the_shortest_encoding),
        cmocka_unit_test(text_frame_is_unmasked_and_counts_once),
        cmocka_unit_test(empty_text_makes_an_empty_frame),
        cmocka_unit_test(joined_frames_follow_each_other),
        cmocka_unit_test(last_reference_frees_the_frame),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
