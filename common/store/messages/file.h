/*
 * file: the rows of files. The bytes are in os/file_store.h.
 *
 * A file is announced, uploaded, finished and then used by one message; until then it belongs to
 * its sender alone and expires. One that is to be deleted is marked (FILE_DELETED) in the
 * transaction that ends what it belongs to, and is not shown from then on; its bytes are removed
 * after the commit, and only then the row, so that no bytes are ever left without a row.
 */
#ifndef CONFAB_COMMON_STORE_MESSAGES_FILE_H
#define CONFAB_COMMON_STORE_MESSAGES_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "db/db.h"
#include "os/file_store.h"
#include "store/messages/file_list.h"

/* Most files of a message. */
#define FILE_MOST 10

/* The types that browsers show in place; a message of these alone has the type image. As a list for
 * SQL. */
#define FILE_SHOWN_TYPES                                                                  \
    "'image/png', 'image/jpeg', 'image/webp', 'image/gif', 'image/avif', 'audio/mpeg', " \
    "'audio/ogg', 'audio/mp4', 'audio/webm', 'video/ogg', 'video/mp4', 'video/webm'"

/* Whether a type is one of them. */
bool file_is_shown(struct text media_type);

/* A file that a user wants to send. */
struct file_draft {
    uint64_t room_id, user_id;
    struct text name;
    struct text media_type; /* what the client says */
    uint64_t size;
    uint64_t width, height; /* 0: unknown */
    bool has_duration;
    uint64_t duration_ms;
};

struct file {
    uint64_t id, room_id, user_id;
    uint64_t message_id; /* 0: not used yet */
    enum file_state state;
    char stored_as[FILE_STORE_NAME_SIZE];
    char name[256];
    char media_type[256];
    uint64_t size, width, height, duration_ms;
    bool has_duration;
    unsigned thumbnail; /* 0: none; else an enum image_kind of fcgi-api */
    int64_t created_at, expires_at;
    bool is_member; /* the user who asks is a member of the room, and sees the file's message, */
    bool is_viewer; /* or may read it, since it is live or open */
    bool is_direct; /* the room: no moderator reads it */
    bool is_open;   /* anyone may read it */
};

/* The file as its readers see it; texts point into it. */
struct file_shown file_shown_of(const struct file *file);

/* Announces a file, which expires after `hours` unless it is used, and counts its size toward what
 * the user may send on this day, in UTC. ERROR_RATE_LIMITED: that would be more than `quota` bytes;
 * *seconds is the time until the next day. */
enum error file_announce(struct db *db, const struct file_draft *draft, uint64_t hours,
                         uint64_t quota, uint64_t *file_id, int64_t *expires_at, uint64_t *seconds);

/* Counts further bytes of the user toward the quota of the day. Errors as above. */
enum error file_take_quota(struct db *db, uint64_t user_id, uint64_t bytes, uint64_t quota,
                           uint64_t *seconds);

/* Reads a file for a user (0: none). ERROR_NOT_FOUND if there is none, or it is being deleted.
 * Does not check access. */
enum error file_get(struct db *db, uint64_t file_id, uint64_t user_id, struct file *file);

/* The same for the archive of an export, which is in no room. */
enum error file_get_export(struct db *db, uint64_t file_id, struct file *file);

/* Ends the upload: sets the type that the bytes have, and whether the file is to be scanned before
 * it is shown. Nothing changes if it has ended already. */
enum error file_finish(struct db *db, uint64_t file_id, const char *media_type, bool scan);

/* Records that there is a thumbnail of this kind. *changed is false if the file is used already. */
enum error file_set_thumbnail(struct db *db, uint64_t file_id, unsigned kind, bool *changed);

/* Checks whether a message of this user in this room can use these files: each is finished, of this
 * room and user, and not used before. Sets *wrong_id to the first that it cannot use, 0 if there is
 * none, and *is_incomplete to whether the upload of that one has not ended. */
enum error file_check(struct db *db, uint64_t room_id, uint64_t user_id, const uint64_t *ids,
                      size_t count, uint64_t *wrong_id, bool *is_incomplete);

/* Removes the bytes and rows of the files of a message that was deleted. Failures are logged by
 * db, and left to file_purge. */
void file_remove_of_message(struct db *db, const char *folder, uint64_t message_id);

/* SQL: the files of the held messages `h` (store/moderation/held.h) for which the condition holds
 * expire now: no message will use them. Run it before deleting the rows of `held`; v_now must be
 * set. */
#define FILE_EXPIRE_HELD(which)                                                         \
    "UPDATE held h STRAIGHT_JOIN JSON_TABLE(CONCAT('[', h.files, ']'), "                \
    "'$[*]' COLUMNS (id BIGINT UNSIGNED PATH '$')) j "                                  \
    "STRAIGHT_JOIN file f ON f.file_id = j.id SET f.expires_at = v_now "                \
    "WHERE " which " AND h.files <> '' AND f.message_id IS NULL AND f.state <> 4; "

/* Removes up to `limit` files that have expired or are marked as deleted; *deleted counts them.
 * With an empty folder it does nothing. */
enum error file_purge(struct db *db, const char *folder, uint64_t limit, uint64_t *deleted);

/* ---- scanning ---- */

/* Takes a file that is to be scanned, for FILE_SCAN_SECONDS, in which no other worker takes it;
 * then it is to be scanned again. ERROR_NOT_FOUND: there is none. */
#define FILE_SCAN_SECONDS "300"
enum error file_scan_claim(struct db *db, struct file *file);

struct file_scanned {
    uint64_t message_id; /* of the message that has changed; 0: none */
    uint64_t seq;        /* of its event */
};

/* Records that a file is clean, or that something was found and it was removed: an event
 * (message_edited) of the message that has it. */
enum error file_scan_record(struct db *db, uint64_t file_id, uint64_t room_id, bool is_clean,
                            struct file_scanned *scanned);

/* ---- all files ---- */

/* Visits the rows of all files, by rising name on disk. */
typedef void file_visit(void *context, const struct file *file);
enum error file_each(struct db *db, file_visit *visit, void *context);

#endif
