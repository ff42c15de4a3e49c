/* fastcgi, responder: requests in pieces of any size, the records that are refused, and what
 * libfcgi reads and writes. */
#include <stdlib.h>
#include <string.h>

#include "server/fastcgi.h"
#include "server/responder.h"
#include "support/unit.h"

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
    struct responder *responder = responder_new();
    struct buffer head = BUFFER_EMPTY, out = BUFFER_EMPTY;
    (void)state;
    buffer_append_str(&head, "Status: 204\r\n\r\n");
    for (size_t step = 1; step < sizeof(request); step++) {
        assert_int_equal(give(&fastcgi, BYTES(request), step), FASTCGI_WHOLE);
        struct text body;
        char *const *variables = responder_read(responder, &fastcgi, &body);
        /* libfcgi puts the role first. */
        assert_string_equal(variables[1], "A=abc");
        assert_string_equal(variables[2], "NAME=");
        assert_string_equal(variables[3], "B=");
        assert_null(variables[4]);
        assert_true(text_equals(body, text_of("hihi")));
        assert_false(fastcgi.keep_connection);
        responder_write(responder, &head, &(struct buffer)BUFFER_EMPTY, &out);
        fastcgi_reset(&fastcgi);
    }
    buffer_free(&head);
    buffer_free(&out);
    responder_free(responder);
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

static void the_announced_length_is_noted(void **state) {
    static const char head[] = BEGIN "\1\4\0\5\0\25\0\0\16\5CONTENT_LENGTH12345" END_PARAMS;
    struct fastcgi fastcgi = {0};
    (void)state;
    assert_int_equal(give(&fastcgi, BYTES(head), 3), FASTCGI_BODY);
    assert_int_equal(fastcgi.announced, 12345);
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
    for (size_t i = 0; i < COUNT(cases); i++)
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

/* The content of the records for standard output of a response to request 5, which ends well. */
static struct buffer output_of(const struct buffer *response) {
    struct buffer output = BUFFER_EMPTY;
    const unsigned char *at = (const unsigned char *)response->data;
    const unsigned char *end = at + response->len;
    bool ended = false;
    while (at < end) {
        assert_true(end - at >= FASTCGI_HEADER && at[0] == 1 && at[2] == 0 && at[3] == 5);
        const size_t content = (size_t)at[4] << 8 | at[5];
        assert_true(content + at[6] <= (size_t)(end - at) - FASTCGI_HEADER);
        if (at[1] == 6)
            buffer_append(&output, at + FASTCGI_HEADER, content);
        ended = at[1] == 3 && memcmp(at + FASTCGI_HEADER, "\0\0\0\0\0", 5) == 0;
        at += FASTCGI_HEADER + content + at[6];
    }
    assert_true(ended);
    return output;
}

static void a_response_of_any_size_has_the_id_of_the_request(void **state) {
    static const char request[] = BEGIN END_PARAMS END_BODY;
    static const size_t SIZES[] = {0, 1, 8191, 8192, 70000, 3000000};
    struct responder *responder = responder_new();
    (void)state;
    for (size_t i = 0; i < COUNT(SIZES); i++) {
        struct fastcgi fastcgi = {0};
        struct buffer head = BUFFER_EMPTY, body = BUFFER_EMPTY, out = BUFFER_EMPTY;
        struct text none;
        buffer_append_str(&head, "head");
        memset(buffer_reserve(&body, SIZES[i]), 'x', SIZES[i]);
        body.len = SIZES[i];
        assert_int_equal(give(&fastcgi, BYTES(request), 100), FASTCGI_WHOLE);
        responder_read(responder, &fastcgi, &none);
        responder_write(responder, &head, &body, &out);
        struct buffer output = output_of(&out);
        assert_int_equal(output.len, 4 + SIZES[i]);
        assert_memory_equal(output.data, "head", 4);
        if (SIZES[i])
            assert_memory_equal(output.data + 4, body.data, SIZES[i]);
        buffer_free(&output);
        buffer_free(&head);
        buffer_free(&body);
        buffer_free(&out);
        fastcgi_free(&fastcgi);
    }
    responder_free(responder);
}

/* A request that is late or too large is given to libfcgi with the body so far. */
static void an_incomplete_body_is_read_as_far_as_it_came(void **state) {
    struct fastcgi fastcgi = {0};
    struct responder *responder = responder_new();
    struct buffer out = BUFFER_EMPTY;
    struct text body;
    (void)state;
    assert_int_equal(give(&fastcgi, BYTES(BEGIN PAIRS END_PARAMS BODY), 100), FASTCGI_BODY);
    char *const *variables = responder_read(responder, &fastcgi, &body);
    assert_string_equal(variables[1], "A=abc");
    assert_true(text_equals(body, text_of("hi")));
    responder_write(responder, &(struct buffer)BUFFER_EMPTY, &(struct buffer)BUFFER_EMPTY, &out);
    assert_true(out.len > 0);
    buffer_free(&out);
    responder_free(responder);
    fastcgi_free(&fastcgi);
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
        cmocka_unit_test(the_announced_length_is_noted),
        cmocka_unit_test(a_response_of_any_size_has_the_id_of_the_request),
        cmocka_unit_test(an_incomplete_body_is_read_as_far_as_it_came),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
