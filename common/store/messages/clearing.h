/*
 * clearing: deleting the messages of one user, in a room or in all, in slices, as a moderator would
 * delete them one by one: each deletion is an event of its room.
 */
#ifndef CONFAB_COMMON_STORE_MESSAGES_CLEARING_H
#define CONFAB_COMMON_STORE_MESSAGES_CLEARING_H

#include <stdint.h>

#include "db/db.h"

/* Part of a transaction: begins a clearing of the messages since a time; room 0: in all rooms. The
 * arguments are SQL. */
#define CLEARING_SQL(room, user, actor, since)                                            \
    "INSERT INTO clearing (whole_site, room_id, user_id, actor_id, since) "               \
    "SELECT " room " = 0, " room ", " user ", " actor ", " since "; "

/* The most messages of one step, which locks their room. */
#define CLEARING_MOST 1000

/* Continues one clearing, those of bans first, then the oldest: deletes up to `limit` messages,
 * with their files below file_dir. *done counts them; 0: no clearing is left. */
enum error clearing_step(struct db *db, const char *file_dir, uint64_t limit, uint64_t *done);

/* The first room after this one with messages of the user; 0: there is none. One call searches some
 * thousands of rooms: if none of these has any, *room_id is the last of these ids, from which the
 * caller continues. */
enum error clearing_next_room(struct db *db, uint64_t after, uint64_t user_id, uint64_t *room_id);

#endif
