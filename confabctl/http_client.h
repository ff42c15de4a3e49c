/*
 * http_client: requests to one site, and a raw connection for a WebSocket. The only file that
 * includes libcurl.
 *
 * It speaks HTTP/1.1, as WebSocket handshakes require, ignores the proxies of the environment
 * and follows no redirects. Requests time out after 30 seconds.
 */
#ifndef CONFAB_CONFABCTL_HTTP_CLIENT_H
#define CONFAB_CONFABCTL_HTTP_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"

/* Size of an error text. */
#define HTTP_CLIENT_ERROR_SIZE 256

struct http_client;

/* A request. */
struct http_client_request {
    const char *path;           /* relative to the address, with its leading slash */
    const char *const *headers; /* "Name: value", terminated by NULL; NULL for none */
    const char *method;         /* NULL: POST with a body, GET without */
    const char *body;           /* JSON; NULL for none */
    size_t body_len;
};

/* The response; free it with http_client_response_free. */
struct http_client_response {
    long status; /* 0: no response; `error` has the cause */
    char error[HTTP_CLIENT_ERROR_SIZE];
    bool is_ours; /* from fcgi-api, not from the web server (has X-Request-ID) */
    bool has_date;
    int64_t max_sockets; /* WebSockets that the web server accepts (X-Confab-Max-Sockets), or -1 */
    int64_t earliest, latest;              /* bounds of Date minus this clock, microseconds */
    char location[HTTP_CLIENT_ERROR_SIZE]; /* target of a redirect, or "" */
    struct buffer policy; /* Content-Security-Policy, or empty */
    struct buffer body;
};

/* Returns a client for this address (http or https, with an optional path). ca_file names CA
 * certificates to trust instead of the system's, or is NULL; it must stay valid. Returns NULL
 * if the address is invalid. */
struct http_client *http_client_new(const char *address, const char *ca_file);

/* Closes the connection and frees the client, which may be NULL. */
void http_client_free(struct http_client *client);

/* Returns the normalised address, without a slash at the end. */
const char *http_client_address(const struct http_client *client);

/* Sends a request and reads the response. */
void http_client_send(struct http_client *client, const struct http_client_request *request,
                      struct http_client_response *response);

/* Frees the texts of a response, also of a failed request. */
void http_client_response_free(struct http_client_response *response);

/* The first difference between the client's address and a URL, as http_client_compare returns
 * it. */
enum http_client_difference {
    HTTP_CLIENT_SAME,
    HTTP_CLIENT_OTHER_SCHEME,
    HTTP_CLIENT_OTHER_HOST,
    HTTP_CLIENT_OTHER_PATH
};
enum http_client_difference http_client_compare(const struct http_client *client, const char *url);

/* ---- raw connection ---- */

/* Opens a connection for raw bytes and closes the previous one. Returns false, with the cause
 * in `error`, if it cannot be opened. */
bool http_client_connect(struct http_client *client, char error[HTTP_CLIENT_ERROR_SIZE]);

/* Appends the request line of a GET of this path, and the Host header. */
void http_client_append_head(const struct http_client *client, const char *path,
                             struct buffer *out);

/* Writes all bytes. Returns false if the connection is closed or they are not taken in time. */
bool http_client_write(struct http_client *client, const void *bytes, size_t len);

/* Appends received bytes to `in`; waits for them until `deadline` (clock_monotonic_ms).
 * Returns false if none arrived or the connection is closed. */
bool http_client_read(struct http_client *client, struct buffer *in, int64_t deadline);

#endif
