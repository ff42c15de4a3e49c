/*
 * fuzz_public_address: an address as text, which must not be public if it leads to this host or a
 * private network, however it is written; and raw addresses of both families.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../unit/support/fuzz_input.h"
#include "http/cidr.h"
#include "http/public_address.h"

static const char *const PRIVATE[] = {
    "127.0.0.0/8",    "10.0.0.0/8",    "172.16.0.0/12", "192.168.0.0/16", "0.0.0.0/8",
    "169.254.0.0/16", "100.64.0.0/10", "224.0.0.0/3",   "fe80::/10",      "fc00::/7",
    "ff00::/8",       "::/128",        "::1/128",       "2002::/16",      "2001:db8::/32"};

static void check_text(const char *address) {
    struct cidr one, network;
    if (!public_address_is_text(address) || !cidr_parse(text_of(address), &one))
        return;
    for (size_t i = 0; i < sizeof(PRIVATE) / sizeof(PRIVATE[0]); i++)
        fuzz_require(cidr_parse(text_of(PRIVATE[i]), &network) && !cidr_contains(&network, &one),
                     "a public address is in no private network");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct sockaddr_in6 six = {.sin6_family = AF_INET6};
    char text[INET6_ADDRSTRLEN + 16] = "";
    const size_t len = size < sizeof(text) - 1 ? size : sizeof(text) - 1;
    memcpy(text, data, len);
    check_text(text);
    if (size < sizeof(six.sin6_addr))
        return 0;
    memcpy(&six.sin6_addr, data, sizeof(six.sin6_addr));
    inet_ntop(AF_INET6, &six.sin6_addr, text, sizeof(text));
    fuzz_require(public_address_is((struct sockaddr *)&six) == public_address_is_text(text),
                 "both forms of an address are the same");
    check_text(text);
    return 0;
}
