/*
 * forwarded: the client's address and scheme as proxies report them.
 *
 * X-Forwarded-For and X-Forwarded-Proto mean something only if the peer that sent them is a trusted
 * proxy, which the caller checks. Each proxy appends an address to X-Forwarded-For, so only the end
 * of it was written by a trusted proxy; any client may have written the rest.
 */
#ifndef CONFAB_FORWARDED_H
#define CONFAB_FORWARDED_H

#include <stdbool.h>

#include "base/text.h"

/* Room for an address as text, with its terminator. */
#define FORWARDED_ADDRESS_SIZE 64

/* Replaces `address`, that of a trusted peer, by the last one of X-Forwarded-For that is not a
 * trusted proxy; by the first one if all are. An entry may have a port (192.0.2.1:50123,
 * [2001:db8::1]:443), a zone (fe80::1%eth0) and quotes, none of which is part of the address. Stops
 * at an entry that is not an address (empty, "unknown", "-"): the address is then the one after it.
 * `trusted` is a list as in http/cidr.h. The address is written as by cidr_normalize. */
void forwarded_address(char address[FORWARDED_ADDRESS_SIZE], struct text forwarded_for,
                       const char *trusted);

/* Writes the address of a peer as by cidr_normalize, without its zone; one that is not an address
 * (of a Unix socket) as it is, as far as it fits. */
void forwarded_peer(char address[FORWARDED_ADDRESS_SIZE], struct text peer);

/* Sets *https to whether the scheme that a trusted peer reports in X-Forwarded-Proto is https.
 * Leaves it alone if the header is neither http nor https, as when it was not sent. A web server
 * joins a header that came twice to a list, which is neither. */
void forwarded_scheme(struct text forwarded_proto, bool *https);

#endif
