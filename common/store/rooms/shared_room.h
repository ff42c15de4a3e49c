/*
 * shared_room: whether two users share a room, as far as one of them may know that.
 */
#ifndef CONFAB_COMMON_STORE_ROOMS_SHARED_ROOM_H
#define CONFAB_COMMON_STORE_ROOMS_SHARED_ROOM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "db/db.h"
#include "store/rooms/role.h"
#include "store/transaction.h"

/* An SQL condition: both are in a room that is not direct and whose members `asker` sees. A room
 * whose members only moderators see counts for them alone, since the answer would show others who
 * is in it. */
#define SHARED_ROOM_SQL(user, asker)                                                       \
    "EXISTS (SELECT 1 FROM member one JOIN member two ON two.room_id = one.room_id "       \
    "JOIN room both_in ON both_in.room_id = one.room_id AND both_in.direct_low IS NULL "   \
    "AND (both_in.members_visible OR two.is_admin OR two.role = " ROLE_SQL_MODERATOR ") "  \
    "WHERE one.user_id = " user " AND two.user_id = " asker ")"

/* Removes from `ids` all users who share no such room with the user, except the user's own id. The
 * order stays; *count becomes the number of the ids that are left. */
enum error shared_room_filter(struct db *db, uint64_t user_id, uint64_t *ids, size_t *count);

/* Sets *knows to whether the user shares such a room with the other, or has seen messages of the
 * other: those in a room that the user is in, and sees from the first message on. */
enum error shared_room_knows(struct db *db, uint64_t user_id, uint64_t other_id, bool *knows);

#endif
