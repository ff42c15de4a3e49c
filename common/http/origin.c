/* Parsing and comparing of scheme, host and port: which pages may use a cookie. An origin is
 * SCHEME://HOST[:PORT] without a path (RFC 6454); browsers send it in lower case and without a
 * default port. */
#include "http/origin.h"

#include <string.h>

#include "http/cidr.h"

/* Length of a scheme (RFC 3986, section 3.1) with its "://"; 0 if there is none. */
static size_t scheme_length(struct text text) {
    size_t len = 0;
    while (len < text.len) {
        /* A letter first, then also digits, + - and dots. */
        const char c = text.at[len];
        if (!(len == 0 ? text_is_letter(c) : text_is_alnum_or(c, "+-.")))
            break;
        len++;
    }
    const bool ends = text.len - len >= 3 && memcmp(text.at + len, "://", 3) == 0;
    return len > 0 && ends ? len + 3 : 0;
}

/* Length of the host at the start of the text; 0 if there is none. */
static size_t host_length(struct text text) {
    size_t len = 0;
    /* A name or an IPv4 address; else an IPv6 address in brackets. */
    if (text.len == 0 || *text.at != '[') {
        while (len < text.len && text_is_alnum_or(text.at[len], "-._"))
            len++;
        return len;
    }
    const char *end = memchr(text.at, ']', text.len);
    if (!end)
        return 0;
    const struct text address = {text.at + 1, (size_t)(end - text.at) - 1};
    struct cidr parsed;
    /* cidr_parse would take IPv4 and a network too. */
    const bool is_ipv6 = memchr(address.at, ':', address.len) &&
                         !memchr(address.at, '/', address.len) && cidr_parse(address, &parsed);
    return is_ipv6 ? address.len + 2 : 0;
}

/* True for what may come after the host: nothing, or a colon and a port. */
static bool is_port(struct text text) {
    if (text.len == 0)
        return true;
    const struct text digits = {text.at + 1, text.len - 1};
    uint64_t port = 0;
    return *text.at == ':' && digits.len > 0 && *digits.at != '0' && text_to_u64(digits, &port) &&
           port <= 65535;
}

bool origin_is_valid(struct text text) {
    /* Pages from files have no host; some browsers name the scheme, others do not. */
    if (text_equals(text, text_of("null")) || text_equals_nocase(text, text_of("file://")))
        return true;
    /* Each part begins where the one before ended; a length of 0 means that it is missing. */
    const size_t scheme = scheme_length(text);
    const struct text rest = {text.at + scheme, text.len - scheme};
    const size_t host = host_length(rest);
    const struct text port = {rest.at + host, rest.len - host};
    return scheme > 0 && host > 0 && is_port(port);
}

bool origin_is_https(struct text text) {
    static const char HTTPS[] = "https://";
    const size_t len = sizeof(HTTPS) - 1;
    return text.len > len && text_equals_nocase((struct text){text.at, len}, text_of(HTTPS)) &&
           origin_is_valid(text);
}

/* The host as it is written in an origin, where a default port is left out. */
static struct text without_port(struct text host, struct text port) {
    /* Only the default port of the scheme is removed. */
    if (host.len > port.len && memcmp(host.at + host.len - port.len, port.at, port.len) == 0)
        host.len -= port.len;
    return host;
}

bool origin_is_own(struct text origin, enum origin_scheme scheme, struct text host) {
    /* Other schemes have no pages of this site. */
    const bool https = text_skip(&origin, "https://");
    if (!https && !text_skip(&origin, "http://"))
        return false;
    /* Unknown, behind a proxy that does not report the scheme: either one may be the site's own. */
    if (scheme != ORIGIN_SCHEME_UNKNOWN && https != (scheme == ORIGIN_HTTPS))
        return false;
    const struct text port = text_of(https ? ":443" : ":80");
    return host.len > 0 && text_equals_nocase(without_port(origin, port), without_port(host, port));
}

/* The same for a whole origin. */
static struct text without_default_port(struct text origin) {
    static const struct {
        const char *scheme, *port;
    } DEFAULTS[] = {{"https://", ":443"}, {"http://", ":80"}};
    for (size_t i = 0; i < sizeof(DEFAULTS) / sizeof(DEFAULTS[0]); i++) {
        const struct text scheme = text_of(DEFAULTS[i].scheme);
        if (origin.len > scheme.len &&
            text_equals_nocase((struct text){origin.at, scheme.len}, scheme))
            return without_port(origin, text_of(DEFAULTS[i].port));
    }
    return origin;
}

bool origin_list_contains(const char *list, struct text origin) {
    struct text rest = text_of(list), entry;
    while (text_next_word(&rest, ORIGIN_LIST_SEPARATORS, &entry))
        if (text_equals_nocase(without_default_port(entry), without_default_port(origin)))
            return true;
    return false;
}

bool origin_of_url(struct text url, struct text *origin) {
    const char *end = url.len ? memmem(url.at, url.len, "://", 3) : NULL;
    if (!end)
        return false;
    size_t len = (size_t)(end - url.at) + 3;
    /* Up to the path, the query or the fragment; user names do not occur in Referer. */
    while (len < url.len && !strchr("/?#", url.at[len]))
        len++;
    *origin = (struct text){url.at, len};
    return true;
}
