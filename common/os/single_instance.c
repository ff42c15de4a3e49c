/*
 * single_instance: the lock file, and going to the background. `--ensure` is run by cron
 * every few minutes. The process that gets the lock forks: the parent exits with 0, and the child
 * serves. The lock is one of flock(2): it belongs to the open file, which parent, child and a
 * successor share, and is released when the last of them ends, however it ends.
 */
#include "os/single_instance.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/log.h"

/* Appends the path of a file of the program in the folder of the configuration. */
static void append_path(const char *config_path, const char *program, const char *ending,
                        struct buffer *path) {
    const char *slash = strrchr(config_path, '/');
    if (slash)
        buffer_append(path, config_path, (size_t)(slash - config_path) + 1);
    buffer_append_str(path, program);
    buffer_append_str(path, ending);
}

/* Reports on standard error: the log is not open yet. */
static enum single_instance fail(const char *program, const char *what) {
    fprintf(stderr, "%s: %s: %s\n", program, what, strerror(errno));
    return SINGLE_INSTANCE_FAILED;
}

/* Detaches from the terminal and from the standard files of the caller: cron would wait until
 * they are closed. */
static bool detach(const char *log_path) {
    /* Standard error goes to PROGRAM.log, for what is written before the log is open, or by
     * libraries. */
    const int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
    const int log = open(log_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    const bool detached = nothing >= 0 && log >= 0 && setsid() >= 0 &&
                          dup2(nothing, STDIN_FILENO) >= 0 && dup2(nothing, STDOUT_FILENO) >= 0 &&
                          dup2(log, STDERR_FILENO) >= 0;
    /* open(2) may have returned a standard descriptor that was closed. */
    if (nothing > STDERR_FILENO)
        close(nothing);
    if (log > STDERR_FILENO)
        close(log);
    return detached;
}

/* Both processes hold the lock after the fork; it stays locked until the child has ended. */
static enum single_instance start(const char *program, const char *log_path) {
    const pid_t pid = fork();
    if (pid < 0)
        return fail(program, "cannot start a process");
    if (pid > 0)
        return SINGLE_INSTANCE_DONE;
    return detach(log_path) ? SINGLE_INSTANCE_CHILD : fail(program, log_path);
}

/* Sets the path of the lock, which the caller frees. False, with the error reported, if there is no
 * configuration file. */
static bool find_lock(const char *program, const char *config_path, struct buffer *path) {
    if (!config_path) {
        fprintf(stderr, "%s: --ensure needs a configuration file\n", program);
        return false;
    }
    append_path(config_path, program, ".lock", path);
    return true;
}

enum single_instance single_instance_acquire(const char *program, const char *config_path,
                                             int *lock) {
    struct buffer lock_path = BUFFER_EMPTY, log_path = BUFFER_EMPTY;
    enum single_instance result = SINGLE_INSTANCE_FAILED;
    if (!find_lock(program, config_path, &lock_path))
        return SINGLE_INSTANCE_FAILED;
    append_path(config_path, program, ".log", &log_path);
    *lock = open(buffer_str(&lock_path), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    /* If the lock is free, the program does not run: this process starts it. EWOULDBLOCK: another
     * process has the lock, so it runs. */
    if (*lock < 0)
        result = fail(program, buffer_str(&lock_path));
    else if (flock(*lock, LOCK_EX | LOCK_NB) == 0)
        result = start(program, buffer_str(&log_path));
    else
        result =
            errno == EWOULDBLOCK ? SINGLE_INSTANCE_DONE : fail(program, buffer_str(&lock_path));
    buffer_free(&lock_path);
    buffer_free(&log_path);
    return result;
}

enum single_instance single_instance_inherit(const char *program, const char *config_path,
                                             int *lock) {
    struct buffer path = BUFFER_EMPTY;
    struct stat handed, wanted;
    if (!find_lock(program, config_path, &path))
        return SINGLE_INSTANCE_FAILED;
    /* Descriptor 3 must be the lock of this configuration: compared by device and inode. */
    const bool same = stat(buffer_str(&path), &wanted) == 0 &&
                      fstat(SINGLE_INSTANCE_INHERITED_LOCK, &handed) == 0 &&
                      handed.st_dev == wanted.st_dev && handed.st_ino == wanted.st_ino;
    buffer_free(&path);
    if (!same) {
        fprintf(stderr, "%s: --ensure can only take over from a %s started with --ensure\n",
                program, program);
        return SINGLE_INSTANCE_FAILED;
    }
    *lock = SINGLE_INSTANCE_INHERITED_LOCK;
    return SINGLE_INSTANCE_CHILD;
}

void single_instance_write_pid(int lock) {
    /* ftruncate keeps the offset, so it is set back: a successor writes into the same open file. */
    if (lock > 0 && (ftruncate(lock, 0) != 0 || lseek(lock, 0, SEEK_SET) != 0 ||
                     dprintf(lock, "%d\n", (int)getpid()) < 0))
        log_warn("cannot write the process id to the lock file: %s", strerror(errno));
}
