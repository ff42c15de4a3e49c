/*
 * origin: web origins (RFC 6454) as browsers send them, scheme://host[:port], and whether one
 * is this site's own or in a list.
 */
#ifndef CONFAB_ORIGIN_H
#define CONFAB_ORIGIN_H

#include <stdbool.h>

#include "base/text.h"

/* Separate the entries of a list. */
#define ORIGIN_LIST_SEPARATORS ", \t"

/* The scheme that the client used; unknown to a server behind a proxy that does not report it. */
enum origin_scheme { ORIGIN_HTTP, ORIGIN_HTTPS, ORIGIN_SCHEME_UNKNOWN };

/* True for a scheme (RFC 3986, section 3.1; apps have their own, such as capacitor://), a host (a
 * name in ASCII, an IPv4 address, or an IPv6 address in brackets), perhaps a port, and nothing
 * after it; and for the origins of files, "null" and "file://". */
bool origin_is_valid(struct text text);

/* True for a valid origin of the scheme https. */
bool origin_is_https(struct text text);

/* True when the origin is that of the site itself, which the client reached by this scheme and
 * Host: same scheme (if that is known), host and port. The default port of the scheme may be
 * left out on either side; the host is compared without regard to case. */
bool origin_is_own(struct text origin, enum origin_scheme scheme, struct text host);

/* True when the origin is in the list, without regard to case. The default port of http and https
 * may be left out on either side; other ports are compared as written. */
bool origin_list_contains(const char *list, struct text origin);

/* Sets *origin to the start of a URL (such as a Referer) that is its origin, up to the path;
 * false if the URL has no scheme. */
bool origin_of_url(struct text url, struct text *origin);

#endif
