/*
 * cidr: IP addresses and networks, IPv4 and IPv6, and lists of them.
 *
 * IPv4 is kept in its IPv6-mapped form (::ffff:a.b.c.d), so that both spellings of an address
 * are equal; still ::/0 contains no IPv4 address, as a reader expects.
 */
#ifndef CONFAB_CIDR_H
#define CONFAB_CIDR_H

#include <stdbool.h>

#include "base/text.h"

/* Separate the entries of a list. */
#define CIDR_LIST_SEPARATORS ", \t"

struct cidr {
    unsigned char bytes[16];
    unsigned prefix; /* leading bits that count, 0 to 128 */
};

/* Parses "address" or "address/prefix length"; an address alone is a network of one. Bits after
 * the prefix are ignored. Returns false for anything else. */
bool cidr_parse(struct text text, struct cidr *cidr);

/* Room for an address as text, with its terminator. */
#define CIDR_ADDRESS_SIZE 46

/* Writes an address as the one text that stands for it (RFC 5952; IPv4-mapped as IPv4), so that
 * texts can be compared. Returns false, and writes nothing, if it is not an address. */
bool cidr_normalize(struct text address, char out[CIDR_ADDRESS_SIZE]);

/* True when all of inner is in outer. */
bool cidr_contains(const struct cidr *outer, const struct cidr *inner);

/* True when the address (as REMOTE_ADDR gives it) is in the list of addresses and networks.
 * Entries that are invalid are ignored. */
bool cidr_list_contains(const char *list, const char *address);

/* Size of a text of cidr_subscriber. */
#define CIDR_SUBSCRIBER_SIZE 64

/* Writes a text that identifies the subscriber with this address, for limits by address: an IPv4
 * address itself, or the /64 network of an IPv6 address, since a subscriber usually has a whole
 * /64. Other text is copied, cut to fit. */
void cidr_subscriber(const char *address, char out[CIDR_SUBSCRIBER_SIZE]);

#endif
