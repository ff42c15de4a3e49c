/* frame_scan: pings and frames that are not masked, however the bytes are cut. */
#include <stdlib.h>
#include <string.h>

#include "net/frame_scan.h"
#include "support/unit.h"

struct pings {
    unsigned count;
    size_t len;
    unsigned char last[FRAME_SCAN_MAX_CONTROL];
};

static void on_ping(void *context, const unsigned char *payload, size_t len) {
    struct pings *pings = context;
    pings->count++;
    pings->len = len;
    memcpy(pings->last, payload, len);
}

/* Appends a frame to bytes; returns their number then. */
static size_t add_frame(unsigned char *bytes, size_t at, unsigned first, const char *payload,
                        size_t len, bool masked) {
    static const unsigned char MASK[] = {7, 0, 255, 13};
    bytes[at++] = (unsigned char)first;
    const unsigned flag = masked ? 0x80 : 0;
    if (len < 126) {
        bytes[at++] = (unsigned char)(flag | len);
    } else {
        bytes[at++] = (unsigned char)(flag | 126);
        bytes[at++] = (unsigned char)(len >> 8);
        bytes[at++] = (unsigned char)len;
    }
    if (masked)
        memcpy(bytes + at, MASK, 4);
    at += masked ? 4 : 0;
    for (size_t i = 0; i < len; i++)
        bytes[at++] = (unsigned char)(payload[i] ^ (masked ? MASK[i % 4] : 0));
    return at;
}

/* Scans bytes in pieces of this size; returns how many are handed on. */
static size_t scan_pieces(unsigned char *bytes, size_t len, size_t piece, struct pings *pings) {
    struct frame_scan scan = {0};
    size_t handed = 0;
    for (size_t at = 0; at < len; at += piece)
        handed +=
            frame_scan(&scan, bytes + at, len - at < piece ? len - at : piece, on_ping, pings);
    frame_scan_free(&scan);
    return handed;
}

static void each_ping_is_heard_and_becomes_a_pong(void **state) {
    (void)state;
    static char text[300];
    unsigned char made[1000], bytes[1000];
    size_t len = add_frame(made, 0, 0x01, text, 300, true);
    const size_t first = len;
    len = add_frame(made, len, 0x89, "one", 3, true);
    len = add_frame(made, len, 0x80, text, 10, true);
    len = add_frame(made, len, 0x89, text, 125, true);
    const size_t last = len;
    len = add_frame(made, len, 0x89, "", 0, true);
    for (size_t piece = 1; piece <= len; piece++) {
        struct pings pings = {0};
        memcpy(bytes, made, len);
        assert_int_equal(scan_pieces(bytes, len, piece, &pings), len);
        assert_int_equal(pings.count, 3);
        assert_int_equal(pings.len, 0);
        assert_int_equal(bytes[first], 0x8A);
        assert_int_equal(bytes[last], 0x8A);
        bytes[first] = bytes[last] = made[first];
        bytes[last - 131] = made[first];
        assert_memory_equal(bytes, made, len);
    }
}

static void the_payload_of_a_ping_is_unmasked(void **state) {
    (void)state;
    unsigned char bytes[100];
    struct pings pings = {0};
    const size_t len = add_frame(bytes, 0, 0x89, "some words", 10, true);
    scan_pieces(bytes, len, 3, &pings);
    assert_int_equal(pings.len, 10);
    assert_memory_equal(pings.last, "some words", 10);
}

static void nothing_after_an_unmasked_frame_is_handed_on(void **state) {
    (void)state;
    unsigned char made[100], bytes[100];
    const size_t masked = add_frame(made, 0, 0x81, "{}", 2, true);
    size_t len = add_frame(made, masked, 0x89, "a", 1, false);
    len = add_frame(made, len, 0x89, "b", 1, true);
    for (size_t piece = 1; piece <= len; piece++) {
        struct pings pings = {0};
        memcpy(bytes, made, len);
        assert_in_range(scan_pieces(bytes, len, piece, &pings), masked, masked + 1);
        assert_int_equal(pings.count, 0);
    }
}

static void a_close_frame_has_a_whole_code_or_none(void **state) {
    (void)state;
    unsigned char bytes[100];
    for (size_t size = 0; size <= 3; size++) {
        struct pings pings = {0};
        const size_t len = add_frame(bytes, 0, 0x88, "abc", size, true);
        const size_t handed_on = scan_pieces(bytes, len, 1, &pings);
        if (size == 1)
            assert_in_range(handed_on, 0, 1);
        else
            assert_int_equal(handed_on, len);
    }
}

static void an_invalid_ping_is_not_answered(void **state) {
    (void)state;
    static char text[200];
    unsigned char bytes[300];
    struct pings pings = {0};
    size_t len = add_frame(bytes, 0, 0x09, "part", 4, true);
    assert_int_equal(scan_pieces(bytes, len, len, &pings), len);
    assert_int_equal(bytes[0], 0x09);
    len = add_frame(bytes, 0, 0x89, text, 200, true);
    scan_pieces(bytes, len, len, &pings);
    assert_int_equal(pings.count, 0);
}

static void a_length_of_64_bits_is_skipped(void **state) {
    (void)state;
    unsigned char bytes[] = {0x82, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                             0xff, 0xff, 1,    2,    3,    4,    0x89, 0x00};
    struct pings pings = {0};
    assert_int_equal(scan_pieces(bytes, sizeof(bytes), 5, &pings), sizeof(bytes));
    assert_int_equal(pings.count, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_ping_is_heard_and_becomes_a_pong),
        cmocka_unit_test(the_payload_of_a_ping_is_unmasked),
        cmocka_unit_test(nothing_after_an_unmasked_frame_is_handed_on),
        cmocka_unit_test(a_close_frame_has_a_whole_code_or_none),
        cmocka_unit_test(an_invalid_ping_is_not_answered),
        cmocka_unit_test(a_length_of_64_bits_is_skipped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
