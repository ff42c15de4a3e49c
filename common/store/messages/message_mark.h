/*
 * message_mark: read marks. The mark of a member is the position of the last message read.
 */
#ifndef CONFAB_COMMON_STORE_MESSAGES_MESSAGE_MARK_H
#define CONFAB_COMMON_STORE_MESSAGES_MESSAGE_MARK_H

#include <stdbool.h>
#include <stdint.h>

#include "db/db.h"
#include "store/rooms/room_view.h"

/* A read mark after message_mark_read. */
struct message_mark {
    bool moved;
    bool noted;          /* it was there by joining; now the user has read up to it */
    bool bad_message;    /* the message is not in this room */
    uint64_t message_id; /* last message read */
    uint64_t unread_count;
    uint64_t user_seq; /* of the event in the user's own stream, if the mark was moved */
    uint64_t view_seq; /* of a second one, preferences_changed; 0: none */
};

/* Advances the read mark of the user to a message, never back. ERROR_NOT_FOUND and ERROR_FORBIDDEN
 * as for message_post; ERROR_BAD_INPUT: bad_message is set. */
enum error message_mark_read(struct db *db, uint64_t room_id, uint64_t user_id, uint64_t message_id,
                             struct message_mark *mark);

/* Moves the read mark back to before a message, never forward. Errors as above. */
enum error message_mark_unread(struct db *db, uint64_t room_id, uint64_t user_id,
                               uint64_t message_id, struct message_mark *mark);

/* view: what the user has set for the room. */
typedef void message_mark_visit(void *context, uint64_t room_id, const struct message_mark *mark,
                                const struct room_view *view);

/* Advances the read marks of all rooms of a user to their ends, and visits those that moved. */
enum error message_mark_all_read(struct db *db, uint64_t user_id, message_mark_visit *visit,
                                 void *context);

#endif
