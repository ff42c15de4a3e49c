/*
 * room_overview: all rooms of the site, for administrators.
 */
#ifndef CONFAB_COMMON_STORE_ROOMS_ROOM_OVERVIEW_H
#define CONFAB_COMMON_STORE_ROOMS_ROOM_OVERVIEW_H

#include <stdint.h>

#include "db/db.h"
#include "store/rooms/room.h"

/* Visits a page of all rooms by id. A direct room is named after both users: "alice, bob". */
enum error room_overview_page(struct db *db, uint64_t limit, uint64_t offset, room_visit *visit,
                              void *context);

/* The number of all rooms, by counting them. */
enum error room_overview_count(struct db *db, uint64_t *count);

#endif
