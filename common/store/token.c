#include "store/token.h"

#include <string.h>

#include "base/buffer.h"
#include "event/event.h"
#include "store/transaction.h"

enum error token_add(struct db *db, uint64_t user_id, const unsigned char hash[SECRET_HASH_SIZE],
                     uint64_t *token_id) {
    static const char SQL[] = TRANSACTION(
        "", "INSERT INTO token (user_id, token_hash, created_at) VALUES (?, ?, SYSDATE(6)); ",
        ", LAST_INSERT_ID()");
    struct db_rows *rows;
    const enum error error =
        DB_RUN(db, SQL, 0, &rows, db_u64(user_id), db_bytes(hash, SECRET_HASH_SIZE));
    if (error)
        return error;
    *token_id = db_next(rows) ? db_get_u64(rows, 1) : 0;
    db_done(rows);
    return ERROR_NONE;
}

/* Who is behind a credential, and, with FROM_ROOM, the room's state. All rows are single
 * ones by key. */
#define IDENTITY_COLUMNS USER_COLUMNS ", u.rooms_count, u.last_seq"
#define IDENTITY_COLUMN_COUNT (USER_COLUMN_COUNT + 2)
#define FROM_ROOM                        \
    "LEFT JOIN room r ON r.room_id = ? " \
    "LEFT JOIN member me ON me.room_id = r.room_id AND me.user_id = u.user_id "

/* Reads the columns of the caller, those of the credential behind them (id, and whether it
 * is to be renewed), and those of the room, if it was asked for. */
static void identity_from_row(const struct db_rows *rows, bool with_room, struct identity *identity,
                              uint64_t *id, bool *renew) {
    memset(identity, 0, sizeof(*identity));
    user_from_row(rows, 0, &identity->user);
    identity->rooms_count = db_get_u64(rows, USER_COLUMN_COUNT);
    identity->last_seq = db_get_u64(rows, USER_COLUMN_COUNT + 1);
    *id = db_get_u64(rows, IDENTITY_COLUMN_COUNT);
    *renew = db_get_bool(rows, IDENTITY_COLUMN_COUNT + 1);
    if (with_room)
        room_state_from_row(rows, IDENTITY_COLUMN_COUNT + 2, &identity->room);
}

static enum error read_identity(struct db_rows *rows, bool with_room, struct identity *identity,
                                uint64_t *id, bool *renew) {
    if (!db_next(rows)) {
        memset(identity, 0, sizeof(*identity));
        return ERROR_UNAUTHENTICATED;
    }
    identity_from_row(rows, with_room, identity, id, renew);
    return ERROR_NONE;
}

enum error token_find(struct db *db, const unsigned char hash[SECRET_HASH_SIZE], uint64_t room_id,
                      struct identity *identity) {
#define TOKEN_SQL(room_columns, room_joins)                       \
    "SELECT " IDENTITY_COLUMNS ", t.token_id, FALSE" room_columns \
    " FROM token t "                                              \
    "JOIN user u ON u.user_id = t.user_id " room_joins "WHERE t.token_hash = ?"
    static const char ALONE[] = TOKEN_SQL("", "");
    static const char IN_ROOM[] = TOKEN_SQL(", " ROOM_STATE_COLUMNS, FROM_ROOM);
#undef TOKEN_SQL
    struct db_rows *rows;
    bool renew;
    const struct db_value key = db_bytes(hash, SECRET_HASH_SIZE);
    enum error error = room_id ? DB_RUN(db, IN_ROOM, DB_REPEATABLE, &rows, db_u64(room_id), key)
                               : DB_RUN(db, ALONE, DB_REPEATABLE, &rows, key);
    if (error)
        return error;
    error = read_identity(rows, room_id != 0, identity, &identity->token_id, &renew);
    db_done(rows);
    return error;
}

void token_member_from_row(const struct db_rows *rows, unsigned first, struct identity *identity) {
    memset(identity, 0, sizeof(*identity));
    room_state_from_row(rows, first, &identity->room);
    identity->user.id = db_get_u64(rows, first + ROOM_STATE_COLUMN_COUNT);
    identity->user.is_active = true;
}

/* Ends one credential: the user's row is locked first, as everywhere, then it goes. */
#define END_CREDENTIAL(table, key) \
    TRANSACTION(                                                                          \
        "DECLARE p_id BIGINT UNSIGNED DEFAULT ?; DECLARE p_user, v_user_seq BIGINT UNSIGNED; ",\
        "SELECT user_id INTO p_user FROM " table " WHERE " key " = p_id; "                \
        "SET v_now = SYSDATE(6); "                                                        \
        "IF p_user IS NULL THEN LEAVE body; END IF; "                                     \
        TRANSACTION_USER_EVENT("p_user", EVENT_SQL(EVENT_CREDENTIALS_CHANGED), "p_user", "0",\
                               "+ 0")                                                     \
        "DELETE FROM " table " WHERE " key " = p_id; ",                                   \
        ", p_user, v_user_seq")

