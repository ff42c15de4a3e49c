/*
 * search_update: brings the search index of rooms up to date.
 */
#ifndef CONFAB_COMMON_STORE_SEARCH_SEARCH_UPDATE_H
#define CONFAB_COMMON_STORE_SEARCH_SEARCH_UPDATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "db/db.h"

/* The new messages of a room are added to the index when there are SEARCH_FRESH of them, or nothing
 * was posted for some seconds: the more at once, the less each costs. Searches read the texts of
 * the messages that are not indexed yet, which costs a user in a hundred busy rooms as much as a
 * hundred lists of the index. In a room that is never silent for so long the oldest of them is
 * younger than the shortest event_retention, a day. */
#define SEARCH_FRESH 32
#define SEARCH_FRESH_SECONDS 120

/* Most rooms of one call. */
#define SEARCH_UPDATE_ROOMS 50

/* Updates the index of at most SEARCH_UPDATE_ROOMS rooms, until end_ms (clock_monotonic_ms): rooms
 * with few new messages together, others one by one. *done: the number of rooms, from the first one
 * on, that are up to date or being updated by another process. */
enum error search_update_rooms(struct db *db, const uint64_t *rooms, size_t count, int64_t end_ms,
                               size_t *done);

/* Indexes all messages of a room again. ERROR_NOT_FOUND: there is no such room. *messages: how many
 * it has. */
enum error search_update_again(struct db *db, uint64_t room_id, uint64_t *messages);

#endif
