/*
 * room_row: what statements read of a room, and how it is read from their rows. Shared by
 * room.c and room_list.c.
 */
#ifndef CONFAB_STORE_ROOM_ROW_H
#define CONFAB_STORE_ROOM_ROW_H

#include "store/message.h"
#include "store/room.h"
#include "store/room_state.h"
#include "store/user_names.h"

/* All of this is of a room aliased r as the user aliased me sees it. */

/* The other one of a direct room's two users, after whom it is named. */
#define ROOM_ROW_OTHER "IF(r.direct_low = me.user_id, r.direct_high, r.direct_low)"

/* What a room has besides its state, with a name and the id `other` of whom it is named after
 * if it is direct; ROOM_ROW_COLUMN_COUNT columns. */
#define ROOM_ROW_COLUMNS(name, other, message) name ", r.created_by_id, " other ", " message
#define ROOM_ROW_COLUMN_COUNT (3 + MESSAGE_COLUMN_COUNT)

/* The same in its two forms: without names of users, and with them. */
#define ROOM_ROW_NAMELESS(other) ROOM_ROW_COLUMNS("r.name", other, MESSAGE_COLUMNS_NAMELESS)
#define ROOM_ROW_NAMED                                                                   \
    ROOM_ROW_COLUMNS("IF(r.direct_low IS NULL, r.name, other.username)", ROOM_ROW_OTHER, \
                     MESSAGE_COLUMNS)

/* The joins that go with each form. */
#define ROOM_ROW_MESSAGE \
    "LEFT JOIN message m ON m.room_id = r.room_id AND m.position = r.message_count "
#define ROOM_ROW_NAMES                             \
    ROOM_ROW_MESSAGE                               \
    "LEFT JOIN user s ON s.user_id = m.sender_id " \
    "LEFT JOIN user other ON other.user_id = " ROOM_ROW_OTHER " "

/* Reads the columns of either form from column `first` on; the state is read already. Gives the
 * room the names it lacks, or notes those it has; false if one is not known. `names` may be
 * NULL for the form that has them. */
bool room_row_read(const struct db_rows *rows, unsigned first, struct user_names *names,
                   struct room *room);

#endif