static enum error end_credential(struct db *db, const char *sql, uint64_t id,
                                 struct user_change *change) {
    struct db_rows *rows;
    memset(change, 0, sizeof(*change));
    enum error error = DB_RUN(db, sql, DB_REPEATABLE, &rows, db_u64(id));
    if (error)
        return error;
    if (db_next(rows)) {
        error = (enum error)db_get_u64(rows, 0);
        change->user_id = db_get_u64(rows, 1);
        change->seq = db_get_u64(rows, 2);
        change->changed = change->user_id != 0;
    }
    db_done(rows);
    return error;
}

enum error token_end(struct db *db, uint64_t token_id, struct user_change *change) {
    static const char SQL[] = END_CREDENTIAL("token", "token_id");
    return end_credential(db, SQL, token_id, change);
}

enum error token_list(struct db *db, uint64_t user_id, token_visit *visit, void *context) {
    static const char SQL[] =
        "SELECT t.token_id, t.user_id, u.username, t.created_at FROM token t "
        "JOIN user u ON u.user_id = t.user_id WHERE t.user_id = ? OR ? = 0 ORDER BY t.token_id";
    struct db_rows *rows;
    const enum error error =
        DB_RUN(db, SQL, DB_REPEATABLE, &rows, db_u64(user_id), db_u64(user_id));
    if (error)
        return error;
    while (db_next(rows)) {
        const struct token token = {db_get_u64(rows, 0), db_get_u64(rows, 1), db_get_text(rows, 2),
                                    db_get_time(rows, 3)};
        visit(context, &token);
    }
    db_done(rows);
    return ERROR_NONE;
}

enum error login_session_add(struct db *db, uint64_t user_id,
                             const unsigned char hash[SECRET_HASH_SIZE], uint64_t days) {
    static const char SQL[] =
        "INSERT INTO session (user_id, session_hash, created_at, expires_at) "
        "VALUES (?, ?, SYSDATE(6), SYSDATE(6) + INTERVAL ? DAY)";
    return DB_RUN(db, SQL, 0, NULL, db_u64(user_id), db_bytes(hash, SECRET_HASH_SIZE),
                  db_u64(days));
}

/* Renewing at every request would be a write at every request: a fourteenth of the time may
 * pass first (a day of fourteen). */
static uint64_t minutes_left(uint64_t days) {
    const uint64_t minutes = days * 24 * 60;
    return minutes - minutes / 14;
}

static enum error renew_session(struct db *db, uint64_t days, struct identity *identity) {
    static const char SQL[] =
        "UPDATE session SET expires_at = SYSDATE(6) + INTERVAL ? DAY WHERE session_id = ?";
    identity->session_renewed = true;
    return DB_RUN(db, SQL, DB_REPEATABLE, NULL, db_u64(days), db_u64(identity->session_id));
}

enum error login_session_find(struct db *db, const unsigned char hash[SECRET_HASH_SIZE],
                              uint64_t days, uint64_t room_id, struct identity *identity) {
#define SESSION_SQL(room_columns, room_joins)                                    \
    "SELECT " IDENTITY_COLUMNS                                                   \
    ", s.session_id, s.expires_at < SYSDATE(6) + INTERVAL ? MINUTE" room_columns \
    " FROM session s JOIN user u ON u.user_id = s.user_id " room_joins           \
    "WHERE s.session_hash = ? AND s.expires_at > SYSDATE(6)"
    static const char ALONE[] = SESSION_SQL("", "");
    static const char IN_ROOM[] = SESSION_SQL(", " ROOM_STATE_COLUMNS, FROM_ROOM);
#undef SESSION_SQL
    const struct db_value left = db_u64(minutes_left(days));
    const struct db_value key = db_bytes(hash, SECRET_HASH_SIZE);
    struct db_rows *rows;
    enum error error = room_id
                           ? DB_RUN(db, IN_ROOM, DB_REPEATABLE, &rows, left, db_u64(room_id), key)
                           : DB_RUN(db, ALONE, DB_REPEATABLE, &rows, left, key);
    if (error)
        return error;
    bool renew = false;
    error = read_identity(rows, room_id != 0, identity, &identity->session_id, &renew);
    db_done(rows);
    return !error && renew ? renew_session(db, days, identity) : error;
}

enum error login_session_end(struct db *db, uint64_t session_id, struct user_change *change) {
    static const char SQL[] = END_CREDENTIAL("session", "session_id");
    return end_credential(db, SQL, session_id, change);
}

