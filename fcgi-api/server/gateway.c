/* The life of a request: read the variables and the body, serve, write the response, publish. CGI
 * and FastCGI differ in where the bytes come from and go to.
 * The loop of a FastCGI process is gateway_serve. Signals that stop it are blocked while a request
 * is served, so that none is lost; they are handled between two requests and while it waits. */
#include "server/gateway.h"

#include <errno.h>
#include <malloc.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "secrets/secret.h"
#include "server/connections.h"
#include "server/responder.h"

/* After this long without a request, in milliseconds, an idle process runs housekeeping. */
#define IDLE_MS 10000

/* A buffer that has grown beyond this is freed after the request. */
#define BUFFER_KEEP ((size_t)256 * 1024)

/* Blocks of memory from this size on are returned to the system when they are freed. */
#define LARGE_BLOCK (128 * 1024)

/* How often memory that was freed in smaller blocks is returned. */
#define TRIM_EVERY_MS 20000

/* Reused for each request. */
struct gateway {
    struct service *service;
    struct request request;
    struct exchange exchange;
    struct buffer head;
    char process[9]; /* random; the first part of request ids */
    uint32_t count;
    uint32_t trimmed_count; /* requests when memory was last returned */
    int64_t trim_due_ms;    /* on the monotonic clock */
};

/* The exchange refers to the request, so the gateway must not be moved afterwards. */
static void gateway_init(struct gateway *gateway, struct service *service) {
    memset(gateway, 0, sizeof(*gateway));
    gateway->service = service;
    gateway->exchange.service = service;
    gateway->exchange.request = &gateway->request;
    /* Four random bytes: ids of different processes do not collide. */
    secret_random_hex(gateway->process, 4);
}

static void gateway_free(struct gateway *gateway) {
    exchange_free(&gateway->exchange);
    request_free(&gateway->request);
    buffer_free(&gateway->head);
}

/* ---- memory ---- */

/* Returns the memory that large requests needed to the system: large buffers at once, the rest now
 * and then. */
static void return_memory(struct gateway *gateway) {
    struct response *response = &gateway->exchange.response;
    const int64_t now = clock_monotonic_ms();
    buffer_recycle(&response->body, BUFFER_KEEP);
    buffer_recycle(&response->headers, BUFFER_KEEP);
    /* Nothing was served since, or not long ago. */
    if (gateway->count == gateway->trimmed_count || now < gateway->trim_due_ms)
        return;
    gateway->trimmed_count = gateway->count;
    gateway->trim_due_ms = now + TRIM_EVERY_MS;
    /* glibc keeps freed blocks; this gives whole free pages back. */
    malloc_trim(0);
}

/* ---- the body ---- */

static size_t body_limit(const struct service *service) {
    return (size_t)service->config->body_limit * 1024;
}

/* Sets the body of the request, or its error. It must be as long as Content-Length says; without
 * one (chunked) it ends with the input. `late`: it did not arrive in time. */
static void set_body(struct gateway *gateway, struct text body, bool late) {
    struct request *request = &gateway->request;
    const size_t limit = body_limit(gateway->service);
    const char *header = request_header(request, VARIABLE_CONTENT_LENGTH);
    uint64_t announced = body.len;
    request->body = body;
    /* An unreadable Content-Length is an error; none means that the end of the input counts. */
    const bool valid = !header || text_to_u64(text_of(header), &announced);
    if (valid && announced > limit)
        request->body_error = ERROR_TOO_LARGE;
    /* Late, and not merely wrong: 408. */
    else if (valid && late && body.len <= announced)
        request->body_error = ERROR_TIMEOUT;
    else if (!valid || body.len != announced)
        request->body_error = ERROR_BAD_INPUT;
}

/* ---- serving ---- */

/* Makes the id of a request: that of the process, and a counter in eight digits. */
static void set_request_id(struct gateway *gateway) {
    char *id = gateway->exchange.id;
    const size_t process_len = sizeof(gateway->process) - 1;
    gateway->count++;
    memcpy(id, gateway->process, process_len);
    text_put_hex(id + process_len, 8, gateway->count);
    id[process_len + 8] = '\0';
}

/* Serves one request. The response is then in gateway->exchange, its head in gateway->head. */
static void serve(struct gateway *gateway, char *const *variables, struct text body, bool late) {
    struct exchange *x = &gateway->exchange;
    const int64_t started = clock_monotonic_us();
    exchange_reset(x);
    set_request_id(gateway);
    /* Each line of the log has the id from here on. */
    log_set_id(x->id);
    request_init(&gateway->request, variables, gateway->service->config);
    set_body(gateway, body, late);
    gateway->service->serve(x);
    /* The head depends on the finished response. */
    buffer_clear(&gateway->head);
    response_head(&x->response, &gateway->head);
    exchange_log(x, started);
    log_set_id(NULL);
}

