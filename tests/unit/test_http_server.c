/* http_server: what is answered, when connections are closed, and answers that come late. */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "http/http_server.h"
#include "os/tcp_listener.h"
#include "support/fake_clock.h"
#include "support/unit.h"

#define CONNECTIONS 64

struct fixture {
    uv_loop_t loop;
    struct http_server *server;
    struct sockaddr_in address;
    struct http_request *taken; /* answered later */
    char path[64];              /* of the last request */
};

static bool on_request(void *context, struct http_request *request, struct text path) {
    struct fixture *f = context;
    struct buffer body = BUFFER_EMPTY;
    assert_true(path.len < sizeof(f->path));
    memcpy(f->path, path.at, path.len);
    f->path[path.len] = '\0';
    if (strcmp(f->path, "/later") == 0) {
        f->taken = request;
        return true;
    }
    if (strcmp(f->path, "/here") != 0)
        return false;
    buffer_append_str(&body, "{}");
    http_server_answer(request, 200, HTTP_SERVER_JSON, &body);
    buffer_free(&body);
    return true;
}

static void answer_late(struct fixture *f) {
    struct buffer body = BUFFER_EMPTY;
    buffer_append_str(&body, "late");
    http_server_answer(f->taken, 200, HTTP_SERVER_METRICS, &body);
    buffer_free(&body);
}

static int set_up(void **state) {
    struct fixture *f = calloc(1, sizeof(*f));
    *state = f;
    assert_int_equal(uv_loop_init(&f->loop), 0);
    const int fd = tcp_listener_open_shared("worker_listen", "127.0.0.1:0", true);
    assert_true(fd >= 0);
    f->address = (struct sockaddr_in){.sin_family = AF_INET,
                                      .sin_port = htons((uint16_t)tcp_listener_port(fd)),
                                      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    f->server = http_server_new(&f->loop, fd, on_request, f);
    assert_non_null(f->server);
    return 0;
}

static void close_server(struct fixture *f) {
    http_server_close(f->server);
    f->server = NULL;
}

/* Nothing is left on the loop; sanitizers find memory that is. */
static int tear_down(void **state) {
    struct fixture *f = *state;
    if (f->server)
        close_server(f);
    uv_run(&f->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&f->loop), 0);
    free(f);
    return 0;
}

/* ---- clients ---- */

static void turn(struct fixture *f) {
    for (unsigned i = 0; i < 20; i++) {
        uv_run(&f->loop, UV_RUN_NOWAIT);
        usleep(500);
    }
}

static int open_client(struct fixture *f) {
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(fd, (const struct sockaddr *)&f->address, sizeof(f->address)), 0);
    return fd;
}

static void send_text(struct fixture *f, int fd, const char *text) {
    assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
    turn(f);
}

/* Whether the server has closed the connection, without an answer. */
static bool is_closed(int fd) {
    char byte;
    return recv(fd, &byte, 1, MSG_DONTWAIT) == 0;
}

/* The answer starts and ends like this, and the connection is closed. */
static void expect(int fd, const char *start, const char *end) {
    char answer[8192];
    size_t len = 0;
    ssize_t got;
    while ((got = recv(fd, answer + len, sizeof(answer) - 1 - len, MSG_DONTWAIT)) > 0)
        len += (size_t)got;
    assert_int_equal(got, 0);
    answer[len] = '\0';
    close(fd);
    assert_true(len >= strlen(end));
    assert_memory_equal(answer, start, strlen(start));
    assert_string_equal(answer + len - strlen(end), end);
}

static void expect_answer(struct fixture *f, const char *request, const char *start,
                          const char *end) {
    const int fd = open_client(f);
    send_text(f, fd, request);
    expect(fd, start, end);
}

/* ---- answers ---- */

static void a_path_is_found_with_a_slash_or_a_query(void **state) {
    static const char *const TARGETS[] = {"/here", "/here/", "/here?a=b", "/here/?"};
    struct fixture *f = *state;
    for (size_t i = 0; i < COUNT(TARGETS); i++) {
        char request[128];
        snprintf(request, sizeof(request), "GET %s HTTP/1.1\r\nHost: a\r\n\r\n", TARGETS[i]);
        expect_answer(f, request, "HTTP/1.1 200 OK\r\nContent-Type: application/json",
                      "\r\n\r\n{}");
    }
}

