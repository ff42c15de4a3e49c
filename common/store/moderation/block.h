/*
 * block: users whom a user has blocked. A blocked user cannot write direct messages to the user, or
 * invite or mention the user.
 */
#ifndef CONFAB_COMMON_STORE_MODERATION_BLOCK_H
#define CONFAB_COMMON_STORE_MODERATION_BLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"
#include "db/db.h"
#include "store/users/user.h"

/* SQL conditions. BLOCK_SQL: `user` has blocked `other`. BLOCK_SQL_DIRECT: in the direct room with
 * these two users, the other one has blocked `user`. */
#define BLOCK_SQL(user, other) \
    "EXISTS (SELECT 1 FROM block WHERE user_id = " user " AND blocked_id = " other ")"
#define BLOCK_SQL_DIRECT(low, high, user) \
    BLOCK_SQL("IF(" low " = " user ", " high ", " low ")", user)

/* Each page of messages reads all blocks of its user, so their number has a limit. */
#define BLOCKS_MOST "1000"

struct block {
    uint64_t user_id;
    struct text username;
    int64_t created_at;
};

/* Blocks a user; change->changed is false if the user was blocked before. ERROR_BAD_INPUT: no such
 * user, or the user itself. ERROR_CONFLICT: the user has blocked BLOCKS_MOST others. */
enum error block_add(struct db *db, uint64_t user_id, uint64_t blocked_id,
                     struct user_change *change);

/* Ends a block; change->changed is false if the user was not blocked. */
enum error block_remove(struct db *db, uint64_t user_id, uint64_t blocked_id,
                        struct user_change *change);

typedef void block_visit(void *context, const struct block *block);

/* block_list visits a page of the users whom a user has blocked, the latest first; block_count
 * counts them all. */
enum error block_list(struct db *db, uint64_t user_id, uint64_t limit, uint64_t offset,
                      block_visit *visit, void *context);
enum error block_count(struct db *db, uint64_t user_id, uint64_t *count);

/* Visits one block; ERROR_NOT_FOUND if there is none. */
enum error block_get(struct db *db, uint64_t user_id, uint64_t blocked_id, block_visit *visit,
                     void *context);

/* Reads the ids of all users whom a user has blocked, in rising order; the caller frees *ids, which
 * is NULL after an error. */
enum error block_ids(struct db *db, uint64_t user_id, uint64_t **ids, size_t *count);

/* Whether an id is in the list that block_ids has read. */
bool block_ids_have(const uint64_t *ids, size_t count, uint64_t id);

#endif