/* HEAD, 204 and 304 have no body (RFC 9110). */
static bool has_body(const struct exchange *x) {
    /* A handler does not know about HEAD and has written a body; its length is still sent. */
    return x->request->method != METHOD_HEAD && x->response.status != 204 &&
           x->response.status != 304;
}

/* ---- plain CGI ---- */

/* The bytes to read from standard input: the web server need not close it after CONTENT_LENGTH
 * bytes (RFC 3875, section 4.2). A chunked body has no length and ends with the input. */
static uint64_t input_length(void) {
    const char *length = getenv("CONTENT_LENGTH");
    const char *coding = getenv("HTTP_TRANSFER_ENCODING");
    /* Also in the case of an unreadable length: no body is read, and set_body refuses the
     * header. */
    uint64_t bytes = 0;
    if (length && length[0])
        return text_to_u64(text_of(length), &bytes) ? bytes : 0;
    return coding && coding[0] ? UINT64_MAX : 0;
}

/* Waits until standard input can be read, or has ended; false after the deadline. */
static bool wait_for_input(int64_t deadline_ms) {
    for (;;) {
        const int64_t left = deadline_ms - clock_monotonic_ms();
        struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
        if (left <= 0)
            return false;
        const int found = poll(&input, 1, (int)left);
        if (found > 0)
            return true;
        /* Any other error of poll: let read report it. */
        if (found < 0 && errno != EINTR)
            return true;
    }
}

/* Reads the body from standard input, up to `left` bytes. What exceeds the limit is read as well,
 * since Apache resets the client's connection otherwise, but not kept. False if not all of it
 * arrived within request_timeout. */
static bool read_standard_input(const struct service *service, uint64_t left, struct buffer *body) {
    const int64_t deadline =
        clock_monotonic_ms() + (int64_t)service->config->request_timeout * 1000;
    const size_t limit = body_limit(service);
    while (left > 0) {
        if (!wait_for_input(deadline))
            return false;
        char *to = buffer_reserve(body, 16384);
        /* Not beyond the length: a read at the end would wait for a web server that does not
         * close. */
        const ssize_t got = read(STDIN_FILENO, to, left < 16384 ? (size_t)left : 16384);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            break;
        /* Over the limit: read but not kept; body->len stays above the limit, which set_body
         * sees. */
        body->len += body->len <= limit ? (size_t)got : 0;
        left -= (uint64_t)got;
    }
    return true;
}

bool gateway_is_cgi(void) {
    return getenv("REQUEST_METHOD") != NULL && !gateway_is_fastcgi();
}

bool gateway_is_fastcgi(void) {
    /* A listening socket as standard input is what FastCGI process managers pass. */
    int listening = 0;
    socklen_t len = sizeof(listening);
    return getsockopt(STDIN_FILENO, SOL_SOCKET, SO_ACCEPTCONN, &listening, &len) == 0 && listening;
}

/* Copies a file to standard output. */
static void write_file(struct response_file *file) {
    char piece[FASTCGI_PIECE];
    while (file->is_open && file->len > 0) {
        const size_t want = file->len < sizeof(piece) ? (size_t)file->len : sizeof(piece);
        const ssize_t got = pread(file->fd, piece, want, (off_t)file->from);
        /* Shorter than was said, or the client has gone. */
        if (got <= 0 || fwrite(piece, 1, (size_t)got, stdout) < (size_t)got)
            break;
        file->from += (uint64_t)got;
        file->len -= (uint64_t)got;
    }
    response_close_file(file);
}

int gateway_serve_cgi(struct service *service) {
    struct gateway gateway;
    struct buffer input = BUFFER_EMPTY;
    gateway_init(&gateway, service);
    /* Web servers send SIGTERM to a CGI program as soon as they have the whole response or the
     * client has disconnected, but a committed change is published after that. Each step has a
     * timeout, so the process ends soon all the same. */
    signal(SIGTERM, SIG_IGN);
    signal(SIGPIPE, SIG_IGN);
    const bool late = !read_standard_input(service, input_length(), &input);
    serve(&gateway, environ, (struct text){buffer_str(&input), input.len}, late);
    /* The head is whole; the body may be left out, its length stays (RFC 9110, section 9.3.2). */
    const struct buffer *body = &gateway.exchange.response.body;
    fwrite(gateway.head.data, 1, gateway.head.len, stdout);
    if (has_body(&gateway.exchange))
        fwrite(body->data, 1, body->len, stdout);
    if (has_body(&gateway.exchange))
        write_file(&gateway.exchange.response.file);
    const int failed = fflush(stdout);
    /* After the response, and after the commit. */
    redis_client_flush(service->redis);
    gateway_free(&gateway);
    buffer_free(&input);
    return failed ? 1 : 0;
}

