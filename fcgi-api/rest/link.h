/*
 * link: absolute URLs of this site, from the scheme and Host the client used.
 */
#ifndef CONFAB_LINK_H
#define CONFAB_LINK_H

#include <stdbool.h>

#include "base/buffer.h"
#include "server/request.h"

/* Appends scheme, host and path of the request as it was sent, without its query. */
void link_self(struct buffer *out, const struct request *request);

/* True when the origin (RFC 6454) is that of this site: same scheme, host and port, a
 * port that is the scheme's own being left out. */
bool link_is_own_origin(const struct request *request, const char *origin);

#endif
