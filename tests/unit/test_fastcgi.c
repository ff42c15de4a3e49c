/* fastcgi: requests in pieces of any size, the records that are refused, and responses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "server/fastcgi.h"

#define LIMIT 1000

#define BYTES(literal) literal, sizeof(literal) - 1
#define BEGIN           \
    "\1\1\0\5\0\10\0\0" \
    "\0\1\0\0\0\0\0\0"
#define PAIRS               \
    "\1\4\0\5\0\17\1\0"     \
    "\1\3Aabc\4\0NAME\1\0B" \
    "\377"
#define END_PARAMS "\1\4\0\5\0\0\0\0"
#define BODY           \
    "\1\5\0\5\0\2\0\0" \
    "hi"
#define END_BODY "\1\5\0\5\0\0\0\0"

/* Gives the bytes in pieces of `step` bytes; returns the state. */
static enum fastcgi_state give(struct fastcgi *fastcgi, const char *bytes, size_t len,
                               size_t step) {
    for (size_t at = 0; at < len;) {
        const size_t size = len - at < step ? len - at : step;
        char *piece = malloc(size);
        memcpy(piece, bytes + at, size);
        const size_t used = fastcgi_read(fastcgi, piece, size, LIMIT);
        free(piece);
        at += used;
        if (used < size)
            break;
    }
    return fastcgi->state;
}

static enum fastcgi_state state_of(const char *bytes, size_t len) {
    struct fastcgi fastcgi = {0};
    const enum fastcgi_state state = give(&fastcgi, bytes, len, len);
    fastcgi_free(&fastcgi);
    return state;
}

static void a_request_arrives_in_pieces_of_any_size(void **state) {
    static const char request[] = BEGIN PAIRS END_PARAMS BODY BODY END_BODY;
    struct fastcgi fastcgi = {0};
    (void)state;
    for (size_t step = 1; step < sizeof(request); step++) {
        assert_int_equal(give(&fastcgi, BYTES(request), step), FASTCGI_WHOLE);
        assert_string_equal(fastcgi.variables[0], "A=abc");
        assert_string_equal(fastcgi.variables[1], "NAME=");
        assert_string_equal(fastcgi.variables[2], "B=");
        assert_null(fastcgi.variables[3]);
        assert_int_equal(fastcgi.body.len, 4);
        assert_memory_equal(fastcgi.body.data, "hihi", 4);
        assert_false(fastcgi.keep_connection);
        fastcgi_reset(&fastcgi);
    }
    fastcgi_free(&fastcgi);
}

static void each_part_is_awaited(void **state) {
    (void)state;
    assert_int_equal(state_of(BYTES("\1")), FASTCGI_VARIABLES);
    assert_int_equal(state_of(BYTES(BEGIN PAIRS)), FASTCGI_VARIABLES);
    assert_int_equal(state_of(BYTES(BEGIN PAIRS END_PARAMS)), FASTCGI_BODY);
    assert_int_equal(state_of(BYTES(BEGIN PAIRS END_PARAMS BODY)), FASTCGI_BODY);
    assert_int_equal(state_of(BYTES(BEGIN END_PARAMS END_BODY)), FASTCGI_WHOLE);
}

static void bytes_after_a_request_are_not_used(void **state) {
    static const char two[] = BEGIN END_PARAMS END_BODY BEGIN;
    struct fastcgi fastcgi = {0};
    (void)state;
    assert_int_equal(fastcgi_read(&fastcgi, BYTES(two), LIMIT), sizeof(two) - sizeof(BEGIN));
    fastcgi_free(&fastcgi);
}

static void a_connection_may_be_kept(void **state) {
    struct fastcgi fastcgi = {0};
    (void)state;
    give(&fastcgi, BYTES("\1\1\0\5\0\10\0\0\0\1\1\0\0\0\0\0"), 1);
    assert_true(fastcgi.keep_connection);
    fastcgi_free(&fastcgi);
}

static void a_body_over_the_limit_ends_the_reading(void **state) {
    static const char head[] = BEGIN END_PARAMS "\1\5\0\5\3\351\0\0";
    char body[LIMIT + 1];
    struct fastcgi fastcgi = {0};
    (void)state;
    memset(body, 'x', sizeof(body));
    give(&fastcgi, BYTES(head), 100);
    assert_int_equal(give(&fastcgi, body, LIMIT, 100), FASTCGI_BODY);
    assert_int_equal(give(&fastcgi, body, 1, 100), FASTCGI_TOO_LARGE);
    assert_int_equal(fastcgi_read(&fastcgi, BYTES(END_BODY), LIMIT), 0);
    fastcgi_free(&fastcgi);
}

