/* Connections from accept to close. A request stays allocated until its connection is closed and,
 * if a handler has taken it, until it is answered: the answer may come from a job that outlives the
 * connection. */
#include "http/http_server.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "base/xalloc.h"

/* In bytes; a longer head is answered with 431. */
#define HEAD_SIZE 4096

/* The longest time for a request and its answer, and the interval at which it is checked. */
#define TIMEOUT_MS 10000
#define TICK_MS 500

/* Length of the kernel's queue of connections. */
#define BACKLOG 128

/* Connections at the same time; monitoring needs few, and they take file descriptors. */
#define MAX_CONNECTIONS 64

struct http_server {
    http_server_handler *handler;
    void *context;
    uv_tcp_t listener;
    uv_timer_t timer;            /* active while there are connections */
    struct http_request *newest; /* list of the open connections, by age */
    struct http_request *oldest;
    unsigned count;
    unsigned references; /* two handles, and each request that is allocated */
};

struct http_request {
    struct http_server *server;
    struct http_request *older, *newer;
    int64_t deadline_ms;
    uv_tcp_t tcp;
    uv_write_t write;
    char head[HEAD_SIZE];
    size_t len;
    bool is_taken;  /* by a handler, which has not answered yet */
    bool is_closed; /* its connection */
    struct buffer answer;
};

static void release_server(struct http_server *server) {
    if (--server->references == 0)
        free(server);
}

static void free_request(struct http_request *request) {
    release_server(request->server);
    buffer_free(&request->answer);
    free(request);
}

/* ---- closing ---- */

/* A handler may still have the request, and its answer frees it then. */
static void on_request_closed(uv_handle_t *handle) {
    struct http_request *request = handle->data;
    request->is_closed = true;
    if (!request->is_taken)
        free_request(request);
}

/* Closes the connection, once; the request is freed when libuv has closed it. */
static void close_request(struct http_request *request) {
    struct http_server *server = request->server;
    if (uv_is_closing((uv_handle_t *)&request->tcp))
        return;
    /* Out of the list at once, so that the timer does not close it again. */
    *(request->older ? &request->older->newer : &server->oldest) = request->newer;
    *(request->newer ? &request->newer->older : &server->newest) = request->older;
    if (--server->count == 0)
        uv_timer_stop(&server->timer);
    uv_close((uv_handle_t *)&request->tcp, on_request_closed);
}

/* Closes the connections whose deadline has passed: the oldest ones. */
static void close_expired(struct http_server *server, int64_t now_ms) {
    while (server->oldest && server->oldest->deadline_ms <= now_ms)
        close_request(server->oldest);
}

static void on_timer(uv_timer_t *timer) {
    close_expired(timer->data, clock_monotonic_ms());
}

/* ---- answering ---- */

static void on_written(uv_write_t *write, int failed) {
    (void)failed;
    close_request(write->data);
}

void http_server_answer(struct http_request *request, int status, const char *type,
                        const struct buffer *body) {
    request->is_taken = false;
    if (request->is_closed) {
        free_request(request);
        return;
    }
    /* The client has closed; on_request_closed frees the request. */
    if (uv_is_closing((uv_handle_t *)&request->tcp))
        return;
    buffer_printf(&request->answer,
                  "HTTP/1.1 %d %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\n"
                  "Cache-Control: no-store\r\nConnection: close\r\n\r\n",
                  status, error_reason(status), type, body->len);
    buffer_append(&request->answer, body->data, body->len);
    uv_buf_t out = uv_buf_init(request->answer.data, (unsigned)request->answer.len);
    request->write.data = request;
    if (uv_write(&request->write, (uv_stream_t *)&request->tcp, &out, 1, on_written) != 0)
        close_request(request);
}

/* An error as the API writes errors. */
static void refuse(struct http_request *request, int status, enum error_code code,
                   const char *detail) {
    struct buffer body = BUFFER_EMPTY;
    buffer_printf(&body, "{\"detail\":\"%s\",\"code\":\"%s\"}", detail, error_code_word(code));
    http_server_answer(request, status, HTTP_SERVER_JSON, &body);
    buffer_free(&body);
}

