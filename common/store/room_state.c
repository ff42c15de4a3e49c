#include "store/room_state.h"

#include <string.h>

void room_state_from_numbers(const uint64_t numbers[ROOM_STATE_NUMBER_COUNT], int64_t created_at,
                             struct room_state *state) {
    const uint64_t is = numbers[1];
    *state = (struct room_state){.exists = true,
                                 .is_private = (is & 1) != 0,
                                 .is_direct = (is & 2) != 0,
                                 .is_member = (is & 4) != 0,
                                 .is_admin = (is & 8) != 0,
                                 .room_id = numbers[0],
                                 .last_seq = numbers[2],
                                 .oldest_seq = numbers[3],
                                 .message_count = numbers[4],
                                 .members_count = numbers[5],
                                 .last_read_position = numbers[6],
                                 .created_at = created_at};
}

void room_state_from_row(const struct db_rows *rows, unsigned first, struct room_state *state) {
    uint64_t numbers[ROOM_STATE_NUMBER_COUNT];
    if (db_is_null(rows, first)) {
        memset(state, 0, sizeof(*state));
        return;
    }
    for (unsigned i = 0; i < ROOM_STATE_NUMBER_COUNT; i++)
        numbers[i] = db_get_u64(rows, first + i);
    room_state_from_numbers(numbers, db_get_time(rows, first + ROOM_STATE_NUMBER_COUNT), state);
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
