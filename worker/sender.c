/* libcurl's multi interface on libuv: libcurl names the sockets and the timeout that it waits for;
 * a poll handle for each socket and one timer call it when they are ready. Names are resolved by
 * threads of libcurl. */
#include "sender.h"

#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/xalloc.h"
#include "http/public_address.h"

#define CONNECT_MS 5000L
#define TOTAL_MS 10000L

/* Idle connections that are kept, and for how long: a busy hook needs no handshake each time. */
#define IDLE_CONNECTIONS 64L
#define IDLE_SECONDS 30L

/* Longest head of an answer, with those of interim answers and the trailer, and longest body of one
 * that is dropped. A receiver cannot make the worker read without end. */
#define HEAD_MOST ((size_t)64 * 1024)
#define DROPPED_MOST ((size_t)1024 * 1024)

/* `bytes` counts bodies that are being sent: they are all in memory. */
struct sender {
    uv_loop_t *loop;
    const struct config *config;
    sender_done *done;
    CURLM *multi;
    uv_timer_t timer;
    int64_t limit_ms;
    size_t count, bytes;
    struct transfer *first;
};

/* One request. */
struct transfer {
    struct sender *sender;
    struct transfer *next, **prev_next;
    CURL *easy;
    struct curl_slist *headers;
    void *context;
    size_t bytes, most;
    size_t head_len, body_len; /* received */
    bool was_refused;          /* the address is not public */
    bool is_too_large;
    struct buffer body;
};

/* A socket that libcurl waits for. */
struct watch {
    uv_poll_t poll;
    curl_socket_t socket;
    struct sender *sender;
};

/* ---- the end of a request ---- */

/* The only place where a request ends and is freed. */
static void end_transfer(struct transfer *transfer, const struct sender_answer *answer) {
    struct sender *sender = transfer->sender;
    void *context = transfer->context;
    /* libcurl must release the handle before it is freed. The callback comes last, when the
     * counters are correct again, since it may start the next request. */
    curl_multi_remove_handle(sender->multi, transfer->easy);
    curl_easy_cleanup(transfer->easy);
    curl_slist_free_all(transfer->headers);
    *transfer->prev_next = transfer->next;
    if (transfer->next)
        transfer->next->prev_next = transfer->prev_next;
    sender->count--;
    sender->bytes -= transfer->bytes;
    sender->done(context, answer);
    buffer_free(&transfer->body);
    free(transfer);
}

/* Why a request has failed. libcurl's own texts contain names and addresses of the site. */
static const char *failure_of(const struct transfer *transfer, CURLcode code) {
    /* The callbacks below have ended these requests; libcurl only reports that it was stopped. */
    if (transfer->was_refused)
        return "the address is not public (hook_private = off)";
    if (transfer->is_too_large)
        return "the answer is too large";
    switch (code) {
    case CURLE_OPERATION_TIMEDOUT:
        return "no complete answer in time";
    case CURLE_COULDNT_RESOLVE_HOST:
        return "the name of the host cannot be resolved";
    case CURLE_COULDNT_CONNECT:
        return "the connection was refused";
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
        return "the certificate is not valid";
    /* libcurl also reports this for a single header line beyond its own limit. */
    case CURLE_OUT_OF_MEMORY:
#if LIBCURL_VERSION_NUM >= 0x080600
    case CURLE_TOO_LARGE:
#endif
        return "the answer is too large";
    default:
        return curl_easy_strerror(code);
    }
}

/* Ends a transfer: makes the answer and passes it to the caller. */
static void finish(struct transfer *transfer, CURLcode code) {
    struct sender_answer answer = {.body = {buffer_str(&transfer->body), transfer->body.len}};
    char status_text[64];
    long status = 0;
    /* Stays 0 if no status line has come. */
    curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
    /* Standard Webhooks: any 2xx is a success, everything else a failure. */
    answer.succeeded = code == CURLE_OK && status >= 200 && status < 300;
    if (code != CURLE_OK)
        answer.failure = failure_of(transfer, code);
    else if (!answer.succeeded) {
        snprintf(status_text, sizeof(status_text), "status %ld%s", status,
                 status >= 300 && status < 400 ? " (redirects are not followed)" : "");
        answer.failure = status_text;
    }
    end_transfer(transfer, &answer);
}

/* Ends the transfers that libcurl has finished. */
static void collect(struct sender *sender) {
    CURLMsg *message;
    int left;
    while ((message = curl_multi_info_read(sender->multi, &left))) {
        void *transfer = NULL;
        const CURLcode code = message->data.result;
        if (message->msg != CURLMSG_DONE)
            continue;
        /* The message is gone once the handle is removed. */
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&transfer);
        finish(transfer, code);
    }
}

/* ---- libcurl's callbacks ---- */

/* The lease ends by the monotonic clock, which continues while the process is stopped. */
static bool lease_is_over(const struct sender *sender) {
    return clock_monotonic_ms() >= sender->limit_ms;
}

