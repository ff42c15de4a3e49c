/*
 * message: the messages of rooms, one by one; message_page.h has the pages of them.
 *
 * A message's position in its room is 1, 2, 3, ... without a hole: any page is a range
 * of the primary key. Texts handed to a visitor are valid during its call only.
 */
#ifndef CONFAB_COMMON_STORE_MESSAGE_H
#define CONFAB_COMMON_STORE_MESSAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"
#include "db/db.h"
#include "store/room_state.h"

/* Numbers of the kinds as stored. */
enum message_type { MESSAGE_TEXT = 1, MESSAGE_IMAGE = 2, MESSAGE_FILE = 3 };

struct message {
    uint64_t id;
    uint64_t room_id;
    uint64_t position;
    uint64_t sender_id;
    struct text sender_username;
    struct text content; /* empty when deleted */
    enum message_type type;
    bool is_deleted;
    uint64_t reply_to_id; /* 0: none */
    int64_t created_at;
    int64_t edited_at;     /* 0: never */
    struct text client_id; /* the client's choice; empty: none */
};

typedef void message_visit(void *context, const struct message *message);

/* Columns of a message aliased m and its sender aliased s, and how many they are; and the same
 * with NULL for the sender's name. */
#define MESSAGE_COLUMNS MESSAGE_COLUMNS_NAMED("s.username")
#define MESSAGE_COLUMNS_NAMELESS MESSAGE_COLUMNS_NAMED("NULL")
#define MESSAGE_COLUMNS_NAMED(name)                                 \
    "m.message_id, m.position, m.sender_id, " name                  \
    ", m.message_type, m.is_deleted, m.reply_to_id, m.created_at, " \
    "m.edited_at, m.client_id, m.content"
#define MESSAGE_COLUMN_COUNT 11
#define MESSAGE_SENDER_COLUMN 2

/* Reads MESSAGE_COLUMNS of a message of this room, which start at column `first`; false when
 * they are NULL (an outer join that found nothing). */
bool message_from_row(const struct db_rows *rows, unsigned first, uint64_t room_id,
                      struct message *message);

/* The name of a type on the wire ("text"), NULL for a number that is none. */
const char *message_type_name(enum message_type type);

/* The type of a name; 0 when there is none. */
unsigned message_type_of(struct text name);

/* Visits one message of a room; ERROR_NOT_FOUND if there is none. No access check. */
enum error message_get(struct db *db, uint64_t room_id, uint64_t message_id, message_visit *visit,
                       void *context);

/* A message to be posted, content and client_id borrowed. */
struct message_draft {
    uint64_t room_id;
    uint64_t sender_id;
    struct text content;
    enum message_type type;
    uint64_t reply_to_id;            /* 0: none */
    struct text client_id;           /* empty: none; then the store makes a key of its own */
    const unsigned char *token_hash; /* to be checked in the transaction; NULL: already checked */
};

/* What became of a change to a message. */
struct message_change {
    bool changed;   /* false: the change had been made before */
    bool bad_reply; /* reply_to_id is no message of this room */
    uint64_t message_id;
    uint64_t seq; /* the event's number; 0: found on record, number not read */
    uint64_t position;
    int64_t at; /* the time of the change */
};

/* Posts a message with its event, and moves the sender's read mark to it. The same
 * client_id again changes nothing (changed false, message_id the first one's). Errors:
 * ERROR_NOT_FOUND, ERROR_FORBIDDEN (no member, or the token failed the check),
 * ERROR_BAD_INPUT with bad_reply, ERROR_UNAVAILABLE. */
enum error message_post(struct db *db, const struct message_draft *draft,
                        struct message_change *change);

/* Replaces the words; only the sender may. A deleted message is ERROR_NOT_FOUND. */
enum error message_edit(struct db *db, uint64_t room_id, uint64_t user_id, uint64_t message_id,
                        struct text content, struct message_change *change);

/* Deletes the words and leaves the row; the sender or an admin may. Repeated: no change. */
enum error message_delete(struct db *db, uint64_t room_id, uint64_t user_id, uint64_t message_id,
                          struct message_change *change);

/* What a read mark is after it was asked to move. */
struct message_mark {
    bool moved;
    bool bad_message;    /* message_id is no message of this room */
    uint64_t message_id; /* of the last one read */
    uint64_t unread_count;
};

/* Moves the caller's read mark up to a message, never back. Errors as message_post. */
enum error message_mark_read(struct db *db, uint64_t room_id, uint64_t user_id, uint64_t message_id,
                             struct message_mark *mark);

#endif