/* ---- FastCGI ---- */

/* The response is a file: its head here, the rest by `connections`, which reads it as the web
 * server takes it. */
static void begin_file(struct gateway *gateway, struct connection *connection) {
    struct response *response = &gateway->exchange.response;
    buffer_clear(&connection->out);
    for (size_t at = 0; at < gateway->head.len;) {
        const size_t left = gateway->head.len - at;
        const size_t len = left < FASTCGI_PIECE ? left : FASTCGI_PIECE;
        fastcgi_write_piece(&connection->fastcgi, (struct text){gateway->head.data + at, len},
                            &connection->out);
        at += len;
    }
    connection->file = response->file;
    response->file = (struct response_file){.is_open = false};
}

/* Serves the request that a connection has read, and begins to send its response. */
static void serve_connection(struct gateway *gateway, struct connections *connections,
                             struct responder *responder, struct connection *connection) {
    static const struct buffer none = BUFFER_EMPTY;
    const struct fastcgi *fastcgi = &connection->fastcgi;
    struct text body;
    char *const *variables = responder_read(responder, fastcgi, &body);
    /* FASTCGI_BODY: the body did not arrive in time, or was announced too large. */
    serve(gateway, variables, body, fastcgi->state == FASTCGI_BODY);
    buffer_clear(&connection->out);
    /* In any case: it ends the request of libfcgi. */
    responder_write(responder, &gateway->head,
                    has_body(&gateway->exchange) ? &gateway->exchange.response.body : &none,
                    &connection->out);
    if (has_body(&gateway->exchange) && gateway->exchange.response.file.is_open)
        begin_file(gateway, connection);
    connections_respond(connections, connection);
    /* Publishing does not delay the response. */
    redis_client_flush(gateway->service->redis);
}

/* Blocks the signals that stop the process, except between requests and while it waits. Sets
 * *before to the mask without them. */
static void block_signals(sigset_t *before) {
    sigset_t stopping;
    sigemptyset(&stopping);
    sigaddset(&stopping, SIGTERM);
    sigaddset(&stopping, SIGINT);
    sigprocmask(SIG_BLOCK, &stopping, before);
}

/* Runs the handlers of signals that have arrived. */
static void handle_signals(const sigset_t *before) {
    sigset_t present;
    /* Unblocked for a moment, in which pending ones are delivered. */
    sigprocmask(SIG_SETMASK, before, &present);
    sigprocmask(SIG_SETMASK, &present, NULL);
}

int64_t gateway_serve(struct service *service, int listen_fd, uint64_t max_requests,
                      const volatile int *stop) {
    struct gateway gateway;
    sigset_t mask;
    int64_t served = 0;
    struct connections *connections = connections_new(listen_fd);
    struct responder *responder = connections ? responder_new() : NULL;
    if (!responder) {
        if (connections)
            connections_free(connections);
        return -1;
    }
    gateway_init(&gateway, service);
    /* The first trim is due later, not after the first request. */
    gateway.trim_due_ms = clock_monotonic_ms() + TRIM_EVERY_MS;
    /* Large blocks come from mmap and are returned when they are freed. */
    mallopt(M_MMAP_THRESHOLD, LARGE_BLOCK);
    mallopt(M_TRIM_THRESHOLD, LARGE_BLOCK);
    block_signals(&mask);
    for (;;) {
        /* Requests that have begun to arrive are still served; no other connection is accepted. */
        if (*stop || (uint64_t)served >= max_requests) {
            connections_stop(connections);
            if (connections_busy(connections) == 0)
                break;
        }
        struct connection *connection = connections_next(
            connections, &mask, IDLE_MS, body_limit(service), service->config->request_timeout);
        if (connection) {
            serve_connection(&gateway, connections, responder, connection);
            served++;
        }
        return_memory(&gateway);
        /* Idle, if nothing came within IDLE_MS. */
        service->between_requests(service, !connection);
        handle_signals(&mask);
    }
    /* The program continues without blocked signals. */
    sigprocmask(SIG_SETMASK, &mask, NULL);
    gateway_free(&gateway);
    responder_free(responder);
    connections_free(connections);
    return served;
}
