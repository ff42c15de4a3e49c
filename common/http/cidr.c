/* An address is 16 bytes; a network is an address and the number of its bits that count. IPv4 is
 * kept as IPv4-mapped IPv6 (::ffff:0:0/96), so that one comparison does for both; an IPv6 network
 * that covers all mapped addresses, such as ::/0, contains no IPv4 address all the same. */
#include "http/cidr.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#define MAPPED_BITS 96

static const unsigned char MAPPED[MAPPED_BITS / 8] = {
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff,
};

static bool is_ipv4(const struct cidr *cidr) {
    return cidr->prefix >= MAPPED_BITS && memcmp(cidr->bytes, MAPPED, sizeof(MAPPED)) == 0;
}

/* Parses the address alone; a prefix length after it counts from bit *first on. */
static bool parse_address(struct text text, unsigned char bytes[16], unsigned *first) {
    char address[INET6_ADDRSTRLEN];
    /* inet_pton needs a terminated text; a NUL inside would hide what follows it. */
    if (text.len >= sizeof(address) || memchr(text.at, '\0', text.len))
        return false;
    memcpy(address, text.at, text.len);
    address[text.len] = '\0';
    *first = 0;
    /* IPv6 first; if that fails, IPv4, stored after the prefix of mapped addresses. */
    if (inet_pton(AF_INET6, address, bytes) == 1)
        return true;
    memcpy(bytes, MAPPED, sizeof(MAPPED));
    *first = MAPPED_BITS;
    return inet_pton(AF_INET, address, bytes + sizeof(MAPPED)) == 1;
}

bool cidr_parse(struct text text, struct cidr *cidr) {
    unsigned first = 0;
    const char *slash = text.len ? memchr(text.at, '/', text.len) : NULL;
    struct text address = text;
    cidr->prefix = 128;
    /* An address without a length is a network of one. */
    if (!slash)
        return parse_address(address, cidr->bytes, &first);
    address.len = (size_t)(slash - text.at);
    const struct text length = {slash + 1, text.len - address.len - 1};
    uint64_t prefix = 0;
    /* The length counts from the start of the address as it was written: 0 to 32, or 0 to 128. */
    if (!parse_address(address, cidr->bytes, &first) || !text_to_u64(length, &prefix) ||
        prefix > 128 - first)
        return false;
    cidr->prefix = first + (unsigned)prefix;
    return true;
}

bool cidr_normalize(struct text address, char out[CIDR_ADDRESS_SIZE]) {
    unsigned char bytes[16];
    unsigned first;
    /* The text forms of one address are many ("::1", "0:0::1"); inet_ntop makes one of them. */
    if (!parse_address(address, bytes, &first))
        return false;
    if (memcmp(bytes, MAPPED, sizeof(MAPPED)) == 0)
        inet_ntop(AF_INET, bytes + sizeof(MAPPED), out, CIDR_ADDRESS_SIZE);
    else
        inet_ntop(AF_INET6, bytes, out, CIDR_ADDRESS_SIZE);
    return true;
}

bool cidr_contains(const struct cidr *outer, const struct cidr *inner) {
    if (inner->prefix < outer->prefix || is_ipv4(inner) != is_ipv4(outer))
        return false;
    /* Whole bytes first, then the bits of the last one. */
    const size_t whole = outer->prefix / 8;
    const unsigned rest = outer->prefix % 8;
    if (memcmp(outer->bytes, inner->bytes, whole) != 0)
        return false;
    return rest == 0 || ((outer->bytes[whole] ^ inner->bytes[whole]) >> (8 - rest)) == 0;
}

bool cidr_list_contains(const char *list, const char *address) {
    struct text rest = text_of(list), entry;
    struct cidr network, single;
    /* cidr_parse takes networks too, and `address` must not be one. */
    if (strchr(address, '/') || !cidr_parse(text_of(address), &single))
        return false;
    while (text_next_word(&rest, CIDR_LIST_SEPARATORS, &entry))
        if (cidr_parse(entry, &network) && cidr_contains(&network, &single))
            return true;
    return false;
}

void cidr_subscriber(const char *address, char out[CIDR_SUBSCRIBER_SIZE]) {
    struct cidr single;
    char text[INET6_ADDRSTRLEN];
    /* "unix:" or whatever else the web server reports as the peer: unchanged. */
    if (strchr(address, '/') || !cidr_parse(text_of(address), &single)) {
        snprintf(out, CIDR_SUBSCRIBER_SIZE, "%s", address);
    } else if (is_ipv4(&single)) {
        inet_ntop(AF_INET, single.bytes + sizeof(MAPPED), text, sizeof(text));
        snprintf(out, CIDR_SUBSCRIBER_SIZE, "%s", text);
    } else {
        /* A subscriber usually gets a /64 and may use any address in it: limits count the
         * network. */
        memset(single.bytes + 8, 0, 8);
        inet_ntop(AF_INET6, single.bytes, text, sizeof(text));
        snprintf(out, CIDR_SUBSCRIBER_SIZE, "%s/64", text);
    }
}
