/* A listening Unix socket that appears at its path only when it is ready. It is bound to a
 * temporary name beside the path and moved there by rename(2), which replaces a dead socket in one
 * step; a web server that connects finds the old one or the new one, never nothing. The directory
 * is locked against other processes meanwhile. */
#include "os/unix_listener.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"

/* Connections that may wait to be accepted; the kernel cuts it to net.core.somaxconn. */
#define BACKLOG 4096

#define MODE 0660

/* True if a process listens at the path. A file without one is left from a process that died. */
static bool has_listener(const struct sockaddr_un *name) {
    /* A connection is the only proof: the file of a dead process looks the same. */
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const bool connected =
        fd >= 0 && connect(fd, (const struct sockaddr *)name, sizeof(*name)) == 0;
    if (fd >= 0)
        close(fd);
    return connected;
}

/* Returns why the path cannot be used, as an error number: another process listens there, or a
 * file that is not a socket is there. 0 if it can be used. */
static int check_path(const struct unix_listener *listener) {
    struct stat found;
    /* Something else is there, perhaps by a wrong path in the configuration: never removed. */
    if (lstat(listener->path.sun_path, &found) == 0 && !S_ISSOCK(found.st_mode))
        return EEXIST;
    /* `beside`: an older process of this server is being replaced. */
    return !listener->beside && has_listener(&listener->path) ? EADDRINUSE : 0;
}

/* Locks the directory of a path until the returned descriptor is closed, so that two processes that
 * start at the same time do not both find a dead socket and replace each other's. -1: the
 * directory cannot be opened; the operations that follow then fail. */
static int lock_directory(const char *path) {
    char directory[sizeof(((struct sockaddr_un *)NULL)->sun_path) + 2];
    const char *slash = strrchr(path, '/');
    /* "." for a path without a directory, "/." for one in the root. */
    snprintf(directory, sizeof(directory), "%.*s/.", slash ? (int)(slash - path) : 1,
             slash ? path : ".");
    const int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0)
        flock(fd, LOCK_EX);
    return fd;
}

static void unlock_directory(int lock) {
    if (lock >= 0)
        close(lock);
}

static bool is_same_file(const struct stat *file, const char *path) {
    struct stat found;
    return lstat(path, &found) == 0 && found.st_dev == file->st_dev && found.st_ino == file->st_ino;
}

void unix_listener_remove(const struct unix_listener *listener) {
    if (listener->fd < 0)
        return;
    /* Only files that this process has made: another may have replaced them since. */
    const int lock = lock_directory(listener->path.sun_path);
    if (is_same_file(&listener->file, listener->path.sun_path))
        unlink(listener->path.sun_path);
    if (is_same_file(&listener->file, listener->temporary.sun_path))
        unlink(listener->temporary.sun_path);
    unlock_directory(lock);
}

/* Cleans up after a call that has failed with `error`. */
static bool fail(struct unix_listener *listener, const char *path, int error) {
    log_error("cannot listen on %s: %s", path, strerror(error));
    /* The temporary file is removed. */
    unix_listener_remove(listener);
    return false;
}

/* Sets the path and the temporary name, which has the process id. */
static bool set_names(struct unix_listener *listener, const char *path) {
    const char *slash = strrchr(path, '/');
    /* The temporary name must be in the same directory: rename does not cross file systems. */
    const int directory_len = slash ? (int)(slash - path) + 1 : 0;
    const size_t size = sizeof(listener->path.sun_path);
    listener->path.sun_family = listener->temporary.sun_family = AF_UNIX;
    const int len = snprintf(listener->path.sun_path, size, "%s", path);
    const int temporary_len =
        snprintf(listener->temporary.sun_path, size, "%.*s.%d", directory_len, path, (int)getpid());
    /* sun_path has 108 bytes; what is longer was cut by snprintf. */
    return (size_t)len < size && (size_t)temporary_len < size;
}

bool unix_listener_open(struct unix_listener *listener, const char *path, bool beside) {
    const struct sockaddr *temporary = (const struct sockaddr *)&listener->temporary;
    *listener = (struct unix_listener){.fd = -1, .beside = beside};
    /* No path is configured: nothing to do, and no error. */
    if (path[0] == '\0')
        return true;
    if (!set_names(listener, path))
        return fail(listener, path, ENAMETOOLONG);
    /* Early, for a clear error; unix_listener_publish checks again under the lock. */
    const int error = check_path(listener);
    if (error)
        return fail(listener, path, error);
    if (lstat(listener->temporary.sun_path, &listener->file) == 0 &&
        S_ISSOCK(listener->file.st_mode))
        unlink(listener->temporary.sun_path); /* left from a process with the same id */
    /* If bind fails, the file at this name was not made here and must not be removed. */
    memset(&listener->file, 0, sizeof(listener->file));
    /* bind creates the file with the umask's mode, so it is set before anyone can connect. */
    listener->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (listener->fd < 0 || bind(listener->fd, temporary, sizeof(listener->temporary)) < 0 ||
        lstat(listener->temporary.sun_path, &listener->file) < 0 ||
        chmod(listener->temporary.sun_path, MODE) < 0 || listen(listener->fd, BACKLOG) < 0) {
        fail(listener, path, errno);
        close(listener->fd);
        listener->fd = -1;
    }
    return listener->fd >= 0;
}

bool unix_listener_publish(struct unix_listener *listener) {
    if (listener->fd < 0)
        return true;
    /* Check and rename under one lock, so that no other process starts in between. */
    const int lock = lock_directory(listener->path.sun_path);
    int error = check_path(listener);
    if (!error && rename(listener->temporary.sun_path, listener->path.sun_path) < 0)
        error = errno;
    unlock_directory(lock);
    return !error || fail(listener, listener->path.sun_path, error);
}
