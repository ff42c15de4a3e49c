/* head_scan: heads that are refused and their status, however the bytes are cut. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/head_scan.h"
#include "support/unit.h"

#define LINE "GET /ws/ HTTP/1.1\r\n"

/* Scans a copy in pieces of this size; returns the status. *used: bytes of the head. */
static unsigned scan_pieces(const char *head, size_t piece, struct head_scan *scan, char *copy,
                            size_t *used) {
    const size_t len = strlen(head);
    unsigned status = 0;
    memcpy(copy, head, len + 1);
    memset(scan, 0, sizeof(*scan));
    *used = 0;
    for (size_t at = 0; at < len && !scan->complete && !status; at += piece) {
        size_t part = 0;
        status =
            head_scan(scan, (unsigned char *)copy + at, len - at < piece ? len - at : piece, &part);
        *used += part;
    }
    return status;
}

/* Asserts what whole and cut heads get: 0 for one that is complete. */
static void assert_status(const char *head, unsigned status) {
    struct head_scan scan;
    char *copy = malloc(strlen(head) + 1);
    size_t used;
    for (size_t piece = 1; piece < 100000; piece = piece * 3 + 1) {
        assert_int_equal(scan_pieces(head, piece, &scan, copy, &used), status);
        assert_int_equal(scan.complete, status == 0);
    }
    free(copy);
}

/* A head of this beginning, `count` times `part`, and this end. */
static void assert_repeated(const char *begin, const char *part, size_t count, const char *end,
                            unsigned status) {
    char *head = malloc(strlen(begin) + strlen(part) * count + strlen(end) + 1);
    char *at = head + sprintf(head, "%s", begin);
    for (size_t i = 0; i < count; i++)
        at += sprintf(at, "%s", part);
    sprintf(at, "%s", end);
    assert_status(head, status);
    free(head);
}

static void heads_of_browsers_and_web_servers_are_accepted(void **state) {
    (void)state;
    assert_status(LINE "\r\n", 0);
    assert_status("GET /ws/?a=%2f&b HTTP/1.0\r\nHost:\r\nA: b: c\t\xc3\xa4\r\n\r\n", 0);
    assert_status(LINE "Upgrade: WebSocket\r\nUPGRADE:websocket\r\nX!#$%&'*+.^_`|~9: \r\n\r\n", 0);
    assert_status(LINE "Upgrade:\r\nUpgrades: foo\r\nX-Upgrade: foo\r\n\r\n", 0);
}

static void other_methods_and_upgrades_are_426(void **state) {
    (void)state;
    static const char *const HEADS[] = {"FOO /ws/ HTTP/1.1\r\n",
                                        "get /ws/ HTTP/1.1\r\n",
                                        "POST ",
                                        "CONNECT localhost:1 HTTP/1.1",
                                        LINE "Upgrade: foo\r\n",
                                        LINE "upgrade:websocket \r",
                                        LINE "Upgrade: websockets\r",
                                        LINE "Upgrade: websocket, h2c\r"};
    for (size_t i = 0; i < COUNT(HEADS); i++)
        assert_status(HEADS[i], 426);
}

static void malformed_heads_are_400(void **state) {
    (void)state;
    static const char *const HEADS[] = {"\r\n",
                                        " ",
                                        "G\xc3",
                                        "GET  ",
                                        "GET\r\n",
                                        "GET x",
                                        "GET *",
                                        "GET /%/",
                                        "GET /%g",
                                        "GET /%1 ",
                                        "GET /%00",
                                        "GET /\r\n",
                                        "GET /\x7f",
                                        "GET / HTTP/2.0\r",
                                        "GET / HTTP/1.1 \r",
                                        "GET / \r",
                                        LINE " a: b",
                                        LINE ": b",
                                        LINE "a b: c",
                                        LINE "a\r\n",
                                        LINE "a: b\rc",
                                        LINE "a: \n",
                                        LINE "a: \x01",
                                        LINE "a\xc3: b",
                                        LINE "\rx",
                                        "GET / HTTP/1.1\n",
                                        "GET / HTTP/1.1\rx"};
    for (size_t i = 0; i < COUNT(HEADS); i++)
        assert_status(HEADS[i], 400);
}

static void too_much_is_414_or_431(void **state) {
    (void)state;
    static const char END[] = " HTTP/1.1\r\n\r\n";
    assert_repeated("GET /", "x", HEAD_SCAN_MAX_TARGET - 1, END, 0);
    assert_repeated("GET /", "x", HEAD_SCAN_MAX_TARGET, END, 414);
    assert_repeated("GET /?a", "&a", HEAD_SCAN_MAX_SEPARATORS, END, 0);
    assert_repeated("GET /?a", ";a", HEAD_SCAN_MAX_SEPARATORS + 1, END, 414);
    assert_repeated("GET /?a", "%26", HEAD_SCAN_MAX_SEPARATORS + 1, END, 0);
    assert_repeated(LINE, "a: b\r\n", HEAD_SCAN_MAX_PIECES, "\r\n", 0);
    assert_repeated(LINE, "a: b\r\n", HEAD_SCAN_MAX_PIECES + 1, "\r\n", 431);
    assert_repeated("GET /?&&& HTTP/1.1\r\n", "a: b\r\n", HEAD_SCAN_MAX_PIECES - 2, "\r\n", 431);
    const size_t rest = HEAD_SCAN_MAX - strlen(LINE "a:\r\n\r\n");
    assert_repeated(LINE "a:", "x", rest, "\r\n\r\n", 0);
    assert_repeated(LINE "a:", "x", rest + 1, "\r\n\r\n", 431);
    assert_repeated(LINE, "x", HEAD_SCAN_MAX, "", 431);
}

static void own_tokens_are_counted(void **state) {
    (void)state;
    struct head_scan scan;
    char copy[128];
    size_t used;
    scan_pieces(LINE "X-Confab-Token: a\r\nX-Confab-Tokens: b\r\nx-confab-token:\r\n\r\n", 1, &scan,
                copy, &used);
    assert_int_equal(scan.own_tokens, 2);
    scan_pieces(LINE "X-Confab-User: 1\r\nX-Confab-User-Id: 2\r\nx-confab-user:3\r\n\r\n", 1, &scan,
                copy, &used);
    assert_int_equal(scan.users, 2);
}

static void extensions_are_hidden_and_nothing_else_is_changed(void **state) {
    (void)state;
    static const char HEAD[] = LINE
        "Sec-WebSocket-Extensions: a\r\nA: Sec-WebSocket-Extensions\r\n"
        "\r\nframes";
    static const char SEEN[] = LINE
        "Sec-WebSocket-Extensionx: a\r\nA: Sec-WebSocket-Extensions\r\n"
        "\r\nframes";
    struct head_scan scan;
    char copy[128];
    size_t used;
    for (size_t piece = 1; piece < 100; piece++) {
        assert_int_equal(scan_pieces(HEAD, piece, &scan, copy, &used), 0);
        assert_string_equal(copy, SEEN);
        assert_int_equal(used, strlen(HEAD) - strlen("frames"));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(heads_of_browsers_and_web_servers_are_accepted),
        cmocka_unit_test(other_methods_and_upgrades_are_426),
        cmocka_unit_test(malformed_heads_are_400),
        cmocka_unit_test(too_much_is_414_or_431),
        cmocka_unit_test(own_tokens_are_counted),
        cmocka_unit_test(extensions_are_hidden_and_nothing_else_is_changed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
