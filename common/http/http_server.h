/*
 * http_server: a minimal HTTP/1.1 server on libuv, for health checks and metrics.
 *
 * A connection carries one GET request without a body. It is read up to the empty line, answered,
 * and closed, after ten seconds at the latest. Headers are ignored. All calls are on the loop.
 */
#ifndef CONFAB_HTTP_HTTP_SERVER_H
#define CONFAB_HTTP_HTTP_SERVER_H

#include <stdbool.h>
#include <uv.h>

#include "base/buffer.h"
#include "base/text.h"

/* Types of answers: JSON, and the text format of Prometheus. */
#define HTTP_SERVER_JSON "application/json; charset=utf-8"
#define HTTP_SERVER_METRICS "text/plain; version=0.0.4; charset=utf-8"

struct http_server;
struct http_request;

/* Called for each request; `path` is the target without its query and without a slash at its end,
 * valid during the call. True: http_server_answer was called, or will be. False: there is no such
 * path, and the answer is 404. */
typedef bool http_server_handler(void *context, struct http_request *request, struct text path);

/* Serves on a bound socket, which it owns from then on. `context` must stay valid until
 * http_server_close. NULL, with the cause logged and the socket closed, if it cannot listen. */
struct http_server *http_server_new(uv_loop_t *loop, int listen_fd, http_server_handler *handler,
                                    void *context);

/* Answers a request once, perhaps later, perhaps after http_server_close. If the client is gone,
 * the answer is dropped. type: the Content-Type. The body is copied. */
void http_server_answer(struct http_request *request, int status, const char *type,
                        const struct buffer *body);

/* Closes everything. Frees itself once the loop has closed its handles and each request that a
 * handler has taken is answered. */
void http_server_close(struct http_server *server);

#endif
