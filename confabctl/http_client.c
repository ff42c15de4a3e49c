/*
 * http_client: addresses, requests and raw connections by libcurl. Addresses are normalized
 * (lower-case host, no default port, no slash at the end), so that they can be compared as text. A
 * raw connection is opened by libcurl, with TLS if the address needs it, and then read and written
 * by the caller (CURLOPT_CONNECT_ONLY).
 */
#include "http_client.h"

#include <curl/curl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "base/xalloc.h"

#define CONNECT_SECONDS 10L
#define RESPONSE_SECONDS 30L
#define WRITE_MS 10000

/* Maximum size of a response body; the rest is discarded. */
#define MAX_BODY (1024 * 1024)

struct http_client {
    char *address;
    char *scheme;
    char *authority; /* host, with the port unless it is the default */
    char *path;      /* prefix of all paths, without a slash at the end */
    const char *ca_file;
    CURL *connection; /* the raw connection, or NULL */
};

/* ---- addresses ---- */

/* Returns a copy of a part of a URL; "" if it has none. */
static char *part(CURLU *url, CURLUPart which, unsigned flags) {
    char *found = NULL;
    /* An address without this part has "" there. */
    if (curl_url_get(url, which, &found, flags) != CURLUE_OK)
        return strdup("");
    char *copy = strdup(found);
    curl_free(found);
    return copy;
}

/* Parses an http or https address; returns NULL if it is invalid. */
static struct http_client *parse_address(const char *address) {
    CURLU *url = curl_url();
    struct http_client *client = xcalloc(1, sizeof(*client));
    /* On failure the parts are empty, and the address is refused below. */
    const bool is_url = curl_url_set(url, CURLUPART_URL, address, 0) == CURLUE_OK;
    client->scheme = part(url, CURLUPART_SCHEME, 0);
    client->path = part(url, CURLUPART_PATH, 0);
    char *host = part(url, CURLUPART_HOST, 0);
    char *port = part(url, CURLUPART_PORT, CURLU_NO_DEFAULT_PORT);
    /* Host names are compared without regard to case (RFC 9110, section 4.2.3). */
    for (char *at = host; *at; at++)
        *at = (char)(*at >= 'A' && *at <= 'Z' ? *at - 'A' + 'a' : *at);
    /* Removes slashes at the end, since the paths that are appended begin with one. */
    for (size_t len = strlen(client->path); len > 0 && client->path[len - 1] == '/'; len--)
        client->path[len - 1] = '\0';
    if (asprintf(&client->authority, "%s%s%s", host, port[0] ? ":" : "", port) < 0 ||
        asprintf(&client->address, "%s://%s%s", client->scheme, client->authority, client->path) <
            0)
        abort();
    free(host);
    free(port);
    curl_url_cleanup(url);
    /* Checked last, so that there is one place that frees the parts. */
    if (is_url && (strcmp(client->scheme, "http") == 0 || strcmp(client->scheme, "https") == 0))
        return client;
    http_client_free(client);
    return NULL;
}

struct http_client *http_client_new(const char *address, const char *ca_file) {
    /* Once in a process; it is idempotent. */
    curl_global_init(CURL_GLOBAL_DEFAULT);
    struct http_client *client = parse_address(address);
    if (client)
        client->ca_file = ca_file;
    return client;
}

void http_client_free(struct http_client *client) {
    if (!client)
        return;
    curl_easy_cleanup(client->connection);
    free(client->address);
    free(client->scheme);
    free(client->authority);
    free(client->path);
    free(client);
}

const char *http_client_address(const struct http_client *client) {
    return client->address;
}

enum http_client_difference http_client_compare(const struct http_client *client, const char *url) {
    enum http_client_difference difference = HTTP_CLIENT_OTHER_HOST;
    struct http_client *other = parse_address(url);
    if (!other)
        return HTTP_CLIENT_OTHER_HOST;
    /* The path of the client is a prefix of the other one, up to a slash. */
    const size_t len = strlen(client->path);
    if (strcmp(client->scheme, other->scheme) != 0)
        difference = HTTP_CLIENT_OTHER_SCHEME;
    else if (strcmp(client->authority, other->authority) == 0)
        difference = strncmp(client->path, other->path, len) == 0 && other->path[len] == '/'
                         ? HTTP_CLIENT_SAME
                         : HTTP_CLIENT_OTHER_PATH;
    http_client_free(other);
    return difference;
}

/* ---- requests ---- */

/* A callback of libcurl: keeps the body up to MAX_BODY. Returning another number would end the
 * transfer. */
static size_t append_body(char *bytes, size_t size, size_t count, void *context) {
    struct buffer *body = context;
    /* doctor needs only the beginnings of responses. */
    if (body->len + size * count <= MAX_BODY)
        buffer_append(body, bytes, size * count);
    return size * count;
}

/* A request to the site, with time limits, so that a check cannot hang. */
static CURL *new_handle(const struct http_client *client, const char *path) {
    struct buffer url = BUFFER_EMPTY;
    CURL *curl = curl_easy_init();
    if (!curl)
        abort();
    buffer_printf(&url, "%s%s", client->address, path);
    curl_easy_setopt(curl, CURLOPT_URL, buffer_str(&url));
    /* The site itself is tested, not a proxy of the environment. */
    curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
    /* No signals: timeouts of name look-ups would use SIGALRM. */
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    /* HTTP/1.1, as the raw connection speaks it. */
    curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, CONNECT_SECONDS);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, RESPONSE_SECONDS);
    if (client->ca_file)
        curl_easy_setopt(curl, CURLOPT_CAINFO, client->ca_file);
    buffer_free(&url);
    return curl;
}

