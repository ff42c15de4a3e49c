/*
 * name_lookup: looks up host names, each lookup on a thread of its own, so that a name server that
 * does not answer blocks nothing else.
 */
#ifndef CONFAB_OS_NAME_LOOKUP_H
#define CONFAB_OS_NAME_LOOKUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

/* Addresses of one host; further ones are left out. */
#define NAME_LOOKUP_MAX 16

struct name_lookup_result {
    int error; /* of getaddrinfo */
    int system_error;
    size_t count; /* 0: see name_lookup_error */
    struct sockaddr_storage addresses[NAME_LOOKUP_MAX];
};

/* Begins to look up a host and port for a stream socket. Returns a non-blocking descriptor that
 * becomes readable once there is a result. Closing it earlier abandons the lookup; its thread ends
 * by itself. -1 if no pipe or thread can be created. */
int name_lookup_start(const char *host, uint64_t port);

/* Reads the result; false if there is none yet. The caller closes the descriptor. */
bool name_lookup_read(int fd, struct name_lookup_result *result);

/* Why a result has no addresses, for the log; a static text. */
const char *name_lookup_error(const struct name_lookup_result *result);

#endif
