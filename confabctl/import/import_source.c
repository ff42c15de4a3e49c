/* Opening an export, unpacking archives by the programs of the system, finding files, reading JSON.
 * real_path is the only place that resolves paths of the export. */
#include "import/import_source.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/array.h"
#include "base/xalloc.h"
#include "json/json_text.h"
#include "json/json_validate.h"

/* Notes why the source cannot be read. Returns false, for the caller to return. */
static bool fail(struct import_source *source, const char *path, const char *why) {
    buffer_clear(&source->problem);
    buffer_printf(&source->problem, "%s: %s", path, why);
    return false;
}

/* ---- archives ---- */

enum archive { ARCHIVE_NONE, ARCHIVE_ZIP, ARCHIVE_TAR };

/* What a file is, by its first bytes. */
static enum archive archive_of(const char *path) {
    /* 512 bytes are the first block of a tar. */
    char head[512] = {0};
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return ARCHIVE_NONE;
    const ssize_t got = read(fd, head, sizeof(head));
    close(fd);
    /* A local file header of ZIP. */
    if (got >= 4 && memcmp(head, "PK\3\4", 4) == 0)
        return ARCHIVE_ZIP;
    /* gzip, xz, bzip2; or the mark of tar. */
    if (got >= 3 && (memcmp(head, "\x1f\x8b", 2) == 0 ||
                     memcmp(head,
                            "\xfd"
                            "7z",
                            3) == 0 ||
                     memcmp(head, "BZh", 3) == 0))
        return ARCHIVE_TAR;
    /* An archive that is not compressed: "ustar" at offset 257. */
    return got == sizeof(head) && memcmp(head + 257, "ustar", 5) == 0 ? ARCHIVE_TAR : ARCHIVE_NONE;
}

/* Runs a program and waits. False if it does not exist or fails; it prints its own errors. */
static bool run(char *const words[]) {
    pid_t child;
    int status;
    /* Searched for in $PATH; words are passed as they are, without a shell. */
    if (posix_spawnp(&child, words[0], NULL, NULL, words, environ) != 0)
        return false;
    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR)
            return false;
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* ---- temporary folders ---- */

#define PREFIX "confab-import-"

/* For nftw, by which a temporary folder is removed. */
static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *ftw) {
    (void)status;
    (void)type;
    (void)ftw;
    remove(path);
    /* A file that cannot be removed stays: that is not an error of the import. */
    return 0;
}

