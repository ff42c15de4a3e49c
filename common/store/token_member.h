/*
 * token_member: the caller of most reads, a member of the room who shows a token, found by the
 * statement that reads or by one that is narrower than token_find.
 *
 * There is no row for anybody else: who it is and why not is then for token_find to tell.
 */
#ifndef CONFAB_STORE_TOKEN_MEMBER_H
#define CONFAB_STORE_TOKEN_MEMBER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/secret.h"
#include "db/db.h"
#include "store/room_state.h"
#include "store/token.h"

/* The joins from a token, by its hash, to the room and the membership of its user who is active,
 * as t, r and me, and their condition; behind the joins there may be others. The values are the
 * room, then the hash. The row of the user is not needed, and each row of another table costs the
 * database as much as a small statement. The keys are named because it weighs all that would do
 * each time anew: 136,000 instructions and not 148,000. */
#define TOKEN_MEMBER_JOINS                                \
    " FROM token t FORCE INDEX (token_hash) "             \
    "JOIN room r FORCE INDEX (PRIMARY) ON r.room_id = ? " \
    "JOIN member me FORCE INDEX (PRIMARY) "               \
    "ON me.room_id = r.room_id AND me.user_id = t.user_id "
#define TOKEN_MEMBER_WHERE "WHERE t.token_hash = ? AND t.user_is_active"

/* What is read of such a member, and the caller that these columns, from `first` on, tell of:
 * the user's id and that the user is active, and the state of the room, nothing else. */
#define TOKEN_MEMBER_COLUMNS ROOM_STATE_COLUMNS ", t.user_id"
#define TOKEN_MEMBER_COLUMN_COUNT (ROOM_STATE_COLUMN_COUNT + 1)
void token_member_from_row(const struct db_rows *rows, unsigned first, struct identity *identity);

/* The same as one text, for statements of many rows that say it in one of them only: each column
 * of each row costs both sides a hundred instructions. False if the text is not of this form. */
#define TOKEN_MEMBER_TEXT                \
    "CONCAT_WS(' ', " ROOM_STATE_NUMBERS \
    ", t.user_id, TIMESTAMPDIFF(MICROSECOND, '1970-01-01', r.created_at))"
bool token_member_from_text(struct text text, struct identity *identity);

/* Finds such a member: *found is false for everybody else. Sets no more of the caller than
 * token_member_from_row. */
enum error token_member_find(struct db *db, const unsigned char hash[SECRET_HASH_SIZE],
                             uint64_t room_id, struct identity *identity, bool *found);

#endif
