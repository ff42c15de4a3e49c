/*
 * gateway: takes requests from the web server, by FastCGI or plain CGI, and gives it the responses.
 */
#ifndef CONFAB_GATEWAY_H
#define CONFAB_GATEWAY_H

#include <stdbool.h>
#include <stdint.h>

#include "server/exchange.h"

/* True when the web server started this process for one request (CGI/1.1, RFC 3875). */
bool gateway_is_cgi(void);

/* True when standard input is a listening socket (FastCGI specification, section 2.2). */
bool gateway_is_fastcgi(void);

/* Serves the request of a plain CGI process. Returns the exit status. */
int gateway_serve_cgi(struct service *service);

/* Serves requests from the listening socket, one at a time, until max_requests were served or *stop
 * is true, which is read between requests only; requests of which a part has arrived are still
 * served. The handlers of SIGTERM and SIGINT must set *stop; they run only between requests.
 * Returns the number of requests served, or -1 if the socket cannot be used. */
int64_t gateway_serve(struct service *service, int listen_fd, uint64_t max_requests,
                      const volatile int *stop);

#endif