static void anything_else_is_not_found(void **state) {
    static const char *const LINES[] = {"GET /",      "GET /her",  "GET /here2", "GET /here/x",
                                        "POST /here", "get /here", "GET",        ""};
    struct fixture *f = *state;
    for (size_t i = 0; i < COUNT(LINES); i++) {
        char request[128];
        snprintf(request, sizeof(request), "%s HTTP/1.1\r\n\r\n", LINES[i]);
        expect_answer(f, request, "HTTP/1.1 404 Not Found\r\n", ",\"code\":\"not_found\"}");
    }
}

static void a_head_is_read_in_parts(void **state) {
    struct fixture *f = *state;
    const int fd = open_client(f);
    send_text(f, fd, "GET /he");
    send_text(f, fd, "re HTTP/1.1\r\n\r");
    assert_string_equal(f->path, "");
    send_text(f, fd, "\n");
    expect(fd, "HTTP/1.1 200 ", "{}");
}

static void a_long_head_is_refused(void **state) {
    struct fixture *f = *state;
    char head[4096] = "GET /here HTTP/1.1\r\nX: ";
    memset(head + strlen(head), 'x', sizeof(head) - 1 - strlen(head));
    expect_answer(f, head, "HTTP/1.1 431 ", ",\"code\":\"headers_too_large\"}");
    assert_string_equal(f->path, "");
}

/* ---- late answers ---- */

static void an_answer_may_come_later(void **state) {
    struct fixture *f = *state;
    const int fd = open_client(f);
    send_text(f, fd, "GET /later HTTP/1.1\r\n\r\n");
    assert_non_null(f->taken);
    answer_late(f);
    turn(f);
    expect(fd, "HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4", "\r\n\r\nlate");
}

static void a_client_that_times_out_gets_no_answer(void **state) {
    struct fixture *f = *state;
    const int fd = open_client(f);
    send_text(f, fd, "GET /later HTTP/1.1\r\n\r\n");
    fake_clock_advance(10000);
    turn(f);
    assert_true(is_closed(fd));
    answer_late(f);
    close(fd);
}

static void an_answer_may_come_after_the_end_of_the_server(void **state) {
    struct fixture *f = *state;
    const int fd = open_client(f);
    send_text(f, fd, "GET /later HTTP/1.1\r\n\r\n");
    close_server(f);
    turn(f);
    answer_late(f);
    close(fd);
}

/* ---- connections ---- */

static void a_silent_client_is_closed(void **state) {
    struct fixture *f = *state;
    const int silent = open_client(f), half = open_client(f);
    send_text(f, half, "GET /here HTTP/1.1\r\n");
    fake_clock_advance(9000);
    turn(f);
    assert_false(is_closed(silent));
    fake_clock_advance(1000);
    turn(f);
    assert_true(is_closed(silent));
    assert_true(is_closed(half));
    close(silent);
    close(half);
}

static void of_too_many_clients_the_oldest_is_closed(void **state) {
    struct fixture *f = *state;
    int fds[CONNECTIONS + 1];
    for (size_t i = 0; i < CONNECTIONS; i++) {
        fds[i] = open_client(f);
        turn(f); /* newer releases of libuv accept one connection a turn */
    }
    fds[CONNECTIONS] = open_client(f);
    turn(f);
    assert_true(is_closed(fds[0]));
    send_text(f, fds[CONNECTIONS], "GET /here HTTP/1.1\r\n\r\n");
    expect(fds[CONNECTIONS], "HTTP/1.1 200 ", "{}");
    for (size_t i = 0; i < CONNECTIONS; i++)
        close(fds[i]);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(a_path_is_found_with_a_slash_or_a_query),
        TEST(anything_else_is_not_found),
        TEST(a_head_is_read_in_parts),
        TEST(a_long_head_is_refused),
        TEST(an_answer_may_come_later),
        TEST(a_client_that_times_out_gets_no_answer),
        TEST(an_answer_may_come_after_the_end_of_the_server),
        TEST(a_silent_client_is_closed),
        TEST(of_too_many_clients_the_oldest_is_closed),
    };
    log_open("test_http_server", LOG_LEVEL_ERROR, false, "/dev/null");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