/* Returns the value of a response header, or NULL. */
static const char *header(CURL *curl, const char *name) {
    struct curl_header *found;
    /* The last response, if there were several (such as 100). */
    return curl_easy_header(curl, name, 0, CURLH_HEADER, -1, &found) == CURLHE_OK ? found->value
                                                                                  : NULL;
}

/* Reads what doctor needs of the response head. */
static void read_head(CURL *curl, int64_t sent_at, struct http_client_response *response) {
    const char *date = header(curl, "Date");
    /* -1 without a Date, or with one that is not valid. */
    const time_t seconds = date ? curl_getdate(date, NULL) : -1;
    const char *location = header(curl, "Location");
    const char *sockets = header(curl, "X-Confab-Max-Sockets");
    const char *policy = header(curl, "Content-Security-Policy");
    uint64_t max_sockets;
    /* A number that does not fit counts as missing. */
    response->max_sockets =
        sockets && text_to_u64(text_of(sockets), &max_sockets) && max_sockets <= INT32_MAX
            ? (int64_t)max_sockets
            : -1;
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &response->status);
    /* fcgi-api sets this header on each answer; the web server's own pages lack it. */
    response->is_ours = header(curl, "X-Request-ID") != NULL;
    snprintf(response->location, sizeof(response->location), "%s", location ? location : "");
    buffer_append_str(&response->policy, policy ? policy : "");
    response->has_date = seconds >= 0;
    /* A Date has no fraction, and was written at some time between request and response. */
    response->earliest = (int64_t)seconds * 1000000 - clock_now();
    response->latest = ((int64_t)seconds + 1) * 1000000 - sent_at;
}

void http_client_send(struct http_client *client, const struct http_client_request *request,
                      struct http_client_response *response) {
    CURL *curl = new_handle(client, request->path);
    /* Send the body immediately, without 100-continue. */
    struct curl_slist *headers = curl_slist_append(NULL, "Expect:");
    /* Zeroed, so that it can be freed in any case. */
    *response = (struct http_client_response){.status = 0};
    for (const char *const *each = request->headers; each && *each; each++)
        headers = curl_slist_append(headers, *each);
    /* A body makes it a POST, unless a method is given. */
    if (request->body) {
        headers = curl_slist_append(headers, "Content-Type: application/json");
        curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body_len);
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request->body);
    }
    if (request->method)
        curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request->method);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, append_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &response->body);
    const int64_t sent_at = clock_now();
    const CURLcode code = curl_easy_perform(curl);
    /* Status 0 stands for no response; the error says why. */
    if (code == CURLE_OK)
        read_head(curl, sent_at, response);
    else
        snprintf(response->error, sizeof(response->error), "%s", curl_easy_strerror(code));
    curl_slist_free_all(headers);
    curl_easy_cleanup(curl);
}

void http_client_response_free(struct http_client_response *response) {
    buffer_free(&response->body);
    buffer_free(&response->policy);
}

/* ---- raw connection ---- */

bool http_client_connect(struct http_client *client, char error[HTTP_CLIENT_ERROR_SIZE]) {
    /* A second call opens a new connection. */
    curl_easy_cleanup(client->connection);
    client->connection = new_handle(client, "/");
    /* CONNECT_ONLY: TCP and TLS, and nothing else. */
    curl_easy_setopt(client->connection, CURLOPT_CONNECT_ONLY, 1L);
    const CURLcode code = curl_easy_perform(client->connection);
    snprintf(error, HTTP_CLIENT_ERROR_SIZE, "%s", code ? curl_easy_strerror(code) : "");
    return code == CURLE_OK;
}

void http_client_append_head(const struct http_client *client, const char *path,
                             struct buffer *out) {
    /* The caller adds its headers and the empty line. */
    buffer_printf(out, "GET %s%s HTTP/1.1\r\nHost: %s\r\n", client->path, path, client->authority);
}

/* Waits until the connection is ready; returns false at the deadline. */
static bool wait_for(const struct http_client *client, short events, int64_t deadline) {
    /* poll(2) on libcurl's own socket, which is non-blocking. */
    curl_socket_t fd = CURL_SOCKET_BAD;
    const int64_t left = deadline - clock_monotonic_ms();
    curl_easy_getinfo(client->connection, CURLINFO_ACTIVESOCKET, &fd);
    struct pollfd waiting = {fd, events, 0};
    /* 0 is the deadline; below 0 an error of poll, which ends the wait as well. */
    return fd != CURL_SOCKET_BAD && left > 0 && poll(&waiting, 1, (int)left) > 0;
}

bool http_client_write(struct http_client *client, const void *bytes, size_t len) {
    const int64_t deadline = clock_monotonic_ms() + WRITE_MS;
    const char *at = bytes;
    while (len > 0) {
        size_t sent = 0;
        const CURLcode code = curl_easy_send(client->connection, at, len, &sent);
        if (code != CURLE_OK && code != CURLE_AGAIN)
            return false;
        at += sent;
        len -= sent;
        /* The send buffer is full, or TLS has to read first. */
        if (code == CURLE_AGAIN && !wait_for(client, POLLOUT, deadline))
            return false;
    }
    return true;
}

bool http_client_read(struct http_client *client, struct buffer *in, int64_t deadline) {
    char piece[4096];
    for (;;) {
        size_t got = 0;
        const CURLcode code = curl_easy_recv(client->connection, piece, sizeof(piece), &got);
        /* One read may return part of a message or several: the caller finds the ends. */
        if (code == CURLE_OK) {
            buffer_append(in, piece, got);
            /* 0: the server closed the connection. */
            return got > 0;
        }
        if (code != CURLE_AGAIN || !wait_for(client, POLLIN, deadline))
            return false;
    }
}
