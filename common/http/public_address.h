/*
 * public_address: tells addresses of the internet from those of this host and of private networks.
 *
 * A program that connects to an address that someone else has chosen must not be led inward: to
 * loopback, to private or shared networks, to link-local addresses (where clouds serve
 * credentials), to multicast. The lists are those of IANA (special-purpose address registries; RFC
 * 6890). An IPv4 address inside an IPv6 address (::ffff:0:0/96, NAT64 of RFC 6052) counts as that
 * IPv4 address; other forms with one inside (6to4, Teredo) are not public.
 */
#ifndef CONFAB_COMMON_HTTP_PUBLIC_ADDRESS_H
#define CONFAB_COMMON_HTTP_PUBLIC_ADDRESS_H

#include <stdbool.h>
#include <sys/socket.h>

/* True for an IPv4 or IPv6 address of the internet. */
bool public_address_is(const struct sockaddr *address);

/* The same for an address as text; false for any other text. */
bool public_address_is_text(const char *address);

#endif
