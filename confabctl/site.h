/*
 * site: a confab as its clients see it, at an address on the web. The only file that knows
 * libcurl.
 *
 * Requests go straight to the address, whatever proxy the environment names, follow no
 * redirect and speak HTTP/1.1, as the handshake of a WebSocket has to. Each ends after half a
 * minute at the latest.
 */
#ifndef CONFABCTL_SITE_H
#define CONFABCTL_SITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"

/* Longest line of a complaint. */
#define SITE_ERROR_SIZE 256

struct site;

/* What is asked. */
struct site_request {
    const char *path;           /* below the address of the site, with its first slash */
    const char *const *headers; /* "Name: value" each, closed by NULL; NULL for none */
    const char *body;           /* of a POST in JSON; NULL for a GET */
    size_t body_len;
};

/* What came back, to be given back with site_answer_free. */
struct site_answer {
    long status; /* 0: nothing came, and `error` says why */
    char error[SITE_ERROR_SIZE];
    bool is_ours; /* fcgi-api gave it, not the web server (X-Request-ID) */
    bool has_date;
    int64_t earliest, latest;       /* how far the Date may be ahead of this clock, microseconds */
    char location[SITE_ERROR_SIZE]; /* where a redirect leads; "" if it is none */
    struct buffer body;
};

/* The site at an address (http or https, a path below the host is allowed); ca_file names
 * certificates to trust instead of the system's, or is NULL. NULL if it is no address. */
struct site *site_new(const char *address, const char *ca_file);

/* Closes what is open and frees everything; site may be NULL. */
void site_free(struct site *site);

/* The address in its plain form, without a slash at the end. */
const char *site_address(const struct site *site);

/* Asks, and reads the answer. */
void site_ask(struct site *site, const struct site_request *request, struct site_answer *answer);
void site_answer_free(struct site_answer *answer);

/* How another address differs from the site's. */
enum site_difference { SITE_SAME, SITE_OTHER_SCHEME, SITE_OTHER_HOST, SITE_OTHER_PATH };
enum site_difference site_compare(const struct site *site, const char *url);

/* Opens a connection for bytes of one's own, which takes the place of the one before. False,
 * with why in `error`, if it cannot be made. */
bool site_connect(struct site *site, char error[SITE_ERROR_SIZE]);

/* The head of a request for a path on it: request line and Host. */
void site_head(const struct site *site, const char *path, struct buffer *out);

/* Sends all of it; false if the connection is gone or does not take it in time. */
bool site_send(struct site *site, const void *bytes, size_t len);

/* Appends what has come to `in`, waiting for something at most until `deadline` (by
 * clock_monotonic_ms). False if nothing came or the connection ended. */
bool site_receive(struct site *site, struct buffer *in, int64_t deadline);

#endif