static void remove_tree(const char *path) {
    /* From the leaves up, and without following links out of the folder. */
    nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

/* Locks a folder of this user without waiting; -1 if it cannot be locked. The programs that unpack
 * inherit the lock, so that it is held as long as one of them writes. */
static int lock_folder(const char *path) {
    struct stat status, named;
    /* Without O_CLOEXEC, on purpose: unzip and tar inherit the lock. */
    const int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    if (fd < 0)
        return -1;
    /* Another import may have removed it between its creation and its lock. */
    if (fstat(fd, &status) == 0 && status.st_uid == geteuid() &&
        flock(fd, LOCK_EX | LOCK_NB) == 0 && stat(path, &named) == 0 &&
        named.st_ino == status.st_ino)
        return fd;
    close(fd);
    return -1;
}

/* Removes the folders of imports that were killed: those that are not locked. A folder of another
 * user cannot be locked, and is left alone. */
static void remove_stale(const char *folder) {
    DIR *dir = opendir(folder);
    if (!dir)
        return;
    for (const struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        char *path = NULL;
        /* The folder is shared with other programs. */
        if (strncmp(entry->d_name, PREFIX, strlen(PREFIX)) != 0)
            continue;
        if (asprintf(&path, "%s/%s", folder, entry->d_name) < 0)
            abort();
        const int lock = lock_folder(path);
        if (lock >= 0) {
            remove_tree(path);
            close(lock);
        }
        free(path);
    }
    closedir(dir);
}

/* A temporary folder with a lock, by which later runs know whether it is still in use. */
static bool make_temporary(struct import_source *source, const char *path) {
    const char *folder = getenv("TMPDIR");
    folder = folder && folder[0] ? folder : "/tmp";
    remove_stale(folder);
    /* Another import may take the new folder for a stale one between mkdtemp and the lock. */
    for (int tries = 0; tries < 3; tries++) {
        if (asprintf(&source->temporary, "%s/" PREFIX "XXXXXX", folder) < 0)
            abort();
        const bool made = mkdtemp(source->temporary) != NULL;
        source->lock = made ? lock_folder(source->temporary) : -1;
        if (source->lock >= 0)
            return true;
        if (made)
            rmdir(source->temporary);
        free(source->temporary);
        source->temporary = NULL;
    }
    return fail(source, path, "cannot make a temporary folder");
}

/* Unpacks by unzip or tar, which support all variants of archives. */
static bool unpack(struct import_source *source, const char *path, enum archive archive) {
    if (!make_temporary(source, path))
        return false;
    char *from = xstrdup(path), *folder = source->temporary;
    /* Overwritten without a question if a name is there twice. */
    char *const zip[] = {"unzip", "-qq", "-o", from, "-d", folder, NULL};
    /* Owners of the archive mean nothing here. */
    char *const tar[] = {"tar", "-xf", from, "-C", folder, "--no-same-owner", NULL};
    const bool done = run(archive == ARCHIVE_ZIP ? zip : tar);
    free(from);
    return done || fail(source, path,
                        archive == ARCHIVE_ZIP
                            ? "unzip cannot unpack it; is unzip installed, and enough space left?"
                            : "tar cannot unpack it; is enough space left?");
}

/* ---- opening ---- */

/* Whether a folder has an entry of this name: how the format of an export is recognized. */
static bool has_file(const char *folder, const char *name) {
    char *path = NULL;
    struct stat status;
    if (asprintf(&path, "%s/%s", folder, name) < 0)
        abort();
    const bool has = stat(path, &status) == 0;
    free(path);
    return has;
}

/* If the folder has one folder and nothing else, the export may be in that. */
static void find_top(struct import_source *source, const char *marker) {
    if (!marker || has_file(source->root, marker))
        return;
    char **names = import_source_list(source, "");
    char *path = NULL;
    /* Exactly one entry, which has the marker. */
    if (names && names[0] && !names[1] && asprintf(&path, "%s/%s", source->root, names[0]) >= 0 &&
        has_file(path, marker)) {
        free(source->root);
        source->root = path;
        path = NULL;
    }
    free(path);
    import_source_free_list(names);
}

bool import_source_open(struct import_source *source, const char *path, const char *marker) {
    struct stat status;
    *source = (struct import_source){.problem = BUFFER_EMPTY};
    /* errno is set by either call. */
    if (stat(path, &status) != 0 || access(path, R_OK) != 0)
        return fail(source, path, strerror(errno));
    if (S_ISDIR(status.st_mode)) {
        /* Without links, so that real_path can compare beginnings. */
        source->root = realpath(path, NULL);
    } else {
        const enum archive archive = archive_of(path);
        if (archive != ARCHIVE_NONE && !unpack(source, path, archive))
            return false;
        /* A single file: its own path; the name is removed below. */
        source->root = realpath(source->temporary ? source->temporary : path, NULL);
    }
    if (!source->root)
        return fail(source, path, strerror(errno));
    if (!S_ISDIR(status.st_mode) && !source->temporary) {
        /* One file: what it names lies beside it. */
        source->file = xstrdup(source->root);
        *strrchr(source->root, '/') = '\0';
    } else {
        find_top(source, marker);
    }
    return true;
}

void import_source_close(struct import_source *source) {
    if (source->temporary) {
        /* The lock is held until the tree is gone. */
        remove_tree(source->temporary);
        close(source->lock);
    }
    free(source->temporary);
    free(source->root);
    free(source->file);
    buffer_free(&source->problem);
}

/* ---- finding ---- */

/* The real path of something below the folder; NULL if it is elsewhere, or missing. */
static char *real_path(const struct import_source *source, const char *below) {
    char *path = NULL;
    /* The root has no slash at the end, but for "/" itself. */
    const size_t len = strlen(source->root);
    if (asprintf(&path, "%s/%s", source->root, below) < 0)
        abort();
    char *real = realpath(path, NULL);
    free(path);
    /* Below the root, and not a neighbour whose name begins alike. */
    if (real && (strncmp(real, source->root, len) != 0 || (real[len] != '/' && real[len]))) {
        free(real);
        real = NULL;
    }
    return real;
}

char *import_source_find(const struct import_source *source, const char *format, ...) {
    char *below = NULL;
    struct stat status;
    va_list values;
    va_start(values, format);
    const int len = vasprintf(&below, format, values);
    va_end(values);
    if (len < 0)
        abort();
    char *path = real_path(source, below);
    free(below);
    /* Folders, devices and pipes are not read. */
    if (path && (stat(path, &status) != 0 || !S_ISREG(status.st_mode))) {
        free(path);
        path = NULL;
    }
    return path;
}

static int compare_names(const void *a, const void *b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

char **import_source_list(const struct import_source *source, const char *folder) {
    /* "" is the top folder. */
    char *path = real_path(source, folder), **names = NULL;
    DIR *dir = path ? opendir(path) : NULL;
    size_t count = 0, space = 0;
    free(path);
    if (!dir)
        return NULL;
    for (const struct dirent *entry; (entry = readdir(dir)) != NULL;)
        /* Hidden files, such as those of macOS, are not part of an export. */
        if (entry->d_name[0] != '.' && strcmp(entry->d_name, "__MACOSX") != 0) {
            names = array_reserve(names, &space, count + 1, sizeof(*names));
            names[count++] = xstrdup(entry->d_name);
        }
    closedir(dir);
    names = array_reserve(names, &space, count + 1, sizeof(*names));
    /* In the order of bytes: files named by the day come in the order of time. */
    qsort(names, count, sizeof(*names), compare_names);
    names[count] = NULL;
    return names;
}

void import_source_free_list(char **names) {
    for (size_t i = 0; names && names[i]; i++)
        free(names[i]);
    free(names);
}

/* ---- JSON ---- */

/* NULL if it is not valid. The caller puts the object. */
static struct json_object *parse(struct text json) {
    /* Two levels more than json_validate accepts, so that json-c itself never refuses. */
    struct json_tokener *tokener = json_tokener_new_ex(JSON_VALIDATE_MAX_DEPTH + 2);
    if (!tokener)
        abort();
    struct json_object *object =
        json.len < INT_MAX ? json_tokener_parse_ex(tokener, json.at, (int)json.len) : NULL;
    json_tokener_free(tokener);
    return object;
}

/* Checks and parses one value, and visits its object or the objects of its array. */
static bool read_value(struct import_source *source, const char *path, size_t offset,
                       struct text json, import_object_visit *visit, void *context) {
    size_t at = 0;
    /* The validator of the API first: it reports the place and the cause, which json-c does not. */
    const char *why = json_validate(json.at, json.len, &at);
    struct json_object *object = why ? NULL : parse(json);
    if (!object) {
        buffer_clear(&source->problem);
        buffer_printf(&source->problem, "%s: not valid JSON at byte %zu: %s", path, offset + at,
                      why ? why : "too long");
        return false;
    }
    /* An array of objects, or one object; both forms are in use. */
    if (json_object_is_type(object, json_type_array))
        for (size_t i = 0; i < json_object_array_length(object); i++)
            visit(context, json_object_array_get_idx(object, i));
    else
        visit(context, object);
    json_object_put(object);
    return true;
}

/* One object in each line. */
static bool read_lines(struct import_source *source, const char *path, struct text all,
                       import_object_visit *visit, void *context) {
    /* Positions in errors are those of the file. */
    struct text rest = all, line;
    bool fine = true;
    while (fine && text_split(&rest, '\n', &line)) {
        const struct text value = text_trim(line);
        /* Empty lines are skipped, as at the end of the file. */
        if (value.len > 0)
            fine = read_value(source, path, (size_t)(value.at - all.at), value, visit, context);
    }
    return fine;
}

bool import_source_read(struct import_source *source, const char *path, import_object_visit *visit,
                        void *context) {
    struct stat status;
    /* No such file: nothing to visit. Which files are needed is up to the reader. */
    if (!path)
        return true;
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &status) != 0) {
        if (fd >= 0)
            close(fd);
        return fail(source, path, strerror(errno));
    }
    const size_t len = (size_t)status.st_size;
    /* Mapped, since exports can be larger than memory: texts are copied one by one. */
    char *bytes = len > 0 ? mmap(NULL, len, PROT_READ, MAP_PRIVATE, fd, 0) : NULL;
    close(fd);
    /* mmap of nothing is an error. */
    if (len == 0)
        return true;
    if (bytes == MAP_FAILED)
        return fail(source, path, strerror(errno));
    size_t start = 0;
    while (start < len && strchr(" \t\r\n", bytes[start]))
        start++;
    const struct text all = {bytes + start, len - start};
    const bool fine = all.len > 0 && all.at[0] == '['
                          ? read_value(source, path, start, all, visit, context)
                          : read_lines(source, path, all, visit, context);
    munmap(bytes, len);
    return fine;
}

