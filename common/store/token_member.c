#include "store/token_member.h"

#include <string.h>

void token_member_from_row(const struct db_rows *rows, unsigned first, struct caller *caller) {
    memset(caller, 0, sizeof(*caller));
    room_state_from_row(rows, first, &caller->room);
    caller->user.id = db_get_u64(rows, first + ROOM_STATE_COLUMN_COUNT);
    caller->user.is_active = true;
}

enum error token_member_find(struct db *db, const unsigned char hash[SECRET_HASH_SIZE],
                             uint64_t room_id, struct caller *caller, bool *found) {
    static const char SQL[] =
        "SELECT STRAIGHT_JOIN " TOKEN_MEMBER_COLUMNS TOKEN_MEMBER_JOINS TOKEN_MEMBER_WHERE;
    struct db_rows *rows;
    *found = false;
    const enum error error =
        DB_RUN(db, SQL, DB_REPEATABLE, &rows, db_u64(room_id), db_bytes(hash, SECRET_HASH_SIZE));
    if (error)
        return error;
    *found = db_next(rows);
    if (*found)
        token_member_from_row(rows, 0, caller);
    db_done(rows);
    return ERROR_NONE;
}
