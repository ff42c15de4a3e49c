/*
 * shared_room: who is in a room with a user, as far as the user may know that.
 */
#ifndef CONFAB_COMMON_STORE_ROOMS_SHARED_ROOM_H
#define CONFAB_COMMON_STORE_ROOMS_SHARED_ROOM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "db/db.h"
#include "store/rooms/role.h"
#include "store/transaction.h"

/* An SQL condition: both are in a room that is not direct and whose members `asker` sees. Where
 * only moderators see them, the answer would tell the others who is in the room. */
#define SHARED_ROOM_SQL(user, asker)                                                       \
    "EXISTS (SELECT 1 FROM member one JOIN member two ON two.room_id = one.room_id "       \
    "JOIN room both_in ON both_in.room_id = one.room_id AND both_in.direct_low IS NULL "   \
    "AND (both_in.members_visible OR two.is_admin OR two.role = " ROLE_SQL_MODERATOR ") "  \
    "WHERE one.user_id = " user " AND two.user_id = " asker ")"

/* Leaves of these ids the user's own and those of users with whom it shares such a room, in their
 * order; *count becomes their number. */
enum error shared_room_filter(struct db *db, uint64_t user_id, uint64_t *ids, size_t *count);

/* Sets *knows to whether the user shares such a room with the other, or has seen messages of the
 * other: those in a room that the user is in, and sees from the first message on. */
enum error shared_room_knows(struct db *db, uint64_t user_id, uint64_t other_id, bool *knows);

#endif
