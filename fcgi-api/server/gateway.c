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

/* Bytes of an unwanted body that are read and thrown away, so that the web server is not
 * cut off while it writes. */
#define DRAIN_LIMIT (16 * 1024 * 1024)

/* After this long without a request, in milliseconds, an idle process runs housekeeping. */
#define IDLE_MS 10000

/* Where a body comes from: reads up to size bytes, 0 at the end. */
typedef size_t body_reader(void *source, char *into, size_t size);

/* What stays allocated from one request to the next. */
struct gateway {
    struct service *service;
    struct request request;
    struct exchange exchange;
    struct buffer body;
    struct buffer head;
    char process[9]; /* random, in front of the request's number */
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

/* Reads at most `limit` bytes, and one more to see whether there are more. */
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

/* Reads the body. Its length must be what Content-Length says; without one (chunked) it
 * is what comes. */
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

/* The id of a request: that of the process, and the request's number in eight digits. */
static void number_request(struct gateway *gateway) {
    char *id = gateway->exchange.id;
    const size_t process_len = sizeof(gateway->process) - 1;
    gateway->count++;
    memcpy(id, gateway->process, process_len);
    text_put_hex(id + process_len, 8, gateway->count);
    id[process_len + 8] = '\0';
}

/* Serves what the gateway's request describes; the answer is in its exchange then, and
 * its head in gateway->head. */
static void serve(struct gateway *gateway, char *const *variables, body_reader *read_body,
                  void *body) {
    struct exchange *x = &gateway->exchange;
    const int64_t started = clock_monotonic_us();
    exchange_reset(x);
    number_request(gateway);
    log_set_id(x->id);
    request_init(&gateway->request, variables, gateway->service->config);
    read_request_body(gateway, read_body, body);
    gateway->service->serve(x);
    buffer_clear(&gateway->head);
    response_head(&x->response, &gateway->head);
    log_request(x, started);
    log_set_id(NULL);
}

/* The body is left out where the method or the status has none (RFC 9110). */
static bool has_body(const struct exchange *x) {
    return x->request->method != METHOD_HEAD && x->response.status != 204 &&
           x->response.status != 304;
}

/* ---- plain CGI ---- */

/* The web server need not end the standard input: more than the length says is not to be read
 * (RFC 3875, section 4.2). One that passes on a body in chunks knows no length, and ends it. */
static uint64_t length_of_input(void) {
    const char *length = getenv("CONTENT_LENGTH");
    const char *coding = getenv("HTTP_TRANSFER_ENCODING");
    uint64_t bytes = 0;
    if (length && length[0])
        return text_to_u64(text_of(length), &bytes) ? bytes : 0;
    return coding && coding[0] ? UINT64_MAX : 0;
}

/* The source is how much of it is left. */
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

/* Web servers end a CGI program with SIGTERM as soon as they have the whole answer, or have
 * lost the client; what was committed is published after that. Each step has its time limit,
 * so that the process ends anyway. */
static void outlive_the_answer(void) {
    signal(SIGTERM, SIG_IGN);
    signal(SIGPIPE, SIG_IGN);
}

int gateway_serve_cgi(struct service *service) {
    struct gateway gateway;
    uint64_t left = length_of_input();
    gateway_init(&gateway, service);
    outlive_the_answer();
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

static void answer(struct gateway *gateway, FCGX_Request *fcgi) {
    serve(gateway, fcgi->envp, read_fastcgi, fcgi->in);
    const struct buffer *body = &gateway->exchange.response.body;
    FCGX_PutStr(gateway->head.data, (int)gateway->head.len, fcgi->out);
    if (has_body(&gateway->exchange))
        FCGX_PutStr(body->data, (int)body->len, fcgi->out);
    /* libfcgi would wait for the web server to close the connection first, lest what it
     * still writes meets a closed socket. When all of the request has been read nothing
     * more comes, and the process is free at once. */
    if (FCGX_HasSeenEOF(fcgi->in) == EOF)
        FCGX_Detach(fcgi);
    FCGX_Finish_r(fcgi);
    /* The client has its answer: now for what nobody waits for. */
    redis_client_flush(gateway->service->redis);
}

/* The listening socket does not block, so that a process that was woken for a connection
 * which another one took comes back here. EPOLLEXCLUSIVE wakes one process for a
 * connection, not all. */
static int watch_socket(int listen_fd) {
    struct epoll_event event = {.events = EPOLLIN | EPOLLEXCLUSIVE};
    const int flags = fcntl(listen_fd, F_GETFL);
    const int epoll = epoll_create1(EPOLL_CLOEXEC);
    if (epoll < 0 || flags < 0 || fcntl(listen_fd, F_SETFL, flags | O_NONBLOCK) < 0 ||
        epoll_ctl(epoll, EPOLL_CTL_ADD, listen_fd, &event) < 0) {
        log_error("cannot watch the listening socket: %s", strerror(errno));
        if (epoll >= 0)
            close(epoll);
        return -1;
    }
    return epoll;
}

/* The signals that stop the process are let in while it waits and between two requests,
 * nowhere else: libfcgi drops a connection whose first bytes it waits for when one comes.
 * Sets *before to the mask they are let in with. */
static void shut_signals_out(sigset_t *before) {
    sigset_t stopping;
    sigemptyset(&stopping);
    sigaddset(&stopping, SIGTERM);
    sigaddset(&stopping, SIGINT);
    sigprocmask(SIG_BLOCK, &stopping, before);
}

static void let_signals_in(const sigset_t *before) {
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
    shut_signals_out(&mask);
    /* Who was woken was the only one: it takes the connection even if it is to stop. */
    bool woken = false;
    while ((!*stop || woken) && (uint64_t)served < max_requests) {
        woken = false;
        if (FCGX_Accept_r(&fcgi) == 0) {
            answer(&gateway, &fcgi);
            served++;
            service->between_requests(service, false);
            let_signals_in(&mask);
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