enum error login_session_purge(struct db *db, uint64_t limit, uint64_t *dropped) {
    static const char SQL[] = "DELETE FROM session WHERE expires_at < SYSDATE(6) LIMIT ?";
    const enum error error = DB_RUN(db, SQL, DB_REPEATABLE, NULL, db_u64(limit));
    *dropped = error ? 0 : db_changed(db);
    return error;
}

/* ---- several at once ---- */

/* Questions as JSON: [[hash, room], ...]. Their places, from 1, come back as the last column. */
#define QUESTIONS                                                                     \
    "JSON_TABLE(?, '$[*]' COLUMNS (place FOR ORDINALITY, hash CHAR(64) PATH '$[0]', " \
    "room BIGINT UNSIGNED PATH '$[1]')) j "
#define MANY_JOINS                            \
    "LEFT JOIN room r ON r.room_id = j.room " \
    "LEFT JOIN member me ON me.room_id = r.room_id AND me.user_id = u.user_id "
#define PLACE_COLUMN (IDENTITY_COLUMN_COUNT + 2 + ROOM_STATE_COLUMN_COUNT)

static void write_questions(struct buffer *json, const struct identity_query *questions,
                            size_t count) {
    for (size_t i = 0; i < count; i++) {
        buffer_append_str(json, i == 0 ? "[[\"" : ",[\"");
        for (size_t at = 0; at < SECRET_HASH_SIZE; at++) {
            static const char DIGITS[] = "0123456789abcdef";
            buffer_append_char(json, DIGITS[questions[i].hash[at] >> 4]);
            buffer_append_char(json, DIGITS[questions[i].hash[at] & 15]);
        }
        buffer_append_str(json, "\",");
        buffer_append_u64(json, questions[i].room_id);
        buffer_append_char(json, ']');
    }
    buffer_append_char(json, ']');
}

/* The question that a row answers. */
static struct identity_query *question_of(const struct db_rows *rows,
                                          struct identity_query *questions) {
    return &questions[db_get_u64(rows, PLACE_COLUMN) - 1];
}

/* Takes the rows, and frees them. A question without one is nobody's; a token is never
 * renewed, the column of that is FALSE. */
static void read_answers(struct db_rows *rows, bool of_sessions, struct identity_query *questions,
                         size_t count) {
    for (size_t i = 0; i < count; i++) {
        memset(&questions[i].identity, 0, sizeof(questions[i].identity));
        questions[i].error = ERROR_UNAUTHENTICATED;
    }
    while (db_next(rows)) {
        struct identity_query *question = question_of(rows, questions);
        struct identity *identity = &question->identity;
        identity_from_row(rows, true, identity,
                          of_sessions ? &identity->session_id : &identity->token_id,
                          &identity->session_renewed);
        question->error = ERROR_NONE;
    }
    db_done(rows);
}

enum error token_find_many(struct db *db, struct identity_query *questions, size_t count) {
    static const char SQL[] = "SELECT STRAIGHT_JOIN " IDENTITY_COLUMNS
                              ", t.token_id, FALSE, " ROOM_STATE_COLUMNS ", j.place FROM " QUESTIONS
                              "JOIN token t ON t.token_hash = UNHEX(j.hash) "
                              "JOIN user u ON u.user_id = t.user_id " MANY_JOINS;
    struct buffer json = BUFFER_EMPTY;
    struct db_rows *rows;
    write_questions(&json, questions, count);
    const enum error error =
        DB_RUN(db, SQL, DB_REPEATABLE, &rows, db_text((struct text){json.data, json.len}));
    buffer_free(&json);
    if (!error)
        read_answers(rows, false, questions, count);
    return error;
}

enum error login_session_find_many(struct db *db, uint64_t days, struct identity_query *questions,
                                   size_t count) {
    static const char SQL[] =
        "SELECT STRAIGHT_JOIN " IDENTITY_COLUMNS
        ", s.session_id, s.expires_at < SYSDATE(6) + INTERVAL ? MINUTE, " ROOM_STATE_COLUMNS
        ", j.place FROM " QUESTIONS
        "JOIN session s ON s.session_hash = UNHEX(j.hash) "
        "AND s.expires_at > SYSDATE(6) JOIN user u ON u.user_id = s.user_id " MANY_JOINS;
    struct buffer json = BUFFER_EMPTY;
    struct db_rows *rows;
    write_questions(&json, questions, count);
    enum error error = DB_RUN(db, SQL, DB_REPEATABLE, &rows, db_u64(minutes_left(days)),
                              db_text((struct text){json.data, json.len}));
    buffer_free(&json);
    if (error)
        return error;
    read_answers(rows, true, questions, count);
    for (size_t i = 0; !error && i < count; i++)
        if (questions[i].identity.session_renewed)
            error = renew_session(db, days, &questions[i].identity);
    return error;
}
