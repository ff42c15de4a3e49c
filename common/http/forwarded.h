/*
 * forwarded: the client's address and scheme as proxies report them.
 *
 * X-Forwarded-For and X-Forwarded-Proto mean something only if the peer that sent them is a
 * trusted proxy: that is the caller's to check. Each proxy appends to a list, so only the end of
 * it was written by a proxy that is trusted; anybody may have written the rest.
 */
#ifndef CONFAB_FORWARDED_H
#define CONFAB_FORWARDED_H

#include <stdbool.h>

#include "base/text.h"

/* Room for an address as text, with its terminator. */
#define FORWARDED_ADDRESS_SIZE 64

/* Replaces `address`, that of a trusted peer, by the last one of X-Forwarded-For that is not a
 * trusted proxy; by the first one if all are. Stops at an entry that is empty, not UTF-8 or too
 * long: the address is then the one after it. `trusted` is a list as in http/cidr.h. */
void forwarded_address(char address[FORWARDED_ADDRESS_SIZE], struct text forwarded_for,
                       const char *trusted);

/* True if the scheme that a trusted peer reports in X-Forwarded-Proto is https. Of a list the
 * last entry counts, which is the peer's own. */
bool forwarded_is_https(struct text forwarded_proto);

#endif
