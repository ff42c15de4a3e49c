/*
 * room_list: lists of rooms, most recently active first.
 */
#ifndef CONFAB_COMMON_STORE_ROOMS_ROOM_LIST_H
#define CONFAB_COMMON_STORE_ROOMS_ROOM_LIST_H

#include <stdbool.h>
#include <stdint.h>

#include "db/db.h"
#include "store/rooms/room.h"
#include "store/users/user_names.h"

/* The rooms of a user, favourites first and without hidden ones; those hidden; the public rooms;
 * one room, if the user may see it. */
enum room_list_kind { ROOM_LIST_OWN, ROOM_LIST_HIDDEN, ROOM_LIST_PUBLIC, ROOM_LIST_ONE };

/* Selects a page of a list, for a user. */
struct room_list {
    enum room_list_kind kind;
    uint64_t user_id;
    struct text key;    /* of ONE */
    uint64_t favorites; /* of OWN: how many come first */
    uint64_t count;     /* of the whole list, from room_list_count; of ONE not needed */
    uint64_t limit;
    uint64_t offset;
};

/* Visits the rooms of the page in order. With names NULL only the state of the rooms is read, which
 * is enough to find out whether the page has changed. */
enum error room_list_page(struct db *db, struct user_names *names, const struct room_list *list,
                          room_visit *visit, void *context);

/* Visits the rooms of which the user is a member among `ids`, a JSON array, in its order. */
enum error room_list_ids(struct db *db, struct user_names *names, uint64_t user_id, struct text ids,
                         room_visit *visit, void *context);

/* Sets list->count, and for OWN list->favorites; does nothing for ONE. rooms_count is the number of
 * all rooms of the user; has_preferences: the user may have hidden a room, or have a favourite. */
enum error room_list_count(struct db *db, struct room_list *list, uint64_t rooms_count,
                           bool has_preferences);

#endif
