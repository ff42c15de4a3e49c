/* Every access begins at the folder itself and goes down by descriptors (openat), with
 * O_NOFOLLOW at each step: a symbolic link in the path is not followed. A file is locked
 * while it is appended to; the lock is never waited for. */
#include "os/file_store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define NAME_LEN (FILE_STORE_NAME_SIZE - 1)
#define SUFFIX ".t"
#define TEMPORARY ".new"

/* The group may read, for a web server that sends files itself; the folder above decides whether
 * it can. Made under a umask of its own, since a chmod would clear the bit by which a folder
 * passes its group on. */
#define FOLDER_MODE 0750
#define FILE_MODE 0640
#define OWN_UMASK 0027

/* ---- opening ---- */

/* Closes a descriptor and keeps errno. */
static void close_quietly(int fd) {
    const int error = errno;
    if (fd >= 0)
        close(fd);
    errno = error;
}

/* Whether an open file may be trusted: it is of this type, and of this user. */
static bool is_own(int fd, mode_t type) {
    struct stat file;
    if (fstat(fd, &file) != 0)
        return false;
    /* For the caller, if the file exists but is another user's, or not of this type. */
    errno = EPERM;
    return (file.st_mode & S_IFMT) == type && file.st_uid == geteuid();
}

/* Opens the folder itself, which may be a link that the administrator has made. */
static int open_folder(const char *folder) {
    struct stat file;
    const int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    const bool is_usable = is_own(fd, S_IFDIR);
    /* Others must have no access at all to what users have sent. */
    if (is_usable && fstat(fd, &file) == 0 && (file.st_mode & S_IRWXO) == 0)
        return fd;
    if (is_usable)
        errno = EACCES;
    close_quietly(fd);
    return -1;
}

