/*
 * room_list: lists of rooms, most recently active first.
 */
#ifndef CONFAB_COMMON_STORE_ROOM_LIST_H
#define CONFAB_COMMON_STORE_ROOM_LIST_H

#include <stdbool.h>
#include <stdint.h>

#include "db/db.h"
#include "store/room.h"
#include "store/user_names.h"

/* Selects a page of the rooms of a user, or of the public rooms for a user. */
struct room_list {
    bool is_public;
    uint64_t user_id;
    bool has_hidden; /* the user may have hidden rooms, which are left out */
    uint64_t count;  /* of the whole list: rooms_count of the user without those of
                      * room_list_count_hidden, or room_list_count_public */
    uint64_t limit;
    uint64_t offset;
};

/* Visits the rooms of the page in order. With names NULL only the state of the rooms is read, which
 * is enough to find out whether the page has changed. */
enum error room_list_page(struct db *db, struct user_names *names, const struct room_list *list,
                          room_visit *visit, void *context);

/* Visits those of these rooms that the user is in, in the order of the ids, a JSON array. */
enum error room_list_ids(struct db *db, struct user_names *names, uint64_t user_id, struct text ids,
                         room_visit *visit, void *context);

/* The number of rooms that the user has hidden. */
enum error room_list_count_hidden(struct db *db, uint64_t user_id, uint64_t *count);

/* The number of public rooms, read from a counter. */
enum error room_list_count_public(struct db *db, uint64_t *count);

/* Visits a page of all rooms by id. A direct room is named after both users: "alice, bob". */
enum error room_list_all(struct db *db, uint64_t limit, uint64_t offset, room_visit *visit,
                         void *context);

/* The number of all rooms, by counting them. */
enum error room_list_count_all(struct db *db, uint64_t *count);

#endif
