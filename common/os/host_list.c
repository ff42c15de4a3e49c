/* Reading a list of servers, one at a time: lists are short, and are read when a connection is
 * opened. */
#include "os/host_list.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

#define SEPARATORS ", "

unsigned host_list_count(const char *list) {
    struct text rest = text_of(list), piece;
    unsigned count = 0;
    while (text_next_word(&rest, SEPARATORS, &piece))
        count++;
    return count;
}

void host_list_get(const char *list, unsigned index, unsigned port, struct host_address *address) {
    struct text rest = text_of(list), piece = {"", 0};
    /* The piece stays the last one if there are fewer: callers ask only below host_list_count. */
    for (unsigned i = 0; i <= index; i++)
        text_next_word(&rest, SEPARATORS, &piece);
    const char *end = piece.at + piece.len;
    /* A bare IPv6 address has several colons: only in brackets can a port follow it. */
    const char *colon = memrchr(piece.at, ':', piece.len);
    const bool bracketed = piece.len > 0 && piece.at[0] == '[';
    const bool one_colon = colon && memchr(piece.at, ':', piece.len) == colon;
    uint64_t number;
    address->port = port;
    /* A port is taken off only if it is one; else the colon is part of the name. */
    if (colon && colon > piece.at && (bracketed ? colon[-1] == ']' : one_colon) &&
        text_to_u64((struct text){colon + 1, (size_t)(end - colon - 1)}, &number) &&
        number <= 65535) {
        address->port = (unsigned)number;
        piece.len = (size_t)(colon - piece.at);
    }
    if (bracketed && piece.len > 1 && piece.at[piece.len - 1] == ']')
        piece = (struct text){piece.at + 1, piece.len - 2};
    snprintf(address->name, sizeof(address->name), "%.*s", (int)piece.len, piece.at);
}

bool host_address_equals(const struct host_address *a, const struct host_address *b) {
    return a->port == b->port && strcmp(a->name, b->name) == 0;
}
