/* Both headers are lists that are read from their end. */
#include "http/forwarded.h"

#include <stdio.h>
#include <string.h>

#include "http/cidr.h"

/* Takes the last entry off the end of a list, trimmed; false if the list is empty. */
static bool take_last(struct text *list, struct text *entry) {
    if (list->len == 0)
        return false;
    const char *comma = memrchr(list->at, ',', list->len);
    const size_t start = comma ? (size_t)(comma - list->at) + 1 : 0;
    *entry = text_trim((struct text){list->at + start, list->len - start});
    list->len = comma ? start - 1 : 0;
    return true;
}

void forwarded_address(char address[FORWARDED_ADDRESS_SIZE], struct text forwarded_for,
                       const char *trusted) {
    struct text entry;
    while (take_last(&forwarded_for, &entry)) {
        if (entry.len == 0 || entry.len >= FORWARDED_ADDRESS_SIZE ||
            !text_is_valid(entry.at, entry.len))
            return;
        snprintf(address, FORWARDED_ADDRESS_SIZE, "%.*s", (int)entry.len, entry.at);
        /* What stands before it was reported by this one: read on only if it is trusted. */
        if (!cidr_list_contains(trusted, address))
            return;
    }
}

bool forwarded_is_https(struct text forwarded_proto) {
    struct text last;
    return take_last(&forwarded_proto, &last) && text_equals_nocase(last, text_of("https"));
}
