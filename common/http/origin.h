/*
 * origin: web origins (RFC 6454) as browsers send them: scheme://host[:port].
 *
 * Browsers leave out the port that the scheme implies; it is not added or taken away
 * here, so https://example.org and https://example.org:443 are two.
 */
#ifndef CONFAB_ORIGIN_H
#define CONFAB_ORIGIN_H

#include <stdbool.h>

#include "base/text.h"

/* True for http:// or https://, a host (a name in ASCII, an IPv4 address, or an IPv6
 * address in brackets), perhaps a port, and nothing behind it. */
bool origin_is_valid(struct text text);

#endif
