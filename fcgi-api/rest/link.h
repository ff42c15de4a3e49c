/*
 * link: absolute URLs of this site, with the scheme and Host of the request.
 */
#ifndef CONFAB_FCGI_API_REST_LINK_H
#define CONFAB_FCGI_API_REST_LINK_H

#include "base/buffer.h"
#include "server/request.h"

/* Appends the URL of the request: scheme, host and the path as sent, without the query. */
void link_self(struct buffer *out, const struct request *request);

#endif
