/*
 * unix_listener: Unix sockets to listen at, by a path.
 *
 * One listens under a name that nobody knows until it is published: then it has its path, in
 * one step. So whoever comes to the path finds somebody there, also while one process takes
 * it over from another.
 */
#ifndef CONFAB_LOCAL_SOCKET_H
#define CONFAB_LOCAL_SOCKET_H

#include <stdbool.h>
#include <sys/stat.h>
#include <sys/un.h>

struct unix_listener {
    int fd; /* listens, and is the caller's to close; -1: there is none */
    bool beside;
    struct sockaddr_un path, first; /* where it is to be, and until then */
    struct stat file;               /* the file, to know it again */
};

/* Makes a socket that listens, with the mode 0660; an empty path makes none. With `beside`
 * somebody may answer at the path, from whom it is taken; else that is an error, as is a file
 * there that is no socket. One that nobody answers at is left over, and no hindrance. False,
 * with the cause logged and nothing left behind, if it cannot. */
bool unix_listener_open(struct unix_listener *made, const char *path, bool beside);

/* Gives it its path. False, with the cause logged and its file removed, if it cannot. There is
 * nothing to do if there is none. */
bool unix_listener_publish(struct unix_listener *made);

/* Removes its file, unless that has become another's. Does not close it. */
void unix_listener_remove(const struct unix_listener *made);

#endif
