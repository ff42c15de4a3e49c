/*
 * unix_listener: a listening Unix socket at a path.
 *
 * The socket listens under a temporary name until it is published: then it is renamed to its path
 * in one step. So a client that connects to the path always finds a listener, also while one
 * process takes the path over from another. Errors are logged.
 */
#ifndef CONFAB_UNIX_LISTENER_H
#define CONFAB_UNIX_LISTENER_H

#include <stdbool.h>
#include <sys/stat.h>
#include <sys/un.h>

struct unix_listener {
    int fd; /* for the caller to close; -1: there is none */
    bool beside;
    struct sockaddr_un path, temporary; /* of the socket, and until it is published */
    struct stat file;                   /* identifies the socket's file */
};

/* Creates a listening socket with mode 0660; an empty path creates none. With `beside` another
 * process may listen at the path, which is taken over from it; else that is an error. A socket
 * file without a listener is replaced; any other file is an error. False on failure: nothing is
 * left to close. */
bool unix_listener_open(struct unix_listener *listener, const char *path, bool beside);

/* Renames the socket to its path; does nothing if there is none. False on failure: the file is
 * removed, the socket is still the caller's to close. */
bool unix_listener_publish(struct unix_listener *listener);

/* Removes the socket's file, unless another process has replaced it. Does not close the socket. */
void unix_listener_remove(const struct unix_listener *listener);

#endif