static void malformed_records_are_invalid(void **state) {
    static const struct {
        const char *bytes;
        size_t len;
    } cases[] = {
        {BYTES("GET / HTTP/1.1\r\n")},
        {BYTES("\0\0\0\0\0\0\0\0")},
        {BYTES(PAIRS)},                                     /* before the beginning */
        {BYTES(BEGIN BEGIN)},                               /* twice */
        {BYTES("\1\1\0\5\0\7\0\0\0\1\0\0\0\0\0")},          /* too short */
        {BYTES("\1\1\0\5\0\10\0\0\0\2\0\0\0\0\0\0")},       /* an authorizer */
        {BYTES("\1\1\0\5\0\10\0\0\1\1\0\0\0\0\0\0")},       /* no role */
        {BYTES("\1\1\0\0\0\10\0\0\0\1\0\0\0\0\0\0")},       /* without an id */
        {BYTES(BEGIN "\1\4\0\6\0\0\0\0")},                  /* of another request */
        {BYTES(BEGIN "\1\2\0\5\0\0\0\0")},                  /* an abort */
        {BYTES(BEGIN BODY)},                                /* before the variables */
        {BYTES(BEGIN END_PARAMS PAIRS)},                    /* after them */
        {BYTES(BEGIN "\1\4\0\5\0\1\0\0\1" END_PARAMS)},     /* a name without a value */
        {BYTES(BEGIN "\1\4\0\5\0\3\0\0\1\1A" END_PARAMS)},  /* a value that is too short */
        {BYTES(BEGIN "\1\4\0\5\0\2\0\0\200\0" END_PARAMS)}, /* half a length */
        {BYTES(BEGIN "\1\4\0\5\0\10\0\0\377\377\377\377\377\377\377\377" END_PARAMS)},
        {BYTES(BEGIN "\1\4\0\5\0\10\0\0\300\0\0\0\300\0\0\0" END_PARAMS)},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        if (state_of(cases[i].bytes, cases[i].len) != FASTCGI_INVALID)
            fail_msg("case %zu is accepted", i);
}

static void other_records_are_ignored(void **state) {
    (void)state;
    assert_int_equal(
        state_of(BYTES("\1\11\0\0\0\2\1\0xxx" BEGIN "\1\10\0\5\0\1\0\0x" END_PARAMS END_BODY)),
        FASTCGI_WHOLE);
}

static void variables_are_limited(void **state) {
    static const char head[] = "\1\4\0\5\377\377\0\0";
    char *bytes = calloc(1, 65535);
    struct fastcgi fastcgi = {0};
    (void)state;
    give(&fastcgi, BYTES(BEGIN), 100);
    for (size_t i = 0; i < FASTCGI_MAX_VARIABLES / 65535; i++) {
        give(&fastcgi, BYTES(head), 100);
        assert_int_equal(give(&fastcgi, bytes, 65535, 65535), FASTCGI_VARIABLES);
    }
    give(&fastcgi, BYTES(head), 100);
    assert_int_equal(give(&fastcgi, bytes, 65535, 65535), FASTCGI_INVALID);
    fastcgi_free(&fastcgi);
    free(bytes);
}

static void a_response_has_the_id_of_the_request(void **state) {
    static const char expected[] =
        "\1\6\0\5\0\4\0\0"
        "head"
        "\1\6\0\5\0\4\0\0"
        "body"
        "\1\6\0\5\0\0\0\0"
        "\1\3\0\5\0\10\0\0"
        "\0\0\0\0\0\0\0\0";
    struct buffer head = BUFFER_EMPTY, body = BUFFER_EMPTY, out = BUFFER_EMPTY;
    struct fastcgi fastcgi = {.id = 5};
    (void)state;
    buffer_append_str(&head, "head");
    buffer_append_str(&body, "body");
    fastcgi_write(&fastcgi, &head, &body, &out);
    assert_int_equal(out.len, sizeof(expected) - 1);
    assert_memory_equal(out.data, expected, out.len);
    /* A long body has several records. */
    buffer_clear(&out);
    memset(buffer_reserve(&body, 70000), 'x', 70000);
    body.len += 70000;
    fastcgi_write(&fastcgi, &head, &body, &out);
    assert_int_equal(out.len, 8 + 4 + 8 + 8 + 70004 + 8 + 16);
    buffer_free(&head);
    buffer_free(&body);
    buffer_free(&out);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_arrives_in_pieces_of_any_size),
        cmocka_unit_test(each_part_is_awaited),
        cmocka_unit_test(bytes_after_a_request_are_not_used),
        cmocka_unit_test(a_connection_may_be_kept),
        cmocka_unit_test(a_body_over_the_limit_ends_the_reading),
        cmocka_unit_test(malformed_records_are_invalid),
        cmocka_unit_test(other_records_are_ignored),
        cmocka_unit_test(variables_are_limited),
        cmocka_unit_test(a_response_has_the_id_of_the_request),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
