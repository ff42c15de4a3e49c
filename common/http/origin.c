#include "http/origin.h"

#include <string.h>

#include "http/cidr.h"

/* Length of the scheme with its "://", 0 when it is none of the web's. */
static size_t scheme_length(struct text text) {
    static const char *const schemes[] = {"https://", "http://"};
    for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++) {
        struct text scheme = text_of(schemes[i]);
        struct text start = {text.at, scheme.len};
        if (text.len >= scheme.len && text_equals_nocase(start, scheme)) {
            return scheme.len;
        }
    }
    return 0;
}

static bool is_host_character(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_';
}

/* Length of the host at the start of the text, 0 when there is none. */
static size_t host_length(struct text text) {
    size_t len = 0;
    if (text.len == 0 || *text.at != '[') {
        while (len < text.len && is_host_character(text.at[len])) {
            len++;
        }
        return len;
    }
    const char *end = memchr(text.at, ']', text.len);
    if (end == NULL) {
        return 0;
    }
    struct text address = {text.at + 1, (size_t)(end - text.at) - 1};
    struct cidr network;
    bool is_ipv6 = memchr(address.at, ':', address.len) != NULL &&
                   memchr(address.at, '/', address.len) == NULL && cidr_parse(address, &network);
    return is_ipv6 ? address.len + 2 : 0;
}

/* True for what may stand behind the host: nothing, or a colon and a port. */
static bool is_port(struct text text) {
    if (text.len == 0) {
        return true;
    }
    struct text digits = {text.at + 1, text.len - 1};
    uint64_t port = 0;
    return *text.at == ':' && digits.len > 0 && *digits.at != '0' && text_to_u64(digits, &port) &&
           port <= 65535;
}

bool origin_is_valid(struct text text) {
    size_t scheme = scheme_length(text);
    struct text rest = {text.at + scheme, text.len - scheme};
    size_t host = host_length(rest);
    struct text port = {rest.at + host, rest.len - host};
    return scheme > 0 && host > 0 && is_port(port);
}
