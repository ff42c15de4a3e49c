/*
 * The life of a request: read the variables and the body, serve, write the response, publish.
 * CGI and FastCGI differ in where the bytes come from and go to.
 */
#include "server/gateway.h"

#include <errno.h>
#include <fcgiapp.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/secret.h"

/* Most bytes of a rejected body that are read and discarded, since the web server may treat a
 * connection that is closed while it writes as an error. */
#define DRAIN_LIMIT (16 * 1024 * 1024)

/* After this long without a request, in milliseconds, an idle process runs housekeeping. */
#define IDLE_MS 10000

/* Reads up to size bytes of a body; 0 at the end. */
typedef size_t body_reader(void *source, char *into, size_t size);

/* Reused for each request. */
struct gateway {
    struct service *service;
    struct request request;
    struct exchange exchange;
    struct buffer body;
    struct buffer head;
    char process[9]; /* random; the first part of request ids */
    uint32_t count;
};

static void gateway_init(struct gateway *gateway, struct service *service) {
    memset(gateway, 0, sizeof(*gateway));
    gateway->service = service;
    gateway->exchange.service = service;
    gateway->exchange.request = &gateway->request;
    secret_random_hex(gateway->process, 4);
}

static void gateway_free(struct gateway *gateway) {
    exchange_free(&gateway->exchange);
    request_free(&gateway->request);
    buffer_free(&gateway->body);
    buffer_free(&gateway->head);
}

/* ---- the body ---- */

static void drain(body_reader *read_body, void *source) {
    char waste[8192];
    size_t total = 0, got;
    while (total < DRAIN_LIMIT && (got = read_body(source, waste, sizeof(waste))) > 0)
        total += got;
}

/* Reads at most `limit` bytes, and one more to detect a longer body. */
static void read_up_to(struct gateway *gateway, body_reader *read_body, void *source,
                       size_t limit) {
    struct buffer *body = &gateway->body;
    size_t got = 1;
    while (body->len <= limit && got > 0) {
        const size_t room = limit + 1 - body->len;
        const size_t step = room < 16384 ? room : 16384;
        got = read_body(source, buffer_reserve(body, step), step);
        body->len += got;
    }
}

/* Reads the body. Its length must be that of Content-Length; without one (chunked) it ends with the
 * input. */
static void read_request_body(struct gateway *gateway, body_reader *read_body, void *source) {
    struct request *request = &gateway->request;
    const size_t limit = (size_t)gateway->service->config->body_limit * 1024;
    const char *header = request_header(request, VARIABLE_CONTENT_LENGTH);
    uint64_t announced = 0;
    buffer_clear(&gateway->body);
    if (header && !text_to_u64(text_of(header), &announced)) {
        request->body_error = ERROR_BAD_INPUT;
        return;
    }
    if (announced > limit) {
        request->body_error = ERROR_TOO_LARGE;
        drain(read_body, source);
        return;
    }
    read_up_to(gateway, read_body, source, header ? (size_t)announced : limit);
    if (header && gateway->body.len < announced)
        request->body_error = ERROR_BAD_INPUT;
    else if (!header && gateway->body.len > limit)
        request->body_error = ERROR_TOO_LARGE;
    if (header && gateway->body.len > announced) {
        request->body_error = ERROR_BAD_INPUT;
        drain(read_body, source);
    }
    request->body = (struct text){buffer_str(&gateway->body), gateway->body.len};
}

/* ---- serving ---- */

static void log_request(const struct exchange *x, int64_t started_us) {
    const int64_t tenths = (clock_monotonic_us() - started_us) / 100;
    log_info("%s %s %d %" PRId64 ".%" PRId64 "ms user=%" PRIu64, x->request->method_name,
             x->route ? x->route : "-", x->response.status, tenths / 10, tenths % 10,
             x->has_identity ? x->identity.user.id : 0);
}

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
static void serve(struct gateway *gateway, char *const *variables, body_reader *read_body,
                  void *body) {
    struct exchange *x = &gateway->exchange;
    const int64_t started = clock_monotonic_us();
    exchange_reset(x);
    set_request_id(gateway);
    log_set_id(x->id);
    request_init(&gateway->request, variables, gateway->service->config);
    read_request_body(gateway, read_body, body);
    gateway->service->serve(x);
    buffer_clear(&gateway->head);
    response_head(&x->response, &gateway->head);
    log_request(x, started);
    log_set_id(NULL);
}

/* HEAD, 204 and 304 have no body (RFC 9110). */
static bool has_body(const struct exchange *x) {
    return x->request->method != METHOD_HEAD && x->response.status != 204 &&
           x->response.status != 304;
}

/* ---- plain CGI ---- */

/* The bytes to read from standard input: the web server need not close it after CONTENT_LENGTH
 * bytes (RFC 3875, section 4.2). A chunked body has no length and ends with the input. */
static uint64_t input_length(void) {
    const char *length = getenv("CONTENT_LENGTH");
    const char *coding = getenv("HTTP_TRANSFER_ENCODING");
    uint64_t bytes = 0;
    if (length && length[0])
        return text_to_u64(text_of(length), &bytes) ? bytes : 0;
    return coding && coding[0] ? UINT64_MAX : 0;
}