/* Lets libcurl continue, unless the lease has ended, as after the process was stopped: another
 * worker may have taken over the deliveries. */
static void run_curl(struct sender *sender, curl_socket_t socket, int events) {
    int running;
    if (lease_is_over(sender)) {
        sender_abort(sender);
        return;
    }
    curl_multi_socket_action(sender->multi, socket, events, &running);
    collect(sender);
}

/* A socket is ready: passes its events to libcurl. */
static void on_poll(uv_poll_t *poll, int status, int events) {
    const struct watch *watch = poll->data;
    int flags = status < 0 ? CURL_CSELECT_ERR : 0;
    if (events & UV_READABLE)
        flags |= CURL_CSELECT_IN;
    if (events & UV_WRITABLE)
        flags |= CURL_CSELECT_OUT;
    run_curl(watch->sender, watch->socket, flags);
}

/* A timeout of libcurl, or the start of a new request. */
static void on_timer(uv_timer_t *timer) {
    run_curl(timer->data, CURL_SOCKET_TIMEOUT, 0);
}

/* libcurl wants to be called after this time; at once if it is 0, never if it is negative. */
static int set_timer(CURLM *multi, long timeout_ms, void *context) {
    struct sender *sender = context;
    (void)multi;
    if (timeout_ms < 0)
        uv_timer_stop(&sender->timer);
    else
        uv_timer_start(&sender->timer, on_timer, (uint64_t)timeout_ms, 0);
    return 0;
}

static void free_watch(uv_handle_t *handle) {
    free(handle->data);
}

/* A watch for a socket that libcurl has opened; set_socket starts it. */
static struct watch *watch_new(struct sender *sender, curl_socket_t socket) {
    struct watch *watch = xcalloc(1, sizeof(*watch));
    watch->sender = sender;
    watch->socket = socket;
    /* libcurl hands the watch to set_socket at its next call for this socket. */
    uv_poll_init_socket(sender->loop, &watch->poll, socket);
    watch->poll.data = watch;
    curl_multi_assign(sender->multi, socket, watch);
    return watch;
}

/* libcurl begins, changes or ends its interest in a socket. */
static int set_socket(CURL *easy, curl_socket_t socket, int what, void *context, void *known) {
    struct sender *sender = context;
    struct watch *watch = known;
    (void)easy;
    if (what == CURL_POLL_REMOVE) {
        if (!watch)
            return 0;
        /* Freed when libuv has closed the handle; libcurl closes the socket itself. */
        uv_poll_stop(&watch->poll);
        uv_close((uv_handle_t *)&watch->poll, free_watch);
        curl_multi_assign(sender->multi, socket, NULL);
        return 0;
    }
    if (!watch)
        watch = watch_new(sender, socket);
    /* Starting a poll handle again replaces the events that it waits for. */
    uv_poll_start(&watch->poll,
                  (what & CURL_POLL_IN ? UV_READABLE : 0) |
                      (what & CURL_POLL_OUT ? UV_WRITABLE : 0),
                  on_poll);
    return 0;
}

/* Opens the socket for an address, unless that is not to be connected to. */
static curl_socket_t open_socket(void *context, curlsocktype purpose,
                                 struct curl_sockaddr *address) {
    struct transfer *transfer = context;
    const struct config *config = transfer->sender->config;
    /* Sockets are opened to connect, never to listen. */
    if (purpose != CURLSOCKTYPE_IPCXN)
        return CURL_SOCKET_BAD;
    /* Checks the resolved address itself, the one that is connected to, so that a second answer of
     * a name server cannot lead elsewhere. */
    if (config->hook_private == CONFIG_OFF && !public_address_is(&address->addr)) {
        transfer->was_refused = true;
        return CURL_SOCKET_BAD;
    }
    /* Another address of the same name may be public. */
    transfer->was_refused = false;
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

/* Takes a part of the response body; 0 ends the transfer. */
static size_t take_body(char *bytes, size_t size, size_t count, void *context) {
    struct transfer *transfer = context;
    const size_t len = size * count;
    /* A caller that wants no body still reads it, up to a bound, so that the connection can be used
     * again. */
    const bool is_dropped = transfer->most == 0;
    /* Counted also if it is dropped, so that an endless body ends. */
    transfer->body_len += len;
    transfer->is_too_large = transfer->body_len > (is_dropped ? DROPPED_MOST : transfer->most);
    if (transfer->is_too_large)
        return 0;
    if (!is_dropped)
        buffer_append(&transfer->body, bytes, len);
    return len;
}

/* Called by libcurl for each line of a head. */
static size_t take_head(char *bytes, size_t size, size_t count, void *context) {
    struct transfer *transfer = context;
    const size_t len = size * count;
    (void)bytes;
    transfer->head_len += len;
    /* Fewer bytes than given make libcurl end the request. */
    transfer->is_too_large = transfer->head_len > HEAD_MOST;
    return transfer->is_too_large ? 0 : len;
}

/* ---- requests ---- */

/* Sets the options that all requests share. */
static void set_options(struct transfer *transfer, const struct sender_request *request) {
    const struct config *config = transfer->sender->config;
    CURL *easy = transfer->easy;
    curl_easy_setopt(easy, CURLOPT_PRIVATE, transfer);
    curl_easy_setopt(easy, CURLOPT_URL, request->url);
    /* No file: and no other protocol that libcurl supports. */
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
    /* A redirect could lead to an address that is not public, or to another receiver. */
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    /* Empty: proxies of the environment are not used, since they would resolve the name. */
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    /* A name server that does not answer: the thread that waits for it ends by itself. Without this
     * the end of the request would wait for the thread, and with it all other requests. */
    curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
    /* Both are short: a slow receiver takes a slot, and a lease is running. */
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_MS);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, TOTAL_MS);
    curl_easy_setopt(easy, CURLOPT_MAXAGE_CONN, IDLE_SECONDS);
    curl_easy_setopt(easy, CURLOPT_USERAGENT, "confab/" CONFAB_VERSION);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, transfer->headers);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_socket);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, transfer);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, take_head);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, transfer);
    if (config->hook_ca[0])
        curl_easy_setopt(easy, CURLOPT_CAINFO, config->hook_ca);
    /* libcurl does not copy the body, which is why it must stay until the end. Without one it
     * is a GET. */
    if (request->body.at) {
        curl_easy_setopt(easy, CURLOPT_POST, 1L);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body.len);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request->body.at);
    }
}

