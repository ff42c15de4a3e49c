/*
 * room_list: lists of rooms, the latest active first.
 */
#ifndef CONFAB_COMMON_STORE_ROOM_LIST_H
#define CONFAB_COMMON_STORE_ROOM_LIST_H

#include <stdbool.h>
#include <stdint.h>

#include "db/db.h"
#include "store/room.h"

/* A page of a user's own rooms, or of the public rooms as the user sees them. */
struct room_list {
    bool is_public;
    uint64_t user_id;
    uint64_t count; /* rooms in the whole list: the user's rooms_count, or room_list_count_public */
    uint64_t limit;
    uint64_t offset;
};

/* Visits the rooms of the page in order. With only_state the visited rooms have nothing but their
 * state, which suffices to tell whether the page has changed. */
enum error room_list_page(struct db *db, const struct room_list *list, bool only_state,
                          room_visit *visit, void *context);

/* The number of public rooms, from a counter. */
enum error room_list_count_public(struct db *db, uint64_t *count);

/* Visits all rooms by id, direct ones named "alice, bob". */
enum error room_list_all(struct db *db, uint64_t limit, uint64_t offset, room_visit *visit,
                         void *context);

/* The number of all rooms, which is counted. */
enum error room_list_count_all(struct db *db, uint64_t *count);

#endif
