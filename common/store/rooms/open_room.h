/*
 * open_room: the list of the rooms that anyone may read, without credentials.
 */
#ifndef CONFAB_COMMON_STORE_ROOMS_OPEN_ROOM_H
#define CONFAB_COMMON_STORE_ROOMS_OPEN_ROOM_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"
#include "db/db.h"
#include "store/rooms/role.h"

/* What a reader without an account is shown of a room in the list. */
struct open_room {
    uint64_t room_id;
    struct text key; /* empty: none */
    struct text name;
    struct text topic;
    uint64_t message_count; /* of those that are left */
    uint64_t members_count;
    enum room_guests guests;
    bool is_private;
    bool is_archived;
    int64_t created_at;
    int64_t last_active_at; /* of the last message, else the creation */
};

/* The texts of the room are valid during the call only. */
typedef void open_room_visit(void *context, const struct open_room *room);

/* Visits at most `limit` open rooms, newest first: those created before the room `cursor` (0: the
 * first page); or, with `after`, those created right after it. Sets *more to whether there are
 * further ones beyond the page. The cost depends on the rows of the page only. */
enum error open_room_page(struct db *db, bool after, uint64_t cursor, uint64_t limit,
                          open_room_visit *visit, void *context, bool *more);

#endif