/* Opens the folder in which a file lies, and makes it if asked to. */
static int open_place(const char *folder, const char *name, bool make) {
    const char place[] = {name[0], name[1], '\0'};
    int fd = -1;
    const int above = open_folder(folder);
    if (above < 0)
        return -1;
    /* The umask is that of the whole process: files that other threads create at this moment get
     * it, too, which only takes rights away. */
    const mode_t before = umask(OWN_UMASK);
    const bool is_there = !make || mkdirat(above, place, FOLDER_MODE) == 0 || errno == EEXIST;
    umask(before);
    if (is_there)
        fd = openat(above, place, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    close_quietly(above);
    return fd;
}

/* Opens a file of the store. O_NONBLOCK: a pipe in its place cannot block the program. */
static int open_file(int place, const char *name, int flags) {
    const mode_t before = umask(OWN_UMASK);
    const int fd = openat(place, name, flags | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, FILE_MODE);
    umask(before);
    /* A file of another user is neither read nor written, however it came there. */
    if (fd >= 0 && !is_own(fd, S_IFREG)) {
        close_quietly(fd);
        return -1;
    }
    return fd;
}

const char *file_store_problem(void) {
    /* These two are set by is_own and open_folder above. */
    if (errno == EPERM)
        return "it belongs to another user, or something in it does";
    return errno == EACCES ? "it is open to all users, or this user has no access to it"
                           : strerror(errno);
}

bool file_store_is_usable(const char *folder) {
    const int fd = open_folder(folder);
    close_quietly(fd);
    return fd >= 0;
}

bool file_store_check(const char *folder) {
    /* Only the last part of the path: a mistake in it must not make a tree of folders. */
    if (mkdir(folder, 0700) != 0 && errno != EEXIST)
        return false;
    return file_store_is_usable(folder);
}

/* ---- names ---- */

static bool is_hex(const char *text, size_t len) {
    return strspn(text, "0123456789abcdef") >= len;
}

/* The name below its own folder. */
static void write_name(const char *name, enum file_store_part part,
                       char out[FILE_STORE_PATH_SIZE]) {
    snprintf(out, FILE_STORE_PATH_SIZE, "%.32s%s", name,
             part == FILE_STORE_THUMBNAIL ? SUFFIX : "");
}

void file_store_path(const char *name, enum file_store_part part, char out[FILE_STORE_PATH_SIZE]) {
    snprintf(out, FILE_STORE_PATH_SIZE, "%.2s/%.32s%s", name, name,
             part == FILE_STORE_THUMBNAIL ? SUFFIX : "");
}

/* ---- writing ---- */

static enum file_store_result result_of_errno(void) {
    return errno == ENOSPC || errno == EDQUOT || errno == EFBIG ? FILE_STORE_FULL
                                                                : FILE_STORE_FAILED;
}

/* Writes all bytes at an offset; false with errno. */
static bool write_all(int fd, struct text bytes, uint64_t offset) {
    while (bytes.len > 0) {
        /* A signal, or a full disk, may end a write early: the rest is written next. */
        const ssize_t written = pwrite(fd, bytes.at, bytes.len, (off_t)offset);
        if (written < 0 && errno == EINTR)
            continue;
        if (written == 0)
            errno = ENOSPC;
        if (written <= 0)
            return false;
        offset += (uint64_t)written;
        bytes = (struct text){bytes.at + written, bytes.len - (size_t)written};
    }
    return true;
}

/* Appends to an open file; all or nothing. */
static enum file_store_result append(int fd, uint64_t offset, struct text bytes, uint64_t *size) {
    struct stat file;
    /* Another request is appending to the same file. From the size the client knows where to
     * continue. */
    if (flock(fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK)
        return fstat(fd, &file) == 0 ? (*size = (uint64_t)file.st_size, FILE_STORE_ELSEWHERE)
                                     : FILE_STORE_FAILED;
    if (fstat(fd, &file) != 0)
        return FILE_STORE_FAILED;
    *size = (uint64_t)file.st_size;
    /* The client is not where the file ends: nothing is written. */
    if (*size != offset)
        return FILE_STORE_ELSEWHERE;
    if (write_all(fd, bytes, offset) && fdatasync(fd) == 0) {
        *size = offset + bytes.len;
        return FILE_STORE_DONE;
    }
    /* What was written of it is taken back. */
    const enum file_store_result result = result_of_errno();
    const int error = errno;
    if (ftruncate(fd, (off_t)offset) != 0)
        return FILE_STORE_FAILED;
    errno = error;
    return result;
}

int file_store_create(const char *folder, const char *name) {
    const int place = open_place(folder, name, true);
    const int fd = place < 0 ? -1 : open_file(place, name, O_RDWR | O_CREAT | O_EXCL);
    close_quietly(place);
    return fd;
}

enum file_store_result file_store_append(const char *folder, const char *name, uint64_t offset,
                                         struct text bytes, uint64_t *size) {
    const int place = open_place(folder, name, true);
    if (place < 0)
        return result_of_errno();
    const int fd = open_file(place, name, O_RDWR | O_CREAT);
    const enum file_store_result result =
        fd < 0 ? result_of_errno() : append(fd, offset, bytes, size);
    /* An empty file is not left behind either. */
    if (fd >= 0 && result == FILE_STORE_FULL && offset == 0) {
        unlinkat(place, name, 0);
        errno = ENOSPC;
    }
    close_quietly(fd);
    close_quietly(place);
    return result;
}

enum file_store_result file_store_put_thumbnail(const char *folder, const char *name,
                                                struct text bytes) {
    char final[FILE_STORE_PATH_SIZE], fresh[FILE_STORE_PATH_SIZE + sizeof(TEMPORARY)];
    const int place = open_place(folder, name, true);
    if (place < 0)
        return result_of_errno();
    write_name(name, FILE_STORE_THUMBNAIL, final);
    snprintf(fresh, sizeof(fresh), "%s" TEMPORARY, final);
    /* Under another name first, so that a reader never sees half of it. */
    const int fd = open_file(place, fresh, O_RDWR | O_CREAT | O_TRUNC);
    enum file_store_result result = FILE_STORE_DONE;
    if (fd < 0 || !write_all(fd, bytes, 0) || fdatasync(fd) != 0 ||
        renameat(place, fresh, place, final) != 0) {
        result = result_of_errno();
        const int error = errno;
        unlinkat(place, fresh, 0);
        errno = error;
    }
    close_quietly(fd);
    close_quietly(place);
    return result;
}

/* ---- reading and removing ---- */

int file_store_open(const char *folder, const char *name, enum file_store_part part,
                    uint64_t *size) {
    char path[FILE_STORE_PATH_SIZE];
    struct stat file;
    *size = 0;
    write_name(name, part, path);
    const int place = open_place(folder, name, false);
    if (place < 0)
        return -1;
    int fd = open_file(place, path, O_RDONLY);
    close_quietly(place);
    if (fd >= 0 && fstat(fd, &file) != 0) {
        close_quietly(fd);
        fd = -1;
    }
    if (fd >= 0)
        *size = (uint64_t)file.st_size;
    return fd;
}

bool file_store_size(const char *folder, const char *name, uint64_t *size) {
    const int fd = file_store_open(folder, name, FILE_STORE_WHOLE, size);
    if (fd >= 0) {
        close(fd);
        return true;
    }
    if (errno != ENOENT)
        return false;
    /* Nothing was written yet; unless the folder itself is missing. */
    return file_store_is_usable(folder);
}

bool file_store_remove(const char *folder, const char *name) {
    char thumbnail[FILE_STORE_PATH_SIZE], fresh[FILE_STORE_PATH_SIZE + sizeof(TEMPORARY)];
    bool removed = true;
    const int place = open_place(folder, name, false);
    /* Without its folder the file is gone, unless the whole store cannot be reached. */
    if (place < 0)
        return errno == ENOENT && file_store_is_usable(folder);
    write_name(name, FILE_STORE_THUMBNAIL, thumbnail);
    if (unlinkat(place, name, 0) != 0 && errno != ENOENT)
        removed = false;
    if (unlinkat(place, thumbnail, 0) != 0 && errno != ENOENT)
        removed = false;
    /* Left by a process that was killed while it wrote the thumbnail. */
    snprintf(fresh, sizeof(fresh), "%s" TEMPORARY, thumbnail);
    if (unlinkat(place, fresh, 0) != 0 && errno != ENOENT)
        removed = false;
    close_quietly(place);
    return removed;
}

/* ---- listing ---- */

/* Visits one entry of the folder `place`. */
static void visit_entry(int fd, const char *place, const char *entry, file_store_visit *visit,
                        void *context) {
    char path[512];
    struct stat file = {0};
    const size_t len = strlen(entry);
    const bool is_thumbnail =
        len == NAME_LEN + strlen(SUFFIX) && strcmp(entry + NAME_LEN, SUFFIX) == 0;
    const bool is_file = fstatat(fd, entry, &file, AT_SYMLINK_NOFOLLOW) == 0 &&
                         S_ISREG(file.st_mode) && file.st_uid == geteuid();
    /* A file of the store: named as the store does, and in the folder that its name begins with. */
    if (is_file && (len == NAME_LEN || is_thumbnail) && is_hex(entry, NAME_LEN) &&
        strncmp(entry, place, 2) == 0) {
        char name[FILE_STORE_NAME_SIZE];
        snprintf(name, sizeof(name), "%.32s", entry);
        visit(context, name, false, is_thumbnail ? FILE_STORE_THUMBNAIL : FILE_STORE_WHOLE,
              (uint64_t)file.st_size);
        return;
    }
    snprintf(path, sizeof(path), "%s/%s", place, entry);
    visit(context, path, true, FILE_STORE_WHOLE, (uint64_t)file.st_size);
}

static bool is_dot(const char *entry) {
    return strcmp(entry, ".") == 0 || strcmp(entry, "..") == 0;
}

static bool is_temporary(const char *entry) {
    return strlen(entry) == NAME_LEN + strlen(SUFFIX TEMPORARY) && is_hex(entry, NAME_LEN) &&
           strcmp(entry + NAME_LEN, SUFFIX TEMPORARY) == 0;
}

/* Visits the entries of one of the 256 folders. Takes the descriptor. */
static void list_place(int fd, const char *place, file_store_visit *visit, void *context) {
    DIR *entries = fdopendir(fd);
    const struct dirent *entry;
    if (!entries) {
        close(fd);
        return;
    }
    /* A thumbnail that is being written goes with its file. */
    while ((entry = readdir(entries)) != NULL)
        if (!is_dot(entry->d_name) && !is_temporary(entry->d_name))
            visit_entry(dirfd(entries), place, entry->d_name, visit, context);
    closedir(entries);
}

bool file_store_list(const char *folder, file_store_visit *visit, void *context) {
    const int fd = open_folder(folder);
    DIR *entries = fd >= 0 ? fdopendir(fd) : NULL;
    const struct dirent *entry;
    if (!entries) {
        close_quietly(fd);
        return false;
    }
    while ((entry = readdir(entries)) != NULL) {
        const char *name = entry->d_name;
        int place = -1;
        if (is_dot(name))
            continue;
        /* The folders of the store have two digits; anything else does not belong there. */
        if (strlen(name) == 2 && is_hex(name, 2))
            place = openat(fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (place >= 0)
            list_place(place, name, visit, context);
        else
            visit(context, name, true, FILE_STORE_WHOLE, 0);
    }
    closedir(entries);
    return true;
}
