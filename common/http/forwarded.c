/* The address of the client behind proxies. X-Forwarded-For is a list that each proxy appends
 * to, so it is read from its end, and only as far as the entries are proxies that the configuration
 * trusts; whatever precedes them may be invented by the client. Entries have several spellings:
 * 192.0.2.1, 192.0.2.1:4711, "[2001:db8::1]:4711", 2001:db8::1. */
#include "http/forwarded.h"

#include <string.h>

#include "http/cidr.h"

/* Takes the last entry off the end of a list, trimmed; false if the list is empty. */
static bool take_last(struct text *list, struct text *entry) {
    if (list->len == 0)
        return false;
    const char *comma = memrchr(list->at, ',', list->len);
    const size_t start = comma ? (size_t)(comma - list->at) + 1 : 0;
    *entry = text_trim((struct text){list->at + start, list->len - start});
    /* Without the comma; the entry before it is next. */
    list->len = comma ? start - 1 : 0;
    return true;
}

/* The text before the first `end`; all of it if there is none. */
static struct text up_to(struct text text, char end) {
    const char *found = text.len ? memchr(text.at, end, text.len) : NULL;
    return (struct text){text.at, found ? (size_t)(found - text.at) : text.len};
}

/* The address of an entry, without quotes, port and zone. */
static struct text bare_address(struct text entry) {
    /* RFC 7239 puts an IPv6 address with its port in quotes; some proxies do so here too. */
    if (entry.len >= 2 && entry.at[0] == '"' && entry.at[entry.len - 1] == '"')
        entry = (struct text){entry.at + 1, entry.len - 2};
    if (entry.len > 0 && entry.at[0] == '[') {
        /* [IPv6], perhaps with a port */
        const struct text inside = up_to((struct text){entry.at + 1, entry.len - 1}, ']');
        const size_t used = inside.len + 2;
        /* No closing bracket, or something other than a port after it: not an address. */
        if (used > entry.len || (used < entry.len && entry.at[used] != ':'))
            return entry;
        entry = inside;
    } else if (memrchr(entry.at, ':', entry.len) == memchr(entry.at, ':', entry.len)) {
        entry = up_to(entry, ':'); /* with two colons it is IPv6 without a port */
    }
    /* A zone (fe80::1%eth0) is of the machine that wrote it. */
    return up_to(entry, '%');
}

void forwarded_address(char address[FORWARDED_ADDRESS_SIZE], struct text forwarded_for,
                       const char *trusted) {
    struct text entry;
    while (take_last(&forwarded_for, &entry)) {
        /* "unknown" or a made-up word: the address before stays, which is that of the last trusted
         * proxy. */
        if (!cidr_normalize(bare_address(entry), address))
            return;
        /* What precedes it was reported by this one: read on only if it is trusted. */
        if (!cidr_list_contains(trusted, address))
            return;
    }
}

void forwarded_peer(char address[FORWARDED_ADDRESS_SIZE], struct text peer) {
    /* The peer of a Unix socket, or other text, is not an address; it is kept, cut, for limits and
     * the log. */
    if (cidr_normalize(up_to(peer, '%'), address))
        return;
    const size_t len = peer.len < FORWARDED_ADDRESS_SIZE ? peer.len : FORWARDED_ADDRESS_SIZE - 1;
    /* The two may overlap: the caller may pass the same buffer. */
    memmove(address, peer.at, len);
    address[len] = '\0';
}

void forwarded_scheme(struct text forwarded_proto, bool *https) {
    const struct text scheme = text_trim(forwarded_proto);
    /* Anything else, a list for example, leaves the scheme as the connection has it. */
    if (text_equals_nocase(scheme, text_of("https")))
        *https = true;
    else if (text_equals_nocase(scheme, text_of("http")))
        *https = false;
}
