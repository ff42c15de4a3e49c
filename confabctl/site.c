#include "site.h"

#include <curl/curl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/xalloc.h"

#define CONNECT_SECONDS 10L
#define ANSWER_SECONDS 30L
#define SEND_MS 10000

/* More of an answer than this is not kept. */
#define MAX_BODY (1024 * 1024)

struct site {
    char *address;
    char *scheme;
    char *authority; /* host, and port where it is not the scheme's own */
    char *path;      /* below which everything is, without a slash at the end */
    const char *ca_file;
    CURL *connection; /* for bytes of one's own, or NULL */
};

/* ---- addresses ---- */

/* One part of a URL, copied; "" if it has none. */
static char *part(CURLU *url, CURLUPart which, unsigned flags) {
    char *found = NULL;
    if (curl_url_get(url, which, &found, flags) != CURLUE_OK)
        return strdup("");
    char *copy = strdup(found);
    curl_free(found);
    return copy;
}

/* The parts of an address that matter here. NULL if it is none of http or https. */
static struct site *take_apart(const char *address) {
    CURLU *url = curl_url();
    struct site *site = xcalloc(1, sizeof(*site));
    const bool is_url = curl_url_set(url, CURLUPART_URL, address, 0) == CURLUE_OK;
    site->scheme = part(url, CURLUPART_SCHEME, 0);
    site->path = part(url, CURLUPART_PATH, 0);
    char *host = part(url, CURLUPART_HOST, 0);
    char *port = part(url, CURLUPART_PORT, CURLU_NO_DEFAULT_PORT);
    for (char *at = host; *at; at++)
        *at = (char)(*at >= 'A' && *at <= 'Z' ? *at - 'A' + 'a' : *at);
    for (size_t len = strlen(site->path); len > 0 && site->path[len - 1] == '/'; len--)
        site->path[len - 1] = '\0';
    if (asprintf(&site->authority, "%s%s%s", host, port[0] ? ":" : "", port) < 0 ||
        asprintf(&site->address, "%s://%s%s", site->scheme, site->authority, site->path) < 0)
        abort();
    free(host);
    free(port);
    curl_url_cleanup(url);
    if (is_url && (strcmp(site->scheme, "http") == 0 || strcmp(site->scheme, "https") == 0))
        return site;
    site_free(site);
    return NULL;
}

struct site *site_new(const char *address, const char *ca_file) {
    curl_global_init(CURL_GLOBAL_DEFAULT);
    struct site *site = take_apart(address);
    if (site)
        site->ca_file = ca_file;
    return site;
}

void site_free(struct site *site) {
    if (!site)
        return;
    curl_easy_cleanup(site->connection);
    free(site->address);
    free(site->scheme);
    free(site->authority);
    free(site->path);
    free(site);
}

const char *site_address(const struct site *site) {
    return site->address;
}

enum site_difference site_compare(const struct site *site, const char *url) {
    enum site_difference difference = SITE_OTHER_HOST;
    struct site *other = take_apart(url);
    if (!other)
        return SITE_OTHER_HOST;
    const size_t len = strlen(site->path);
    if (strcmp(site->scheme, other->scheme) != 0)
        difference = SITE_OTHER_SCHEME;
    else if (strcmp(site->authority, other->authority) == 0)
        difference = strncmp(site->path, other->path, len) == 0 && other->path[len] == '/'
                         ? SITE_SAME
                         : SITE_OTHER_PATH;
    site_free(other);
    return difference;
}

/* ---- requests ---- */

static size_t keep(char *bytes, size_t size, size_t count, void *context) {
    struct buffer *body = context;
    if (body->len + size * count <= MAX_BODY)
        buffer_append(body, bytes, size * count);
    return size * count;
}

static CURL *handle_for(const struct site *site, const char *path) {
    struct buffer url = BUFFER_EMPTY;
    CURL *curl = curl_easy_init();
    if (!curl)
        abort();
    buffer_printf(&url, "%s%s", site->address, path);
    curl_easy_setopt(curl, CURLOPT_URL, buffer_str(&url));
    curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, CONNECT_SECONDS);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, ANSWER_SECONDS);
    if (site->ca_file)
        curl_easy_setopt(curl, CURLOPT_CAINFO, site->ca_file);
    buffer_free(&url);
    return curl;
}

