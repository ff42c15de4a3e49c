/*
 * host_list: a list of servers in the configuration: host, host:port or [address]:port, separated
 * by commas or spaces.
 */
#ifndef CONFAB_COMMON_OS_HOST_LIST_H
#define CONFAB_COMMON_OS_HOST_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct host_address {
    char name[256]; /* a longer one is cut, and then is not found */
    unsigned port;
};

/* The number of servers in the list. */
unsigned host_list_count(const char *list);

/* Reads the server at this index, which must be in the list; `port` is that of one without. A port
 * that is not a number stays part of the name, so that looking it up fails with a clear error. */
void host_list_get(const char *list, unsigned index, unsigned port, struct host_address *address);

/* Whether both have the same port and the same name, compared byte by byte. */
bool host_address_equals(const struct host_address *a, const struct host_address *b);

#endif
