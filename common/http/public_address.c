/* Tables of networks that are not public. IPv4 is public unless it is in a table, IPv6 only if it
 * is in 2000::/3 and in none. */
#include "http/public_address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct network {
    unsigned char bytes[16];
    unsigned bits;
};

static const struct network PRIVATE_4[] = {
    {{0}, 8},             /* this host */
    {{10}, 8},            /* private */
    {{100, 64}, 10},      /* shared, of providers */
    {{127}, 8},           /* loopback */
    {{169, 254}, 16},     /* link-local */
    {{172, 16}, 12},      /* private */
    {{192, 0, 0}, 24},    /* protocol assignments */
    {{192, 0, 2}, 24},    /* documentation */
    {{192, 88, 99}, 24},  /* relays of 6to4 */
    {{192, 168}, 16},     /* private */
    {{198, 18}, 15},      /* benchmarks */
    {{198, 51, 100}, 24}, /* documentation */
    {{203, 0, 113}, 24},  /* documentation */
    {{224}, 4},           /* multicast */
    {{240}, 4},           /* reserved, broadcast */
};

static const struct network GLOBAL_6 = {{0x20}, 3};

static const struct network PRIVATE_6[] = {
    {{0x20, 0x01}, 23},             /* protocol assignments, with Teredo and ORCHID */
    {{0x20, 0x01, 0x0d, 0xb8}, 32}, /* documentation */
    {{0x20, 0x02}, 16},             /* 6to4: an IPv4 address is inside */
    {{0x3f, 0xff}, 20},             /* documentation */
};

/* An IPv4 address is the last four bytes of these. */
static const struct network WITH_4[] = {
    {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff}, 96}, /* IPv4-mapped */
    {{0, 0x64, 0xff, 0x9b}, 96},                      /* NAT64 */
};

/* Compares whole bytes, then the bits that remain. */
static bool is_in(const struct network *network, const unsigned char *bytes) {
    const unsigned whole = network->bits / 8, rest = network->bits % 8;
    const unsigned char mask = (unsigned char)(0xff00u >> rest);
    return memcmp(network->bytes, bytes, whole) == 0 &&
           (rest == 0 || ((network->bytes[whole] ^ bytes[whole]) & mask) == 0);
}

static bool is_in_any(const struct network *networks, size_t count, const unsigned char *bytes) {
    for (size_t i = 0; i < count; i++)
        if (is_in(&networks[i], bytes))
            return true;
    return false;
}

static bool is_public_4(const unsigned char bytes[4]) {
    return !is_in_any(PRIVATE_4, sizeof(PRIVATE_4) / sizeof(PRIVATE_4[0]), bytes);
}

/* An address that contains one of IPv4 is judged by that one. */
static bool is_public_6(const unsigned char bytes[16]) {
    if (is_in_any(WITH_4, sizeof(WITH_4) / sizeof(WITH_4[0]), bytes))
        return is_public_4(bytes + 12);
    return is_in(&GLOBAL_6, bytes) &&
           !is_in_any(PRIVATE_6, sizeof(PRIVATE_6) / sizeof(PRIVATE_6[0]), bytes);
}

bool public_address_is(const struct sockaddr *address) {
    unsigned char bytes[16];
    if (address->sa_family == AF_INET) {
        memcpy(bytes, &((const struct sockaddr_in *)(const void *)address)->sin_addr, 4);
        return is_public_4(bytes);
    }
    if (address->sa_family == AF_INET6) {
        memcpy(bytes, &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr, 16);
        return is_public_6(bytes);
    }
    /* Such as a Unix socket. */
    return false;
}

bool public_address_is_text(const char *address) {
    unsigned char bytes[16];
    if (inet_pton(AF_INET, address, bytes) == 1)
        return is_public_4(bytes);
    return inet_pton(AF_INET6, address, bytes) == 1 && is_public_6(bytes);
}
