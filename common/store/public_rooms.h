/*
 * public_rooms: the public rooms, the latest active first, as a user sees them.
 *
 * A key of `room` has them by the minute they were last active in. See room_list.h for what
 * follows from that, for what the functions that visit have in common, and for what those by
 * token do. These here set id of the caller, that the user is active, and *count to the number of
 * public rooms; nothing is found either when they visit no room.
 */
#ifndef CONFAB_STORE_PUBLIC_ROOMS_H
#define CONFAB_STORE_PUBLIC_ROOMS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/secret.h"
#include "db/db.h"
#include "store/room_list.h"
#include "store/token.h"
#include "store/user_names.h"

/* Visits the `most` rooms of the latest minutes, in no order; fewer if there are no more. */
enum error public_rooms_latest(struct db *db, struct user_names *names,
                               const struct room_list *list, uint64_t most, room_visit *visit,
                               void *context);
enum error public_rooms_latest_by_token(struct db *db, struct user_names *names,
                                        const unsigned char token_hash[SECRET_HASH_SIZE],
                                        uint64_t most, struct identity *identity, uint64_t *count,
                                        bool *found, room_visit *visit, void *context);

/* Visits exactly the rooms of a page, of those that were active in the minute of `from`, micros
 * since 1970, or later: the database looks at no others to find them. Fewer than `limit` may mean
 * that there are no more, or that those are of an earlier minute. By token the offset should be
 * small. */
enum error public_rooms_page(struct db *db, struct user_names *names, const struct room_list *list,
                             uint64_t limit, uint64_t offset, int64_t from, room_visit *visit,
                             void *context);
enum error public_rooms_page_by_token(struct db *db, struct user_names *names,
                                      const unsigned char token_hash[SECRET_HASH_SIZE],
                                      uint64_t limit, uint64_t offset, int64_t from,
                                      struct identity *identity, uint64_t *count, bool *found,
                                      room_visit *visit, void *context);

/* How many there are, which is known. */
enum error public_rooms_count(struct db *db, uint64_t *count);

#endif