/* ---- members of objects ---- */

/* NULL if the object has no member of this type. */
static struct json_object *member(struct json_object *object, const char *name,
                                  enum json_type type) {
    struct json_object *value = NULL;
    /* A member of another type counts as missing. */
    if (!json_object_is_type(object, json_type_object) ||
        !json_object_object_get_ex(object, name, &value) || !json_object_is_type(value, type))
        return NULL;
    return value;
}

/* The empty text for a value that is not a string. It belongs to the value. */
static struct text text_of_json(struct json_object *value) {
    const struct text text = json_text(value);
    return text.at ? text : text_of("");
}

struct text import_json_text(struct json_object *object, const char *name) {
    return text_of_json(member(object, name, json_type_string));
}

struct text import_json_id(struct json_object *object, const char *name) {
    struct json_object *number = member(object, name, json_type_int);
    /* MongoDB writes ids as objects. */
    struct json_object *inner = member(object, name, json_type_object);
    /* json-c keeps the text of a number with it. */
    if (number)
        return text_of(json_object_to_json_string(number));
    return inner ? import_json_text(inner, "$oid") : import_json_text(object, name);
}

bool import_json_bool(struct json_object *object, const char *name) {
    struct json_object *value = member(object, name, json_type_boolean);
    return value && json_object_get_boolean(value);
}

int64_t import_json_number(struct json_object *object, const char *name) {
    struct json_object *value = member(object, name, json_type_int);
    return value ? json_object_get_int64(value) : -1;
}

struct json_object *import_json_object(struct json_object *object, const char *name) {
    return member(object, name, json_type_object);
}

struct json_object *import_json_array(struct json_object *object, const char *name) {
    return member(object, name, json_type_array);
}

size_t import_json_length(struct json_object *array) {
    return array ? json_object_array_length(array) : 0;
}

struct text import_json_element(struct json_object *array, size_t index) {
    return text_of_json(json_object_array_get_idx(array, index));
}