/* The value of a header of the answer, or NULL. */
static const char *header(CURL *curl, const char *name) {
    struct curl_header *found;
    return curl_easy_header(curl, name, 0, CURLH_HEADER, -1, &found) == CURLHE_OK ? found->value
                                                                                  : NULL;
}

static void read_head(CURL *curl, int64_t asked, struct site_answer *answer) {
    const char *date = header(curl, "Date");
    const time_t seconds = date ? curl_getdate(date, NULL) : -1;
    const char *location = header(curl, "Location");
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &answer->status);
    answer->is_ours = header(curl, "X-Request-ID") != NULL;
    snprintf(answer->location, sizeof(answer->location), "%s", location ? location : "");
    answer->has_date = seconds >= 0;
    /* A Date has no fraction, and was written at some time between question and answer. */
    answer->earliest = (int64_t)seconds * 1000000 - clock_now();
    answer->latest = ((int64_t)seconds + 1) * 1000000 - asked;
}

void site_ask(struct site *site, const struct site_request *request, struct site_answer *answer) {
    CURL *curl = handle_for(site, request->path);
    /* A body is sent at once, without asking whether it may. */
    struct curl_slist *headers = curl_slist_append(NULL, "Expect:");
    *answer = (struct site_answer){.status = 0};
    for (const char *const *each = request->headers; each && *each; each++)
        headers = curl_slist_append(headers, *each);
    if (request->body) {
        headers = curl_slist_append(headers, "Content-Type: application/json");
        curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body_len);
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request->body);
    }
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, keep);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &answer->body);
    const int64_t asked = clock_now();
    const CURLcode code = curl_easy_perform(curl);
    if (code == CURLE_OK)
        read_head(curl, asked, answer);
    else
        snprintf(answer->error, sizeof(answer->error), "%s", curl_easy_strerror(code));
    curl_slist_free_all(headers);
    curl_easy_cleanup(curl);
}

void site_answer_free(struct site_answer *answer) {
    buffer_free(&answer->body);
}

/* ---- bytes of one's own ---- */

bool site_connect(struct site *site, char error[SITE_ERROR_SIZE]) {
    curl_easy_cleanup(site->connection);
    site->connection = handle_for(site, "/");
    curl_easy_setopt(site->connection, CURLOPT_CONNECT_ONLY, 1L);
    const CURLcode code = curl_easy_perform(site->connection);
    snprintf(error, SITE_ERROR_SIZE, "%s", code ? curl_easy_strerror(code) : "");
    return code == CURLE_OK;
}

void site_head(const struct site *site, const char *path, struct buffer *out) {
    buffer_printf(out, "GET %s%s HTTP/1.1\r\nHost: %s\r\n", site->path, path, site->authority);
}

/* Waits until the connection is ready; false at the deadline. */
static bool wait_for(const struct site *site, short events, int64_t deadline) {
    curl_socket_t fd = CURL_SOCKET_BAD;
    const int64_t left = deadline - clock_monotonic_ms();
    curl_easy_getinfo(site->connection, CURLINFO_ACTIVESOCKET, &fd);
    struct pollfd waiting = {fd, events, 0};
    return fd != CURL_SOCKET_BAD && left > 0 && poll(&waiting, 1, (int)left) > 0;
}

bool site_send(struct site *site, const void *bytes, size_t len) {
    const int64_t deadline = clock_monotonic_ms() + SEND_MS;
    const char *at = bytes;
    while (len > 0) {
        size_t sent = 0;
        const CURLcode code = curl_easy_send(site->connection, at, len, &sent);
        if (code != CURLE_OK && code != CURLE_AGAIN)
            return false;
        at += sent;
        len -= sent;
        if (code == CURLE_AGAIN && !wait_for(site, POLLOUT, deadline))
            return false;
    }
    return true;
}

bool site_receive(struct site *site, struct buffer *in, int64_t deadline) {
    char piece[4096];
    for (;;) {
        size_t got = 0;
        const CURLcode code = curl_easy_recv(site->connection, piece, sizeof(piece), &got);
        if (code == CURLE_OK) {
            buffer_append(in, piece, got);
            return got > 0;
        }
        if (code != CURLE_AGAIN || !wait_for(site, POLLIN, deadline))
            return false;
    }
}
