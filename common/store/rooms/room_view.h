/*
 * room_view: what a member has set for a room: notifications, its place in the list.
 */
#ifndef CONFAB_COMMON_STORE_ROOMS_ROOM_VIEW_H
#define CONFAB_COMMON_STORE_ROOMS_ROOM_VIEW_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"
#include "db/db.h"

/* The messages that a member is notified of. The numbers are stored in the database; those after
 * the first are the choices of notify_default, from 0. */
enum notify { NOTIFY_DEFAULT, NOTIFY_ALL, NOTIFY_MENTIONS, NOTIFY_NONE };

/* What a member has set for a room. */
struct room_view {
    enum notify notify;
    int64_t muted_until; /* 0: not muted */
    bool is_favorite;
    bool is_hidden; /* until there is a newer message */
};

/* SQL: the room is hidden, which ends as soon as it has a message after hidden_position. */
#define ROOM_IS_HIDDEN(me, r) "COALESCE(" me ".hidden_position >= " r ".message_count, FALSE)"

/* The columns of a room_view, of a membership aliased `me` in a room aliased `r`. */
#define ROOM_VIEW_COLUMNS(me, r) \
    me ".notify, " me ".muted_until, " me ".is_favorite, " ROOM_IS_HIDDEN(me, r)
#define ROOM_VIEW_COLUMN_COUNT 4

/* Reads them, starting at column `first`. */
struct room_view room_view_from_row(const struct db_rows *rows, unsigned first);

/* The name of a setting in JSON ("mentions"), and the setting with this name. */
const char *notify_name(enum notify notify);
enum notify notify_of(struct text name);

#endif
