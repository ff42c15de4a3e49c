/* A file in memory: mapped, and locked byte by byte (fcntl(2), F_SETLK). The memory holds the rate
 * limits of this host; each locked byte is one place for a process that hashes a password. The
 * kernel drops a process's locks when it ends, however it ends. */
#include "shared.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/xalloc.h"

struct shared {
    int fd; /* -1: no file. Only this descriptor: closing another one would drop the locks */
    void *memory;
};

/* Takes over the file. If it cannot be mapped, the memory is that of this process. */
static struct shared *map_file(int fd) {
    struct shared *shared = xcalloc(1, sizeof(*shared));
    shared->fd = fd;
    shared->memory = MAP_FAILED;
    /* New bytes are zeros, which is an empty table; an existing file keeps its content. */
    if (fd >= 0 && ftruncate(fd, SHARED_MEMORY_SIZE) == 0)
        shared->memory = mmap(NULL, SHARED_MEMORY_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (shared->memory != MAP_FAILED)
        return shared;
    /* Limits then hold for each process; places are not limited. */
    log_warn("cannot share memory between processes: %s", strerror(errno));
    if (fd >= 0)
        close(fd);
    shared->fd = -1;
    shared->memory = xcalloc(1, SHARED_MEMORY_SIZE);
    return shared;
}

/* Without a name: only processes that inherit the descriptor have it. */
struct shared *shared_new(void) {
    return map_file(memfd_create("confab-shared", MFD_CLOEXEC));
}

/* The name differs for each user and database. It depends on the database's password too, so that
 * other users of the host cannot create the file first. */
static void write_name(const struct config *config, char *out, size_t size, const char *folder) {
    /* Each with its terminator, so that two lists of parts never join to the same bytes. */
    const char *parts[] = {config->database_socket,   config->database_host,
                           config->database_name,     config->database_user,
                           config->database_password, config->redis_prefix};
    unsigned char hash[16];
    char hex[2 * sizeof(hash) + 1];
    crypto_generichash_state state;
    crypto_generichash_init(&state, NULL, 0, sizeof(hash));
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
        crypto_generichash_update(&state, (const unsigned char *)parts[i], strlen(parts[i]) + 1);
    crypto_generichash_final(&state, hash, sizeof(hash));
    sodium_bin2hex(hex, sizeof(hex), hash, sizeof(hash));
    snprintf(out, size, "%s/confab-%ld-%s", folder, (long)geteuid(), hex);
}

/* Opens or creates the file; -1 unless it is a file of this user, closed to others. */
static int open_file(const char *name) {
    struct stat file;
    /* O_NOFOLLOW: no link that another user has put there. */
    const int fd = open(name, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return -1;
    /* Another user's file, or one that others may open, is not trusted. */
    if (fstat(fd, &file) == 0 && S_ISREG(file.st_mode) && file.st_uid == geteuid() &&
        file.st_nlink == 1 && (file.st_mode & 077) == 0)
        return fd;
    close(fd);
    errno = EPERM;
    return -1;
}

struct shared *shared_open(const struct config *config) {
    static const char *const FOLDERS[] = {"/dev/shm", "/tmp"};
    char name[128];
    int fd = -1;
    /* /dev/shm may be missing or not writable. */
    for (size_t i = 0; fd < 0 && i < sizeof(FOLDERS) / sizeof(FOLDERS[0]); i++) {
        write_name(config, name, sizeof(name), FOLDERS[i]);
        fd = open_file(name);
    }
    return map_file(fd);
}

/* Closing the file drops the locks of this process. */
void shared_free(struct shared *shared) {
    if (!shared)
        return;
    if (shared->fd < 0) {
        free(shared->memory);
    } else {
        munmap(shared->memory, SHARED_MEMORY_SIZE);
        close(shared->fd);
    }
    free(shared);
}

void *shared_memory(const struct shared *shared) {
    return shared->memory;
}

/* At the end, so that the limits, which take the rest, begin at a page. */
struct shared_numbers *shared_numbers(const struct shared *shared) {
    void *end = (char *)shared->memory + SHARED_MEMORY_SIZE - sizeof(struct shared_numbers);
    return end;
}

/* Places of one kind of work; more than there can be processes. */
#define PLACES_OF_A_KIND 10000

bool shared_take_place(const struct shared *shared, enum shared_work work, uint64_t processes) {
    const uint64_t first = (uint64_t)work * PLACES_OF_A_KIND;
    const uint64_t count = processes > 1 ? processes / 2 : 1;
    /* No file to lock: the process works without a place. */
    if (shared->fd < 0)
        return true;
    /* The first free byte; F_SETLK does not wait. */
    for (uint64_t i = 0; i < count; i++) {
        struct flock lock = {
            .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = (off_t)(first + i), .l_len = 1};
        if (fcntl(shared->fd, F_SETLK, &lock) == 0)
            return true;
        /* A file system without locks must not end all logins. */
        if (errno != EACCES && errno != EAGAIN)
            return true;
    }
    return false;
}

void shared_leave_place(const struct shared *shared) {
    /* l_len 0: to the end. A process holds one place at most. */
    struct flock lock = {.l_type = F_UNLCK, .l_whence = SEEK_SET};
    if (shared->fd >= 0)
        fcntl(shared->fd, F_SETLK, &lock);
}
