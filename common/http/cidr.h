/*
 * network: addresses and networks, IPv4 and IPv6.
 *
 * IPv4 is kept in its IPv6-mapped form (::ffff:a.b.c.d), so that both spellings of
 * one address are equal; still ::/0 holds no IPv4 address, as a reader expects.
 */
#ifndef CONFAB_NETWORK_H
#define CONFAB_NETWORK_H

#include <stdbool.h>

#include "base/text.h"

struct cidr {
    unsigned char bytes[16];
    unsigned prefix; /* leading bits that count, 0 to 128 */
};

/* Reads "address" or "address/prefix length"; an address alone is a network of one.
 * Bits behind the prefix are ignored. Returns false for anything else. */
bool cidr_parse(struct text text, struct cidr *network);

/* True when all of inner lies in outer. */
bool cidr_contains(const struct cidr *outer, const struct cidr *inner);

#endif
