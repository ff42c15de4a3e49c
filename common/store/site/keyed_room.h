/*
 * keyed_room: the rooms that the site knows by a key, with the membership of one user.
 */
#ifndef CONFAB_COMMON_STORE_SITE_KEYED_ROOM_H
#define CONFAB_COMMON_STORE_SITE_KEYED_ROOM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"
#include "db/db.h"

struct keyed_room {
    uint64_t room_id; /* 0: there is no room with this key */
    bool is_member;
    bool is_admin;
};

/* Finds the rooms with these keys for a user: rooms[i] is that of keys[i]. One statement. */
enum error keyed_room_find(struct db *db, uint64_t user_id, const struct text *keys, size_t count,
                           struct keyed_room *rooms);

/* The key is valid during the call only. */
typedef void keyed_room_visit(void *context, uint64_t room_id, struct text key);

/* Visits the rooms with a key of which a user is a member. */
enum error keyed_room_list(struct db *db, uint64_t user_id, keyed_room_visit *visit,
                           void *context);

#endif