/* `source` is the number of bytes left. */
static size_t read_standard_input(void *source, char *into, size_t size) {
    uint64_t *left = source;
    ssize_t got;
    do {
        got = read(STDIN_FILENO, into, size < *left ? size : (size_t)*left);
    } while (got < 0 && errno == EINTR);
    *left -= got > 0 ? (uint64_t)got : 0;
    return got > 0 ? (size_t)got : 0;
}

bool gateway_is_cgi(void) {
    return getenv("REQUEST_METHOD") != NULL && !gateway_is_fastcgi();
}

bool gateway_is_fastcgi(void) {
    int listening = 0;
    socklen_t len = sizeof(listening);
    return getsockopt(STDIN_FILENO, SOL_SOCKET, SO_ACCEPTCONN, &listening, &len) == 0 && listening;
}

int gateway_serve_cgi(struct service *service) {
    struct gateway gateway;
    uint64_t left = input_length();
    gateway_init(&gateway, service);
    /* Web servers send SIGTERM to a CGI program as soon as they have the whole response or the
     * client has disconnected, but a committed change is published after that. Each step has a
     * timeout, so the process ends soon all the same. */
    signal(SIGTERM, SIG_IGN);
    signal(SIGPIPE, SIG_IGN);
    serve(&gateway, environ, read_standard_input, &left);
    const struct buffer *body = &gateway.exchange.response.body;
    fwrite(gateway.head.data, 1, gateway.head.len, stdout);
    if (has_body(&gateway.exchange))
        fwrite(body->data, 1, body->len, stdout);
    const int failed = fflush(stdout);
    redis_client_flush(service->redis);
    gateway_free(&gateway);
    return failed ? 1 : 0;
}

/* ---- FastCGI ---- */

static size_t read_fastcgi(void *source, char *into, size_t size) {
    const int got = FCGX_GetStr(into, (int)size, source);
    return got > 0 ? (size_t)got : 0;
}

static void serve_connection(struct gateway *gateway, FCGX_Request *fcgi) {
    serve(gateway, fcgi->envp, read_fastcgi, fcgi->in);
    const struct buffer *body = &gateway->exchange.response.body;
    FCGX_PutStr(gateway->head.data, (int)gateway->head.len, fcgi->out);
    if (has_body(&gateway->exchange))
        FCGX_PutStr(body->data, (int)body->len, fcgi->out);
    /* FCGX_Finish_r would wait until the web server closes the connection, in case it is still
     * writing. When the whole request has been read, there is nothing to wait for. */
    if (FCGX_HasSeenEOF(fcgi->in) == EOF)
        FCGX_Detach(fcgi);
    FCGX_Finish_r(fcgi);
    /* Publishing does not delay the response. */
    redis_client_flush(gateway->service->redis);
}

/* Returns an epoll descriptor for the listening socket. The socket does not block, in case another
 * process accepts a connection first. EPOLLEXCLUSIVE wakes one process per connection, not
 * all. */
static int watch_socket(int listen_fd) {
    struct epoll_event event = {.events = EPOLLIN | EPOLLEXCLUSIVE};
    const int flags = fcntl(listen_fd, F_GETFL);
    const int epoll = epoll_create1(EPOLL_CLOEXEC);
    if (epoll < 0 || flags < 0 || fcntl(listen_fd, F_SETFL, flags | O_NONBLOCK) < 0 ||
        epoll_ctl(epoll, EPOLL_CTL_ADD, listen_fd, &event) < 0) {
        log_error("cannot poll the listening socket: %s", strerror(errno));
        if (epoll >= 0)
            close(epoll);
        return -1;
    }
    return epoll;
}

/* Blocks the signals that stop the process, except between requests and while it waits: libfcgi
 * drops a connection if a signal interrupts the read of its first bytes. Sets *before to the mask
 * without them. */
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
    sigprocmask(SIG_SETMASK, before, &present);
    sigprocmask(SIG_SETMASK, &present, NULL);
}

/* Waits for a connection or a signal; true when there is a connection. */
static bool wait_for_connection(int epoll, const sigset_t *mask) {
    struct epoll_event event;
    return epoll_pwait(epoll, &event, 1, IDLE_MS, mask) > 0;
}

int64_t gateway_serve(struct service *service, int listen_fd, uint64_t max_requests,
                      const volatile int *stop) {
    struct gateway gateway;
    FCGX_Request fcgi;
    sigset_t mask;
    int64_t served = 0;
    if (FCGX_Init() != 0 || FCGX_InitRequest(&fcgi, listen_fd, 0) != 0)
        return -1;
    const int epoll = watch_socket(listen_fd);
    if (epoll < 0)
        return -1;
    gateway_init(&gateway, service);
    block_signals(&mask);
    /* Only one process is woken for a connection, so it accepts it even if it is about to stop. */
    bool woken = false;
    while ((!*stop || woken) && (uint64_t)served < max_requests) {
        woken = false;
        if (FCGX_Accept_r(&fcgi) == 0) {
            serve_connection(&gateway, &fcgi);
            served++;
            service->between_requests(service, false);
            handle_signals(&mask);
        } else {
            woken = wait_for_connection(epoll, &mask);
            if (!woken)
                service->between_requests(service, true);
        }
    }
    sigprocmask(SIG_SETMASK, &mask, NULL);
    gateway_free(&gateway);
    close(epoll);
    return served;
}
