/* The columns that both kinds of credentials select, and the batches of queries. token.c and
 * login_session.c compose their SQL from the same lists of columns (identity.h), so one function
 * reads both. */
#include "store/logins/identity.h"

#include <string.h>

#include "base/buffer.h"

enum error identity_note_use(struct db *db, const struct identity *identity) {
    static const char TOKEN[] = "UPDATE token SET last_used_at = SYSDATE(6) WHERE token_id = ?";
    static const char SESSION[] =
        "UPDATE session SET last_used_at = SYSDATE(6) WHERE session_id = ?";
    /* One of the two ids is 0. */
    return identity->token_id
               ? DB_RUN(db, TOKEN, DB_REPEATABLE, NULL, db_u64(identity->token_id))
               : DB_RUN(db, SESSION, DB_REPEATABLE, NULL, db_u64(identity->session_id));
}

enum identity_due identity_from_row(const struct db_rows *rows, bool with_room,
                                    struct identity *identity, uint64_t *id) {
    memset(identity, 0, sizeof(*identity));
    user_from_row(rows, 0, &identity->user);
    /* The order is that of IDENTITY_COLUMNS. */
    identity->rooms_count = db_get_u64(rows, USER_COLUMN_COUNT);
    identity->has_preferences = db_get_bool(rows, USER_COLUMN_COUNT + 2);
    identity->last_seq = db_get_u64(rows, USER_COLUMN_COUNT + 1);
    identity->hides_read = db_get_bool(rows, USER_COLUMN_COUNT + 3);
    identity->block_changes = db_get_u64(rows, USER_COLUMN_COUNT + 4);
    /* After the columns of the identity: those of the credential. */
    *id = db_get_u64(rows, IDENTITY_COLUMN_COUNT);
    const enum identity_due due = (enum identity_due)db_get_u64(rows, IDENTITY_COLUMN_COUNT + 1);
    identity->use_is_due = due == IDENTITY_DUE_USE;
    identity->expires_at = db_get_time(rows, IDENTITY_COLUMN_COUNT + 2);
    if (with_room)
        room_state_from_row(rows, IDENTITY_COLUMN_COUNT + IDENTITY_CREDENTIAL_COUNT,
                            &identity->room);
    /* Site moderators have the rights of moderators in rooms that are not direct. */
    if (identity->user.is_moderator)
        room_state_add_moderator(&identity->room);
    return due;
}

enum error identity_read(struct db_rows *rows, bool with_room, struct identity *identity,
                         uint64_t *id, enum identity_due *due) {
    /* One row at most: hashes are unique. */
    enum error error = ERROR_UNAUTHENTICATED;
    memset(identity, 0, sizeof(*identity));
    if (db_next(rows)) {
        *due = identity_from_row(rows, with_room, identity, id);
        error = ERROR_NONE;
    }
    db_done(rows);
    return error;
}

enum error identity_end_credential(struct db *db, const char *sql, uint64_t id,
                                   struct user_change *change) {
    struct db_rows *rows;
    memset(change, 0, sizeof(*change));
    /* Deleting is repeatable: a second run finds no row, and reports that nothing has changed. */
    enum error error = DB_RUN(db, sql, DB_REPEATABLE, &rows, db_u64(id));
    if (error)
        return error;
    if (transaction_row(rows, &error)) {
        /* Outcome, user (NULL: the credential had ended already), number of the event. */
        change->user_id = db_get_u64(rows, 1);
        change->seq = db_get_u64(rows, 2);
        change->changed = change->user_id != 0;
    }
    db_done(rows);
    return error;
}

/* ---- batches ---- */

void identity_write_queries(struct buffer *json, const struct identity_query *queries,
                            size_t count) {
    /* A JSON array of pairs ["hash", room], which JSON_TABLE turns into rows. */
    buffer_append_char(json, '[');
    for (size_t i = 0; i < count; i++) {
        char hex[2 * SECRET_HASH_SIZE];
        for (size_t at = 0; at < SECRET_HASH_SIZE; at++)
            text_put_hex(hex + 2 * at, 2, queries[i].hash[at]);
        buffer_append_str(json, i == 0 ? "[\"" : ",[\"");
        buffer_append(json, hex, sizeof(hex));
        buffer_append_str(json, "\",");
        buffer_append_u64(json, queries[i].room_id);
        buffer_append_char(json, ']');
    }
    buffer_append_char(json, ']');
}

void identity_read_batch(struct db_rows *rows, bool of_sessions, struct identity_query *queries,
                         size_t count) {
    /* A query without a row has no answer: the credential is unknown. */
    for (size_t i = 0; i < count; i++) {
        memset(&queries[i].identity, 0, sizeof(queries[i].identity));
        queries[i].error = ERROR_UNAUTHENTICATED;
    }
    while (db_next(rows)) {
        /* The place in the batch, from 1: rows come in any order. */
        const uint64_t place =
            db_get_u64(rows, IDENTITY_COLUMN_COUNT + IDENTITY_CREDENTIAL_COUNT +
                                 ROOM_STATE_COLUMN_COUNT);
        /* Defensive: places come from the statement itself. */
        if (place < 1 || place > count)
            continue;
        struct identity_query *query = &queries[place - 1];
        struct identity *identity = &query->identity;
        /* A session that is due for renewal is renewed by the caller, when it sees the flag. */
        const enum identity_due due = identity_from_row(
            rows, true, identity, of_sessions ? &identity->session_id : &identity->token_id);
        identity->session_renewed = due == IDENTITY_DUE_RENEWAL;
        query->error = ERROR_NONE;
    }
    db_done(rows);
}

enum error identity_find_ended(struct db *db, const char *sql, const unsigned char *hashes,
                               size_t count, bool *ended) {
    /* Hashes as hexadecimal digits, since JSON has no bytes; UNHEX in the join makes them usable
     * for the index. */
    struct buffer json = BUFFER_EMPTY;
    struct db_rows *rows;
    for (size_t i = 0; i < count; i++) {
        char hex[2 * SECRET_HASH_SIZE];
        for (size_t at = 0; at < SECRET_HASH_SIZE; at++)
            text_put_hex(hex + 2 * at, 2, hashes[i * SECRET_HASH_SIZE + at]);
        /* Closes the string before and opens the next. */
        buffer_append_str(&json, i == 0 ? "[\"" : "\",\"");
        buffer_append(&json, hex, sizeof(hex));
        /* Ended, unless a row says otherwise. */
        ended[i] = true;
    }
    /* Also valid JSON for an empty list. */
    buffer_append_str(&json, count > 0 ? "\"]" : "[]");
    const enum error error =
        DB_RUN(db, sql, DB_REPEATABLE, &rows, db_text((struct text){json.data, json.len}));
    buffer_free(&json);
    if (error)
        return error;
    while (db_next(rows)) {
        const uint64_t place = db_get_u64(rows, 0);
        /* The server counts from 1. */
        if (place >= 1 && place <= count)
            ended[place - 1] = false;
    }
    db_done(rows);
    return ERROR_NONE;
}