void sender_start(struct sender *sender, const struct sender_request *request) {
    struct transfer *transfer = xcalloc(1, sizeof(*transfer));
    transfer->sender = sender;
    transfer->context = request->context;
    transfer->bytes = request->body.len;
    transfer->most = request->most;
    transfer->easy = curl_easy_init();
    for (const char *const *header = request->headers; *header; header++)
        transfer->headers = curl_slist_append(transfer->headers, *header);
    /* A list linked both ways, so that a request can end anywhere in it. */
    transfer->next = sender->first;
    transfer->prev_next = &sender->first;
    if (transfer->next)
        transfer->next->prev_next = &transfer->next;
    sender->first = transfer;
    sender->count++;
    sender->bytes += transfer->bytes;
    set_options(transfer, request);
    /* It starts by the timer, which libcurl sets to 0 in this call. */
    curl_multi_add_handle(sender->multi, transfer->easy);
}

size_t sender_count(const struct sender *sender) {
    return sender->count;
}

size_t sender_bytes(const struct sender *sender) {
    return sender->bytes;
}

/* Set after each step: the lease is longer by then, or was lost. */
void sender_set_limit(struct sender *sender, int64_t limit_ms) {
    sender->limit_ms = limit_ms;
    if (lease_is_over(sender))
        sender_abort(sender);
}

void sender_abort(struct sender *sender) {
    const struct sender_answer answer = {.aborted = true, .failure = "aborted"};
    /* A callback may start requests: they are added at the front of the list, and are not ended
     * here. */
    struct transfer *next;
    for (struct transfer *transfer = sender->first; transfer; transfer = next) {
        next = transfer->next;
        end_transfer(transfer, &answer);
    }
}

struct sender *sender_new(uv_loop_t *loop, const struct config *config, sender_done *done) {
    struct sender *sender = xcalloc(1, sizeof(*sender));
    sender->loop = loop;
    sender->config = config;
    sender->done = done;
    /* There is no lease yet; each step sets the limit. */
    sender->limit_ms = INT64_MAX;
    uv_timer_init(loop, &sender->timer);
    sender->timer.data = sender;
    curl_global_init(CURL_GLOBAL_DEFAULT);
    sender->multi = curl_multi_init();
    curl_multi_setopt(sender->multi, CURLMOPT_SOCKETFUNCTION, set_socket);
    curl_multi_setopt(sender->multi, CURLMOPT_SOCKETDATA, sender);
    curl_multi_setopt(sender->multi, CURLMOPT_TIMERFUNCTION, set_timer);
    curl_multi_setopt(sender->multi, CURLMOPT_TIMERDATA, sender);
    curl_multi_setopt(sender->multi, CURLMOPT_MAXCONNECTS, IDLE_CONNECTIONS);
    return sender;
}

static void free_sender(uv_handle_t *handle) {
    free(handle->data);
}

void sender_free(struct sender *sender) {
    /* Requests first, as they use the handle of libcurl. Its cleanup closes idle connections,
     * which ends their watches, and so uses the timer and the loop. */
    sender_abort(sender);
    curl_multi_cleanup(sender->multi);
    uv_close((uv_handle_t *)&sender->timer, free_sender);
}
