/*
 * export: archives of what a user has written and set, and of a whole room.
 *
 * An archive is a tar file with lines of JSON, and with the files.
 */
#ifndef CONFAB_COMMON_STORE_PRIVACY_EXPORT_H
#define CONFAB_COMMON_STORE_PRIVACY_EXPORT_H

#include <stdint.h>

#include "db/db.h"

/* A callback that is called after each statement, and while files are copied. If it returns an
 * error, the export ends with that error. */
struct export_caller {
    enum error (*go_on)(void *context);
    void *context;
};

/* Writes the archive of a user, who exists, into an empty file; *size is its size in bytes. caller
 * may be NULL: the export is never interrupted. ERROR_INTERNAL, with errno: the archive cannot be
 * written, or a file in it not read. */
enum error export_user(struct db *db, const char *file_dir, const struct export_caller *caller,
                       uint64_t user_id, int fd, uint64_t *size);

/* Writes the archive of a room into an empty file. ERROR_NOT_FOUND: there is no such room.
 * ERROR_INTERNAL, with errno: as of export_user. */
enum error export_room(struct db *db, const char *file_dir, uint64_t room_id, int fd);

#endif
