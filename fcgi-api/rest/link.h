/*
 * link: absolute URLs of this site, from the scheme and Host the client used.
 */
#ifndef CONFAB_FCGI_API_REST_LINK_H
#define CONFAB_FCGI_API_REST_LINK_H

#include "base/buffer.h"
#include "server/request.h"

/* Appends scheme, host and path of the request as it was sent, without its query. */
void link_self(struct buffer *out, const struct request *request);

#endif
