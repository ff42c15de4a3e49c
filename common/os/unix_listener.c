#include "os/unix_listener.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"

/* Connections that may wait to be taken; the kernel cuts it to net.core.somaxconn. */
#define BACKLOG 4096

#define MODE 0660

/* A socket file that nobody answers at is left over from a process that died. */
static bool is_alive(const struct sockaddr_un *name) {
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const bool alive = fd >= 0 && connect(fd, (const struct sockaddr *)name, sizeof(*name)) == 0;
    if (fd >= 0)
        close(fd);
    return alive;
}

/* Why the path cannot be taken, an error number: something answers at it, or it is no
 * socket at all, and nobody asked for that file to be removed. 0 if it can. */
static int occupied_by(const struct unix_listener *made) {
    struct stat found;
    if (lstat(made->path.sun_path, &found) == 0 && !S_ISSOCK(found.st_mode))
        return EEXIST;
    return !made->beside && is_alive(&made->path) ? EADDRINUSE : 0;
}

/* Locks the folder of a path until the descriptor returned is closed, so that two that
 * start at once do not both find a dead socket and take it from each other. -1: a folder
 * that cannot be opened; what follows fails by itself then. */
static int lock_folder(const char *path) {
    char folder[sizeof(((struct sockaddr_un *)NULL)->sun_path) + 2];
    const char *slash = strrchr(path, '/');
    snprintf(folder, sizeof(folder), "%.*s/.", slash ? (int)(slash - path) : 1, slash ? path : ".");
    const int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0)
        flock(fd, LOCK_EX);
    return fd;
}

static void unlock_folder(int lock) {
    if (lock >= 0)
        close(lock);
}

static bool is_same_file(const struct stat *file, const char *path) {
    struct stat found;
    return lstat(path, &found) == 0 && found.st_dev == file->st_dev && found.st_ino == file->st_ino;
}

void unix_listener_remove(const struct unix_listener *made) {
    if (made->fd < 0)
        return;
    const int lock = lock_folder(made->path.sun_path);
    if (is_same_file(&made->file, made->path.sun_path))
        unlink(made->path.sun_path);
    if (is_same_file(&made->file, made->first.sun_path))
        unlink(made->first.sun_path);
    unlock_folder(lock);
}

static bool fail(struct unix_listener *made, const char *path, int error) {
    log_error("cannot listen on %s: %s", path, strerror(error));
    unix_listener_remove(made);
    return false;
}

/* The name until it is published is that of the process, which no other one has. */
static bool set_names(struct unix_listener *made, const char *path) {
    const char *slash = strrchr(path, '/');
    const int folder = slash ? (int)(slash - path) + 1 : 0;
    const size_t size = sizeof(made->path.sun_path);
    made->path.sun_family = made->first.sun_family = AF_UNIX;
    const int len = snprintf(made->path.sun_path, size, "%s", path);
    const int first_len =
        snprintf(made->first.sun_path, size, "%.*s.%d", folder, path, (int)getpid());
    return (size_t)len < size && (size_t)first_len < size;
}

bool unix_listener_open(struct unix_listener *made, const char *path, bool beside) {
    const struct sockaddr *first = (const struct sockaddr *)&made->first;
    *made = (struct unix_listener){.fd = -1, .beside = beside};
    if (path[0] == '\0')
        return true;
    if (!set_names(made, path))
        return fail(made, path, ENAMETOOLONG);
    const int occupied = occupied_by(made);
    if (occupied)
        return fail(made, path, occupied);
    if (lstat(made->first.sun_path, &made->file) == 0 && S_ISSOCK(made->file.st_mode))
        unlink(made->first.sun_path); /* of a process that had the same number */
    made->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (made->fd < 0 || bind(made->fd, first, sizeof(made->first)) < 0 ||
        lstat(made->first.sun_path, &made->file) < 0 || chmod(made->first.sun_path, MODE) < 0 ||
        listen(made->fd, BACKLOG) < 0) {
        fail(made, path, errno);
        close(made->fd);
        made->fd = -1;
    }
    return made->fd >= 0;
}

bool unix_listener_publish(struct unix_listener *made) {
    if (made->fd < 0)
        return true;
    const int lock = lock_folder(made->path.sun_path);
    int error = occupied_by(made);
    if (!error && rename(made->first.sun_path, made->path.sun_path) < 0)
        error = errno;
    unlock_folder(lock);
    return !error || fail(made, made->path.sun_path, error);
}
