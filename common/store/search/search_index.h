/*
 * search_index: keeps the index of searches (store/search/search.h).
 *
 * A follower of all rooms: search_progress has how far it has come in each, the last event (seq)
 * and the last message (position). No post waits for it. Several processes may do it at the same
 * time: each row has a version, and a process that finds that another one has changed it writes
 * nothing.
 */
#ifndef CONFAB_COMMON_STORE_SEARCH_SEARCH_INDEX_H
#define CONFAB_COMMON_STORE_SEARCH_SEARCH_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "db/db.h"

/* Most rooms with new messages that one query finds. */
#define SEARCH_INDEX_ROOMS 200

/* The state of a process. Zeroed, it begins with everything that has changed since the last process
 * finished. */
struct search_index {
    uint64_t rooms[SEARCH_INDEX_ROOMS]; /* with something new */
    size_t count, next;
    bool is_full;       /* there may be others */
    int64_t looked_ms;  /* when the last look at everything began that is done; 0: none is */
    int64_t looking_ms; /* when the present one began; 0: it was for recent changes only */
};

/* Works for about budget_ms milliseconds. *more: there is more to do now. Rooms that are being
 * written in are left to later calls, which then index several messages at once. */
enum error search_index_step(struct db *db, struct search_index *index, uint64_t budget_ms,
                             bool *more);

/* Rebuilds the index of a room, however long it takes. ERROR_NOT_FOUND: there is no such room.
 * *messages: how many it has. */
enum error search_index_rebuild(struct db *db, uint64_t room_id, uint64_t *messages);

/* The first room after this one; 0: none. */
enum error search_index_next_room(struct db *db, uint64_t after, uint64_t *room_id);

/* Deletes at most `limit` rows of the index: of a room that was deleted, or with room_id 0 of all
 * rooms. */
enum error search_index_purge(struct db *db, uint64_t room_id, uint64_t limit, uint64_t *deleted);

/* Deletes at most `limit` rows of the former index (search_term), in which older programs search,
 * from an hour after the migration on. */
enum error search_index_purge_former(struct db *db, uint64_t limit, uint64_t *deleted);

#endif
