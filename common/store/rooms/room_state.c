/* Reading the state of a room as one user has it (counters, membership, read mark); the access
 * checks. A private room does not exist for those who are not members: 404, never 403. */
#include "store/rooms/room_state.h"

#include <string.h>

void room_state_from_row(const struct db_rows *rows, unsigned first, struct room_state *state) {
    /* A LEFT JOIN found no room: exists is false. */
    if (db_is_null(rows, first)) {
        memset(state, 0, sizeof(*state));
        return;
    }
    *state = (struct room_state){.exists = true,
                                 .room_id = db_get_u64(rows, first),
                                 .is_private = db_get_bool(rows, first + 1),
                                 .is_direct = db_get_bool(rows, first + 2),
                                 .is_member = db_get_bool(rows, first + 3),
                                 .is_admin = db_get_bool(rows, first + 4),
                                 .last_seq = db_get_u64(rows, first + 5),
                                 .oldest_seq = db_get_u64(rows, first + 6),
                                 .message_count = db_get_u64(rows, first + 7),
                                 .members_count = db_get_u64(rows, first + 8),
                                 .last_read_position = db_get_u64(rows, first + 9),
                                 .created_at = db_get_time(rows, first + 10)};
    first += 11;
    /* Next the bell, then what the member has set. */
    bell_name_from_row(rows, first, &state->bell);
    state->view = room_view_from_row(rows, first + BELL_NAME_COLUMN_COUNT);
    first += BELL_NAME_COLUMN_COUNT + ROOM_VIEW_COLUMN_COUNT;
    state->mention_position = db_get_u64(rows, first);
    state->role = state->is_admin ? ROLE_ADMIN : (enum role)db_get_u64(rows, first + 1);
    state->may_moderate = state->role >= ROLE_MODERATOR;
    state->is_archived = db_get_bool(rows, first + 2);
    state->members_visible = db_get_bool(rows, first + 3);
    state->silenced_until = db_get_time(rows, first + 4);
    state->is_live = db_get_bool(rows, first + 5);
    state->is_open = db_get_bool(rows, first + 6);
    state->is_bounded = db_get_bool(rows, first + 7);
    state->trimmed = db_get_u64(rows, first + 10);
    /* Set for rooms that can be read without a membership (live, open) and users who are not
     * banned. */
    state->may_view = db_get_bool(rows, first + 11);
    /* Messages up to `trimmed` are gone, so no user sees before it. */
    state->first_position = state->trimmed;
    /* Trimmed messages count as read. */
    if (state->is_member && state->last_read_position < state->trimmed)
        state->last_read_position = state->trimmed;
    /* In bounded rooms members see what came after they joined. For all others may_view decides. */
    if (!state->is_bounded || !state->is_member)
        return;
    if (db_get_u64(rows, first + 8) > state->trimmed)
        state->first_position = db_get_u64(rows, first + 8);
    /* For the user, events from before joining count as deleted. */
    const uint64_t oldest = db_get_u64(rows, first + 9) + 1;
    if (oldest > state->oldest_seq)
        state->oldest_seq = oldest;
}

void room_state_add_moderator(struct room_state *state) {
    /* Only in rooms that exist and are not direct: private conversations have no moderators. */
    state->may_moderate = state->may_moderate || (state->exists && !state->is_direct);
}

void room_state_hide_members(struct room_state *state, uint64_t user_id) {
    /* Only moderators see the members of the room, if members_visible is off. */
    state->hides_members = !state->members_visible && !state->may_moderate;
    state->viewer_id = user_id;
}

enum error room_state_get(struct db *db, uint64_t room_id, uint64_t user_id,
                          struct room_state *state) {
    static const char SQL[] =
        "SELECT " ROOM_STATE_COLUMNS_OF("?", ROOM_STATE_IS_GUEST("?"))
        ", (SELECT is_moderator FROM user WHERE user_id = ?) FROM " ROOM_STATE_FROM
        "WHERE r.room_id = ?";
    struct db_rows *rows;
    memset(state, 0, sizeof(*state));
    /* The membership of this user is joined; user_id 0 has none. */
    const enum error error =
        DB_RUN(db, SQL, DB_REPEATABLE, &rows, db_u64(user_id), db_u64(user_id), db_u64(user_id),
               db_u64(user_id), db_u64(room_id));
    if (error)
        return error;
    /* No row leaves exists false, without an error: the caller decides between 404 and 403. */
    if (db_next(rows)) {
        room_state_from_row(rows, 0, state);
        if (db_get_bool(rows, ROOM_STATE_COLUMN_COUNT))
            room_state_add_moderator(state);
    }
    db_done(rows);
    return ERROR_NONE;
}

enum error room_state_may_see(const struct room_state *state) {
    const bool is_in = state->is_member || state->may_moderate || state->may_view;
    /* 404 for a private room: its existence is not revealed. */
    if (!state->exists || (state->is_private && !is_in))
        return ERROR_NOT_FOUND;
    return ERROR_NONE;
}

enum error room_state_takes_part(const struct room_state *state) {
    const enum error error = room_state_may_see(state);
    if (error)
        return error;
    /* A public room can be seen by all users and read by members. */
    if (state->is_member || state->may_moderate)
        return ERROR_NONE;
    return state->is_banned ? ERROR_BANNED : ERROR_FORBIDDEN;
}

enum error room_state_may_read(const struct room_state *state) {
    return state->may_view ? ERROR_NONE : room_state_takes_part(state);
}

bool room_state_is_counted(const struct room_state *state, uint64_t most) {
    /* In large and live rooms presence is a number instead of a list of users. */
    return state->is_live || state->members_count > most;
}

enum error room_state_hides_from_guests(struct db *db, const struct room_state *state,
                                        bool *hides) {
    static const char SQL[] =
        "SELECT 1 FROM room WHERE room_id = ? AND guests = 0 AND NOT is_open";
    uint64_t found = 0;
    *hides = false;
    /* Members, moderators and viewers have passed the check already. */
    if (!state->exists || state->is_member || state->may_moderate || state->may_view)
        return ERROR_NONE;
    const enum error error = DB_NUMBER(db, SQL, &found, db_u64(state->room_id));
    *hides = !error && found > 0;
    return error;
}
