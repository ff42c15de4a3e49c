/*
 * export: archives of what a user has written and set, and of a whole room.
 *
 * An archive is a tar file with lines of JSON, and with the files. One that a user has asked for is
 * made by the worker, and is a row of `file` without a room, which expires.
 */
#ifndef CONFAB_COMMON_STORE_PRIVACY_EXPORT_H
#define CONFAB_COMMON_STORE_PRIVACY_EXPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "db/db.h"
#include "store/messages/file.h"

#define EXPORT_DAYS 7

/* The numbers but the first are stored. */
enum export_state { EXPORT_NONE = 0, EXPORT_WAITING = 1, EXPORT_READY = 2, EXPORT_FAILED = 3 };

/* The word of the API for a state, such as "ready". */
const char *export_state_name(enum export_state state);

struct export {
    enum export_state state;
    struct file file; /* the archive, when ready */
};

/* Asks for an archive, unless one is waited for, or was made in the last minutes. */
enum error export_request(struct db *db, uint64_t user_id);

/* The state of the request; EXPORT_NONE also if its archive has expired. */
enum error export_get(struct db *db, uint64_t user_id, struct export *export);

/* Makes the archive that was asked for first. *done: there was one. */
enum error export_step(struct db *db, const char *file_dir, bool *done);

/* Writes the archive of a user, who exists, into an empty file. ERROR_INTERNAL, with errno: it
 * cannot be written. */
enum error export_user(struct db *db, const char *file_dir, uint64_t user_id, int fd);

/* Writes the archive of a room into an empty file. ERROR_NOT_FOUND: there is no such room.
 * ERROR_INTERNAL, with errno: it cannot be written. */
enum error export_room(struct db *db, const char *file_dir, uint64_t room_id, int fd);

#endif
