/*
 * import: adds users, messages and files of another chat with their original times.
 *
 * An imported user is a row of external_user whose issuer is IMPORT_ISSUER and the name of the
 * source, so that a second import finds it. An imported message has a client_id made of its id
 * there. Both make an import repeatable without a table of its own.
 */
#ifndef CONFAB_COMMON_STORE_SITE_IMPORT_H
#define CONFAB_COMMON_STORE_SITE_IMPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"
#include "db/db.h"

#define IMPORT_ISSUER "import:"

/* The column client_id of an imported message: a letter that no other message has, 32 hexadecimal
 * digits, and the terminator. */
#define IMPORT_KEY_SIZE (1 + 32 + 1)

/* Makes the client_id of a message from the source and the ids of its room and itself. */
void import_key(const char *source, struct text room, struct text message,
                char key[IMPORT_KEY_SIZE]);

/* How a user was found. */
enum import_match { IMPORT_NEW, IMPORT_BEFORE, IMPORT_BY_EMAIL, IMPORT_BY_NAME };

/* Finds the user with this subject of an earlier import; or else with this e-mail address; or else
 * with this name, unless both have addresses, which differ. Empty texts find nothing. Guests,
 * erased users and the site's own are not found by address or name. IMPORT_NEW: there is none. */
enum error import_find_user(struct db *db, struct text issuer, struct text subject,
                            struct text email, struct text name, uint64_t *user_id,
                            enum import_match *match);

/* Records that this user is the one with this subject. */
enum error import_link_user(struct db *db, struct text issuer, struct text subject,
                            uint64_t user_id);

/* Disables a user that an import has made, unless it has a password, a token, a login session or an
 * id of the site. */
enum error import_disable_user(struct db *db, uint64_t user_id);

/* The number of messages of a room, and the time of the last one (0: there is none). */
enum error import_room_end(struct db *db, uint64_t room_id, uint64_t *count, int64_t *last_at);

/* Finds messages that were imported before: `keys` is JSON, [[number, sender's id, "key"], ...]. */
typedef void import_visit(void *context, uint64_t number, uint64_t position);
enum error import_find_messages(struct db *db, uint64_t room_id, struct text keys,
                                import_visit *visit, void *context);

/* Messages to append, as JSON. */
struct import_batch {
    uint64_t room_id;
    uint64_t after; /* the message_count that the room must have */
    uint64_t count; /* of messages */
    /* [[sender's id, type, microseconds, microseconds of the edit or null, "key", "content",
     * position of the message that is answered or null], ...], oldest first */
    struct text messages;
    struct text reactions; /* [[number of the message from 1, "emoji", user's id], ...] */
    struct text files;     /* [[number of the message from 1, id of the file, place from 1], ...] */
    bool scan;             /* files are to be scanned before they are shown */
};

/* Appends messages in one transaction. They have no events and no mentions; the events that the
 * room had are deleted as if they had expired, so that clients load the room again. ERROR_CONFLICT:
 * the room has another message_count. ERROR_NOT_FOUND: there is no such room. */
enum error import_messages(struct db *db, const struct import_batch *batch);

/* Moves the read marks of all members up to this position, never back. */
enum error import_mark_read(struct db *db, uint64_t room_id, uint64_t position);

struct import_file_row {
    uint64_t room_id, user_id;
    const char *stored_as; /* of file_store.h */
    struct text name, media_type;
    uint64_t size;
};

/* Adds a file of a message that import_messages is going to append; it expires after a day unless
 * that is done. */
enum error import_announce_file(struct db *db, const struct import_file_row *file,
                                uint64_t *file_id);

#endif