/* The target of a GET without its query and last slash; empty for other methods. */
static struct text path_of(const struct http_request *request) {
    struct text line = text_of(request->head);
    if (!text_skip(&line, "GET "))
        return text_of("");
    line.len = strcspn(line.at, " ?\r\n");
    if (line.len > 1 && line.at[line.len - 1] == '/')
        line.len--;
    return line;
}

/* ---- reading ---- */

/* Appends to the bytes received so far; one byte is left for the terminator. */
static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer) {
    struct http_request *request = handle->data;
    (void)suggested;
    *buffer = uv_buf_init(request->head + request->len, (unsigned)(HEAD_SIZE - 1 - request->len));
}

/* Collects a request until its head is complete, and has the handler answer it. */
static void on_read(uv_stream_t *stream, ssize_t got, const uv_buf_t *buffer) {
    struct http_request *request = stream->data;
    struct http_server *server = request->server;
    (void)buffer;
    /* The client has closed, or the connection failed. */
    if (got < 0) {
        close_request(request);
        return;
    }
    request->len += (size_t)got;
    request->head[request->len] = '\0';
    /* Headers are not used, but are read to their end: closing with unread data would reset the
     * connection and might lose the answer. */
    const bool is_complete = strstr(request->head, "\r\n\r\n") != NULL;
    if (!is_complete && request->len < HEAD_SIZE - 1)
        return;
    uv_read_stop(stream);
    request->is_taken = true;
    if (!is_complete)
        refuse(request, 431, CODE_HEADERS_TOO_LARGE, "The request is too large.");
    else if (!server->handler(server->context, request, path_of(request)))
        refuse(request, 404, CODE_NOT_FOUND, error_detail(ERROR_NOT_FOUND));
}

/* A new connection, into the list as the newest one. If there are too many, the oldest one is
 * closed: it has had the most time. */
static void on_connection(uv_stream_t *listener, int failed) {
    struct http_server *server = listener->data;
    if (failed)
        return;
    struct http_request *request = xcalloc(1, sizeof(*request));
    request->server = server;
    request->deadline_ms = clock_monotonic_ms() + TIMEOUT_MS;
    request->tcp.data = request;
    /* The server is not freed before its requests. */
    server->references++;
    uv_tcp_init(listener->loop, &request->tcp);
    request->older = server->newest;
    /* The first of an empty list is the oldest as well. */
    *(request->older ? &request->older->newer : &server->oldest) = request;
    server->newest = request;
    /* The timer closes connections past their deadline. It runs only while there are any, so that
     * an idle process does not wake up. */
    if (++server->count == 1)
        uv_timer_start(&server->timer, on_timer, TICK_MS, TICK_MS);
    if (server->count > MAX_CONNECTIONS)
        close_request(server->oldest);
    if (uv_accept(listener, (uv_stream_t *)&request->tcp) != 0 ||
        uv_read_start((uv_stream_t *)&request->tcp, on_alloc, on_read) != 0)
        close_request(request);
}

/* ---- opening and closing ---- */

struct http_server *http_server_new(uv_loop_t *loop, int listen_fd, http_server_handler *handler,
                                    void *context) {
    struct http_server *server = xcalloc(1, sizeof(*server));
    server->handler = handler;
    server->context = context;
    server->references = 2;
    uv_tcp_init(loop, &server->listener);
    uv_timer_init(loop, &server->timer);
    server->listener.data = server->timer.data = server;
    int failed = uv_tcp_open(&server->listener, listen_fd);
    if (!failed)
        failed = uv_listen((uv_stream_t *)&server->listener, BACKLOG, on_connection);
    if (failed) {
        log_error("cannot serve metrics: %s", uv_strerror(failed));
        http_server_close(server);
        return NULL;
    }
    return server;
}

static void on_handle_closed(uv_handle_t *handle) {
    release_server(handle->data);
}

void http_server_close(struct http_server *server) {
    close_expired(server, INT64_MAX);
    uv_close((uv_handle_t *)&server->listener, on_handle_closed);
    uv_close((uv_handle_t *)&server->timer, on_handle_closed);
}
