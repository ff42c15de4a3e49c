/*
 * sender: HTTP requests to other hosts, any number at a time, by libcurl on the loop.
 *
 * 5 s to connect, 10 s in all, a bounded answer; no redirects, no proxies, no cookies. Unless
 * hook_private is on, the address is checked when a socket is opened for it, which is after the
 * name was resolved and right before that address is connected to: another answer of the resolver
 * is checked as well.
 */
#ifndef CONFAB_WORKER_SENDER_H
#define CONFAB_WORKER_SENDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "base/text.h"
#include "config/config.h"

struct sender;

struct sender_request {
    const char *url;
    const char *const *headers; /* lines; NULL ends them */
    struct text body;           /* of a POST; .at NULL: a GET. It must stay until the end. */
    size_t most;                /* largest body of the answer; 0: it is dropped, at most 1 MiB */
    void *context;
};

struct sender_answer {
    bool aborted;        /* ended by sender_abort; it may have arrived */
    bool succeeded;      /* the whole answer has come, with a status of 2xx */
    const char *failure; /* why not, in words, without names and addresses; static or valid during
                            the call */
    struct text body;    /* of a GET */
};

typedef void sender_done(void *context, const struct sender_answer *answer);

/* config must outlive it; `done` is called once for each request, from the loop. Never NULL. */
struct sender *sender_new(uv_loop_t *loop, const struct config *config, sender_done *done);

/* Begins a request. */
void sender_start(struct sender *sender, const struct sender_request *request);

/* The number of requests that have not ended, and the bytes of their bodies. */
size_t sender_count(const struct sender *sender);
size_t sender_bytes(const struct sender *sender);

/* Nothing is sent after this time of the monotonic clock, in milliseconds, until it is set again:
 * what is under way then is aborted. */
void sender_set_limit(struct sender *sender, int64_t limit_ms);

/* Ends all requests. */
void sender_abort(struct sender *sender);

/* Ends all requests and frees it once the loop has closed its handles. */
void sender_free(struct sender *sender);

#endif
