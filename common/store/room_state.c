#include "store/room_state.h"

#include <string.h>

void room_state_from_row(const struct db_rows *rows, unsigned first, struct room_state *state) {
    memset(state, 0, sizeof(*state));
    state->exists = !db_is_null(rows, first);
    if (!state->exists)
        return;
    state->room_id = db_get_u64(rows, first);
    const uint64_t is = db_get_u64(rows, first + 1);
    state->is_private = (is & 1) != 0;
    state->is_direct = (is & 2) != 0;
    state->is_member = (is & 4) != 0;
    state->is_admin = (is & 8) != 0;
    state->last_seq = db_get_u64(rows, first + 2);
    state->oldest_seq = db_get_u64(rows, first + 3);
    state->message_count = db_get_u64(rows, first + 4);
    state->members_count = db_get_u64(rows, first + 5);
    state->last_read_position = db_get_u64(rows, first + 6);
    state->created_at = db_get_time(rows, first + 7);
}

enum error room_state_get(struct db *db, uint64_t room_id, uint64_t user_id,
                          struct room_state *state) {
    static const char SQL[] =
        "SELECT " ROOM_STATE_COLUMNS " FROM " ROOM_STATE_FROM "WHERE r.room_id = ?";
    struct db_rows *rows;
    memset(state, 0, sizeof(*state));
    const enum error error =
        DB_RUN(db, SQL, DB_REPEATABLE, &rows, db_u64(user_id), db_u64(room_id));
    if (error)
        return error;
    if (db_next(rows))
        room_state_from_row(rows, 0, state);
    db_done(rows);
    return ERROR_NONE;
}

enum error room_state_may_see(const struct room_state *state) {
    if (!state->exists || (state->is_private && !state->is_member))
        return ERROR_NOT_FOUND;
    return ERROR_NONE;
}

enum error room_state_may_read(const struct room_state *state) {
    const enum error error = room_state_may_see(state);
    if (error)
        return error;
    return state->is_member ? ERROR_NONE : ERROR_FORBIDDEN;
}
