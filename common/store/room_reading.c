#include "store/room_reading.h"

#include <string.h>

#define HEAD_COLUMNS 3
#define STATE_COLUMNS (ROOM_STATE_COLUMN_COUNT + 1)

static void read_head(const struct db_rows *rows, struct room_reading_head *head) {
    head->any = true;
    head->user_id = db_get_u64(rows, 0);
    head->rooms_count = db_get_u64(rows, 1);
    head->last_seq = db_get_u64(rows, 2);
}

/* Reads the present row in this form and visits its room, if it has one; NULL instead, and false,
 * if a name is not known. */
static bool read_row(const struct room_reading *reading, const struct db_rows *rows,
                     enum room_reading_form form) {
    const unsigned first = reading->head ? HEAD_COLUMNS : 0;
    struct room room;
    bool complete = true;
    if (reading->head)
        read_head(rows, reading->head);
    if (db_is_null(rows, first))
        return true;
    memset(&room, 0, sizeof(room));
    room_state_from_row(rows, first, &room.state);
    room.last_active_at = db_get_time(rows, first + ROOM_STATE_COLUMN_COUNT);
    if (form != ROOM_READING_BRIEF)
        complete = room_row_read(rows, first + STATE_COLUMNS, reading->names, &room) ||
                   form == ROOM_READING_NAMED;
    reading->visit(reading->context, complete ? &room : NULL);
    return complete;
}

/* Visits the rows of one form; *complete false: a name is not known, and the visits are void. */
static enum error read_form(const struct room_reading *reading, const char *sql,
                            enum room_reading_form form, bool *complete) {
    struct db_rows *rows;
    const enum error error =
        db_run(reading->db, sql, DB_REPEATABLE, reading->values, reading->count, &rows);
    *complete = true;
    while (!error && *complete && db_next(rows))
        *complete = read_row(reading, rows, form);
    db_done(rows);
    return error;
}

enum error room_reading_list(const struct room_reading *reading,
                             const char *const sql[ROOM_READING_FORMS], bool brief) {
    bool complete = false;
    enum error error = ERROR_NONE;
    if (brief)
        return read_form(reading, sql[ROOM_READING_BRIEF], ROOM_READING_BRIEF, &complete);
    user_names_begin(reading->names, reading->db);
    if (!user_names_are_none(reading->names))
        error = read_form(reading, sql[ROOM_READING_NAMELESS], ROOM_READING_NAMELESS, &complete);
    if (!error && !complete)
        error = read_form(reading, sql[ROOM_READING_NAMED], ROOM_READING_NAMED, &complete);
    return error;
}

enum error room_reading_by_token(const struct room_reading *reading, const char *sql,
                                 struct identity *identity, bool *found) {
    struct room_reading_head head = {.any = false};
    struct room_reading with_head = *reading;
    bool complete = false;
    enum error error = ERROR_NONE;
    with_head.head = &head;
    user_names_begin(reading->names, reading->db);
    if (!user_names_are_none(reading->names))
        error = read_form(&with_head, sql, ROOM_READING_NAMELESS, &complete);
    *found = !error && complete && head.any;
    memset(identity, 0, sizeof(*identity));
    identity->user.id = head.user_id;
    identity->user.is_active = true;
    identity->rooms_count = head.rooms_count;
    identity->last_seq = head.last_seq;
    return error;
}

enum error room_reading_as_named(const struct room_reading *reading, const char *sql) {
    bool complete;
    return read_form(reading, sql, ROOM_READING_NAMED, &complete);
}
