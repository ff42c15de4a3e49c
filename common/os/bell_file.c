/* Writing, removing and cleaning of the files. In place and not by rename: web servers that keep
 * files open, or cache what stat(2) says, then see the new number at once. */
#include "os/bell_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/text.h"

/* The digits of 2^64 - 1. */
#define DIGITS 20

/* Writes "folder/name"; false if that is too long. */
static bool write_path(char path[PATH_MAX], const char *folder, const char *name) {
    const int len = snprintf(path, PATH_MAX, "%s/%s", folder, name);
    /* For the caller if the path is too long: snprintf sets no errno. */
    errno = ENAMETOOLONG;
    return len > 0 && len < PATH_MAX;
}

/* True if the file has this number or a higher one. */
static bool has_number(int fd, uint64_t number) {
    char digits[DIGITS];
    uint64_t found;
    const ssize_t len = pread(fd, digits, sizeof(digits), 0);
    return len > 0 && text_to_u64((struct text){digits, (size_t)len}, &found) && found >= number;
}

/* Writes the number unless the file has a higher one; false with errno. */
static bool write_number(int fd, uint64_t number) {
    char digits[DIGITS + 1];
    struct stat file;
    const int len = snprintf(digits, sizeof(digits), "%" PRIu64, number);
    /* Two events that are rung at the same time may come here in the other order: the number never
     * falls. */
    if (has_number(fd, number))
        return true;
    if (fstat(fd, &file) != 0)
        return false;
    /* A new file, whatever the umask: the web server runs as another user. */
    if (file.st_size == 0 && fchmod(fd, 0644) != 0)
        return false;
    /* Only content that another program has written can be longer. */
    if (file.st_size > len && ftruncate(fd, 0) != 0)
        return false;
    /* A short write sets no errno; it means that the disk is full. */
    errno = ENOSPC;
    return pwrite(fd, digits, (size_t)len, 0) == len;
}

bool bell_file_write(const char *folder, const char *name, uint64_t number) {
    char path[PATH_MAX];
    if (!write_path(path, folder, name))
        return false;
    /* O_NOFOLLOW: a symbolic link must not lead to another file. */
    int fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0644);
    /* Another user has made the file, such as root by confabctl. */
    if (fd < 0 && errno == EACCES && unlink(path) == 0)
        fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0644);
    if (fd < 0)
        return false;
    /* Some file systems have no locks; a lower number may then stay until the next event. */
    while (flock(fd, LOCK_EX) != 0 && errno == EINTR)
        continue;
    const bool written = write_number(fd, number);
    const int error = errno;
    close(fd);
    /* If there is no file, clients ask the API. */
    if (!written)
        unlink(path);
    errno = error;
    return written;
}

bool bell_file_remove(const char *folder, const char *name) {
    char path[PATH_MAX];
    return write_path(path, folder, name) && unlink(path) == 0;
}

static bool is_name(const char *name) {
    return strlen(name) == BELL_FILE_NAME_SIZE - 1 &&
           strspn(name, "0123456789abcdef") == BELL_FILE_NAME_SIZE - 1;
}

size_t bell_file_clean(const char *folder, uint64_t seconds, size_t most) {
    /* Times of files are those of the wall clock. */
    const time_t oldest = time(NULL) - (time_t)seconds;
    DIR *dir = opendir(folder);
    size_t removed = 0;
    if (!dir)
        return 0;
    /* readdir is safe here: only this thread uses the stream. */
    /* cppcheck-suppress readdirCalled */
    for (const struct dirent *entry; removed < most && (entry = readdir(dir)) != NULL;) {
        struct stat file;
        /* Only bells that were not rung for that time: other files of the folder are left alone. */
        if (is_name(entry->d_name) &&
            fstatat(dirfd(dir), entry->d_name, &file, AT_SYMLINK_NOFOLLOW) == 0 &&
            S_ISREG(file.st_mode) && file.st_mtime < oldest &&
            unlinkat(dirfd(dir), entry->d_name, 0) == 0)
            removed++;
    }
    closedir(dir);
    return removed;
}
