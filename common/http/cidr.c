#include "http/cidr.h"

#include <arpa/inet.h>
#include <string.h>

#define MAPPED_BITS 96

static const unsigned char mapped[MAPPED_BITS / 8] = {
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff,
};

static bool is_ipv4(const struct cidr *network) {
    return network->prefix >= MAPPED_BITS && memcmp(network->bytes, mapped, sizeof mapped) == 0;
}

/* Reads the address alone; *first is the number of bits before what a prefix length
 * written behind it counts from. */
static bool parse_address(struct text text, unsigned char bytes[16], unsigned *first) {
    char address[INET6_ADDRSTRLEN];
    if (text.len >= sizeof address || memchr(text.at, '\0', text.len) != NULL) {
        return false;
    }
    memcpy(address, text.at, text.len);
    address[text.len] = '\0';
    *first = 0;
    if (inet_pton(AF_INET6, address, bytes) == 1) {
        return true;
    }
    memcpy(bytes, mapped, sizeof mapped);
    *first = MAPPED_BITS;
    return inet_pton(AF_INET, address, bytes + sizeof mapped) == 1;
}

bool cidr_parse(struct text text, struct cidr *network) {
    unsigned first = 0;
    const char *slash = memchr(text.at, '/', text.len);
    struct text address = text;
    network->prefix = 128;
    if (slash == NULL) {
        return parse_address(address, network->bytes, &first);
    }
    address.len = (size_t)(slash - text.at);
    struct text length = {slash + 1, text.len - address.len - 1};
    uint64_t prefix = 0;
    if (!parse_address(address, network->bytes, &first) || !text_to_u64(length, &prefix) ||
        prefix > 128 - first) {
        return false;
    }
    network->prefix = first + (unsigned)prefix;
    return true;
}

bool cidr_contains(const struct cidr *outer, const struct cidr *inner) {
    if (inner->prefix < outer->prefix || is_ipv4(inner) != is_ipv4(outer)) {
        return false;
    }
    size_t whole = outer->prefix / 8;
    unsigned rest = outer->prefix % 8;
    if (memcmp(outer->bytes, inner->bytes, whole) != 0) {
        return false;
    }
    return rest == 0 || ((outer->bytes[whole] ^ inner->bytes[whole]) >> (8 - rest)) == 0;
}
