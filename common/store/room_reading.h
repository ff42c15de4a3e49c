/*
 * room_reading: how lists of rooms are read from their rows. Shared by room_list.c and
 * public_rooms.c.
 */
#ifndef CONFAB_STORE_ROOM_READING_H
#define CONFAB_STORE_ROOM_READING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "db/db.h"
#include "store/room_list.h"
#include "store/room_row.h"
#include "store/token.h"
#include "store/user_names.h"

/* Every list can be read in three forms: states only; without names of users; with them. */
enum room_reading_form {
    ROOM_READING_BRIEF,
    ROOM_READING_NAMELESS,
    ROOM_READING_NAMED,
    ROOM_READING_FORMS
};

/* What each form has in the columns of a room aliased r, as the user aliased me sees it. */
#define ROOM_READING_STATE ROOM_STATE_COLUMNS ", r.last_active_at"
#define ROOM_READING_NAMELESS_COLUMNS ROOM_READING_STATE ", " ROOM_ROW_NAMELESS(ROOM_ROW_OTHER)
#define ROOM_READING_NAMED_COLUMNS ROOM_READING_STATE ", " ROOM_ROW_NAMED

/* A statement in all forms; `list` is a macro that takes columns and joins. */
#define ROOM_READING_IN_FORMS(list)                                                      \
    {                                                                                    \
        [ROOM_READING_BRIEF] = list(ROOM_READING_STATE, ""),                             \
        [ROOM_READING_NAMELESS] = list(ROOM_READING_NAMELESS_COLUMNS, ROOM_ROW_MESSAGE), \
        [ROOM_READING_NAMED] = list(ROOM_READING_NAMED_COLUMNS, ROOM_ROW_NAMES),         \
    }

/* What each row begins with, in columns before those of the room, where a list is read along
 * with the caller, or with how many rooms are in it; what a statement does not tell is 0. */
struct room_reading_head {
    bool any; /* there was a row */
    uint64_t user_id;
    uint64_t rooms_count;
    uint64_t last_seq;
};

/* What a statement is run with, and who is visited. */
struct room_reading {
    struct db *db;
    struct user_names *names;
    room_visit *visit;
    void *context;
    const struct db_value *values;
    size_t count;
    struct room_reading_head *head; /* zeroed; NULL: the rows have none */
};

/* Reads a list in the form that is asked for, with names by way of those that are known; NULL is
 * visited as room_list.h says. */
enum error room_reading_list(const struct room_reading *reading,
                             const char *const sql[ROOM_READING_FORMS], bool brief);

/* Reads a list whose statement, in the form without names, also looks for the caller. Sets the
 * caller by the head: its id, rooms_count and last_seq, and that it is active. *found is false,
 * and what was visited void, if there is no row, or a name is not known. */
enum error room_reading_by_token(const struct room_reading *reading, const char *sql,
                                 struct identity *identity, bool *found);

/* Reads a list whose statement has names of its own kind, in the columns of the form with names;
 * reading->names is NULL. */
enum error room_reading_as_named(const struct room_reading *reading, const char *sql);

#endif
