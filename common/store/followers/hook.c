/* The rows of hooks. A hook and its follower are created and deleted together. The rows of a hook
 * that is not active are leased to worker 0, which does not exist. Deliveries and leases are in
 * follower.c; signing is the worker's. */
#include "store/followers/hook.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "event/event.h"
#include "http/origin.h"
#include "store/transaction.h"

void hook_secret_text(const unsigned char secret[HOOK_SECRET_BYTES], char out[HOOK_SECRET_SIZE]) {
    static const char PREFIX[] = "whsec_";
    /* The form of Standard Webhooks: whsec_ and the key in base64, which libraries decode. */
    memcpy(out, PREFIX, sizeof(PREFIX));
    sodium_bin2base64(out + sizeof(PREFIX) - 1, HOOK_SECRET_SIZE - (sizeof(PREFIX) - 1), secret,
                      HOOK_SECRET_BYTES, sodium_base64_VARIANT_ORIGINAL);
}

bool hook_url_is_valid(struct text url) {
    struct text rest = url;
    if (url.len > HOOK_URL_MAX || (!text_skip(&rest, "https://") && !text_skip(&rest, "http://")))
        return false;
    /* Blanks and bytes outside of printable ASCII could end a request line early, or add a
     * header. */
    for (size_t i = 0; i < rest.len; i++)
        if (rest.at[i] <= ' ' || rest.at[i] > '~')
            return false;
    /* Host and port end before a slash, a query or a fragment. With credentials before them, which
     * would show in lists, they are not an origin. */
    size_t host = 0;
    while (host < rest.len && !strchr("/?#", rest.at[host]))
        host++;
    /* Scheme, host and port are checked as an origin is: one rule for both. */
    return origin_is_valid((struct text){url.at, url.len - rest.len + host});
}

bool hook_add_event(struct text name, uint64_t *types) {
    const unsigned type = event_type(name);
    /* Types that clients do not see cannot be named. */
    if (event_shown_type(type) != type || !event_belongs(type, EVENT_STREAM_ROOM, true))
        return false;
    /* One bit for each type; their numbers are below 64. */
    *types |= UINT64_C(1) << type;
    return true;
}

void hook_add_room(uint64_t room_id, struct buffer *rooms) {
    struct text rest = {buffer_str(rooms), rooms->len}, known;
    uint64_t id;
    while (text_split(&rest, ',', &known))
        if (text_to_u64(known, &id) && id == room_id)
            return;
    buffer_printf(rooms, "%s%" PRIu64, rooms->len > 0 ? "," : "", room_id);
}

/* ---- reading ---- */

#define COLUMNS                                                                               \
    "h.hook_id, h.name, h.url, h.event_types, h.rooms, h.is_active, h.secret, h.created_at, " \
    "h.delivered_count, h.failed_count, h.delivered_at, h.failed_at, h.failure, "             \
    "IF(h.old_secret_until > SYSDATE(6), h.old_secret, NULL)"

void hook_secret_from_row(const struct db_rows *rows, unsigned column,
                          unsigned char secret[HOOK_SECRET_BYTES]) {
    const struct text bytes = db_get_text(rows, column);
    /* A column of another length, such as NULL, leaves the secret as it is. */
    if (bytes.len == HOOK_SECRET_BYTES)
        memcpy(secret, bytes.at, HOOK_SECRET_BYTES);
}

static int64_t time_or_0(const struct db_rows *rows, unsigned column) {
    return db_is_null(rows, column) ? 0 : db_get_time(rows, column);
}

/* Reads HOOK_COLUMNS; texts point into the row. */
static void hook_from_row(const struct db_rows *rows, struct hook *hook) {
    *hook = (struct hook){.id = db_get_u64(rows, 0),
                          .name = db_get_text(rows, 1),
                          .url = db_get_text(rows, 2),
                          .has_types = !db_is_null(rows, 3),
                          .types = db_get_u64(rows, 3),
                          .has_rooms = !db_is_null(rows, 4),
                          .rooms = db_get_text(rows, 4),
                          .is_active = db_get_bool(rows, 5),
                          .created_at = db_get_time(rows, 7),
                          .delivered = db_get_u64(rows, 8),
                          .failed = db_get_u64(rows, 9),
                          .delivered_at = time_or_0(rows, 10),
                          .failed_at = time_or_0(rows, 11),
                          .failure = db_get_text(rows, 12),
                          .has_old_secret = !db_is_null(rows, 13)};
    hook_secret_from_row(rows, 6, hook->secret);
    hook_secret_from_row(rows, 13, hook->old_secret);
}

/* Visits each hook and frees the rows; returns their number. */
static uint64_t visit_all(struct db_rows *rows, hook_visit *visit, void *context) {
    struct hook hook;
    uint64_t count = 0;
    for (; db_next(rows); count++) {
        hook_from_row(rows, &hook);
        visit(context, &hook);
    }
    db_done(rows);
    return count;
}

enum error hook_get(struct db *db, uint64_t id, hook_visit *visit, void *context) {
    static const char SQL[] = "SELECT " COLUMNS " FROM hook h WHERE h.hook_id = ?";
    struct db_rows *rows;
    const enum error error = DB_RUN(db, SQL, DB_REPEATABLE, &rows, db_u64(id));
    if (error)
        return error;
    return visit_all(rows, visit, context) > 0 ? ERROR_NONE : ERROR_NOT_FOUND;
}

enum error hook_list(struct db *db, uint64_t limit, uint64_t offset, hook_visit *visit,
                     void *context) {
    static const char SQL[] = "SELECT " COLUMNS " FROM hook h ORDER BY h.hook_id LIMIT ? OFFSET ?";
    struct db_rows *rows;
    const enum error error = DB_RUN(db, SQL, DB_REPEATABLE, &rows, db_u64(limit), db_u64(offset));
    if (!error)
        visit_all(rows, visit, context);
    return error;
}

enum error hook_count(struct db *db, uint64_t *count) {
    return db_number(db, "SELECT COUNT(*) FROM hook", count);
}

/* ---- changing ---- */

/* Differs from db_text_or_null: an empty text is a value here. */
static struct db_value text_or_null(struct text text) {
    return text.at ? db_text(text) : db_str(NULL);
}

enum error hook_add(struct db *db, const struct hook *hook, uint64_t *id) {
    /* Both rows or none: hook_id refers to the follower. A name that is taken is a duplicate key,
     * which db_run returns as ERROR_CONFLICT. */
    static const char SQL[] = TRANSACTION(
        "DECLARE p_name VARCHAR(64) CHARACTER SET utf8mb4 DEFAULT ?; "
        "DECLARE p_url VARCHAR(2048) CHARACTER SET utf8mb4 DEFAULT ?; "
        "DECLARE p_types BIGINT UNSIGNED DEFAULT ?; "
        "DECLARE p_rooms VARCHAR(2200) CHARACTER SET utf8mb4 DEFAULT ?; "
        "DECLARE p_active BOOLEAN DEFAULT ?; DECLARE p_secret BINARY(32) DEFAULT ?; "
        "DECLARE v_id BIGINT UNSIGNED; ",
        "SET v_now = SYSDATE(6); "
        "INSERT INTO follower (started_at, seen_at) VALUES (v_now, v_now); "
        "SET v_id = LAST_INSERT_ID(); "
        "INSERT INTO hook (hook_id, name, url, event_types, rooms, is_active, secret, created_at) "
        "VALUES (v_id, p_name, p_url, p_types, p_rooms, p_active, p_secret, v_now); "
        AUDIT_SUBJECT_SQL("v_id"),
        ", v_id");
    struct db_rows *rows;
    const enum error error =
        DB_RUN(db, SQL, 0, &rows, db_text(hook->name), db_text(hook->url),
               hook->has_types ? db_u64(hook->types) : db_str(NULL),
               hook->has_rooms ? db_text(hook->rooms) : db_str(NULL), db_bool(hook->is_active),
               db_bytes(hook->secret, HOOK_SECRET_BYTES));
    return error ? error : transaction_number(rows, id);
}

/* Where follower v_id begins in room r: as in follower.c, at its start; and at `now` in rooms that
 * are its own from now on. */
#define PLACES(rooms, seq)                                                                        \
    "INSERT IGNORE INTO follower_room (follower_id, room_id, seq, due_at, behind_at, worker_id) " \
    "SELECT p_id, r.room_id, " seq ", IF(" seq                                                    \
    " = r.last_seq, NULL, v_now), v_now, IF(v_active, NULL, 0) "                                  \
    "FROM room r WHERE " rooms "; "

/* The last event before the follower began; if all such events were deleted, the one before the
 * oldest that is left. */
#define SEQ_AT_START                                                   \
    "COALESCE((SELECT e.seq FROM event e WHERE e.room_id = r.room_id " \
    "AND e.created_at < v_started ORDER BY e.seq DESC LIMIT 1), r.oldest_seq - 1)"

/* The list of rooms changes. First every room that was in the list gets a row with its place, then
 * those that are added one that begins now. A hook of all rooms has rows only of rooms that have
 * changed since it was created; one that becomes a hook of all rooms begins now in the others. */
#define CHANGE_ROOMS \
    "IF p_set_rooms AND NOT (p_rooms <=> v_rooms) THEN "                                      \
    PLACES("(v_rooms IS NULL OR FIND_IN_SET(r.room_id, v_rooms)) AND "                        \
           "(r.last_active_at >= v_started OR r.changed_at >= v_started)", SEQ_AT_START)      \
    "IF p_rooms IS NULL THEN UPDATE follower SET started_at = v_now WHERE follower_id = p_id; "\
    "ELSE " PLACES("FIND_IN_SET(r.room_id, p_rooms)", "r.last_seq")                           \
    /* A room that is added again later begins at that time. */                               \
    "DELETE FROM follower_room WHERE follower_id = p_id "                                     \
    "AND room_id <> 0 AND NOT FIND_IN_SET(room_id, p_rooms); END IF; END IF; "

/* The time since which rooms may have changed: when the hook was last active, minus the 70 s that a
 * commit may take. A time in the future means that the clock was set back: then anything may have
 * changed. */
#define ACTIVE_UNTIL "IF(f.seen_at > NOW(6), '2000-01-01', f.seen_at - INTERVAL 70 SECOND) "

/* As follower_find_rooms for one hook, since the time when it was last active. Rows that exist only
 * become due; those that do not exist begin where the hook began. */
static const char CATCH_UP[] =
    "INSERT INTO follower_room (follower_id, room_id, seq, due_at, behind_at) "
    "SELECT STRAIGHT_JOIN h.hook_id, r.room_id, COALESCE(p.seq, (SELECT e.seq FROM event e "
    "WHERE e.room_id = r.room_id AND e.created_at < f.started_at ORDER BY e.seq DESC LIMIT 1), "
    "r.oldest_seq - 1), NOW(6), NOW(6) FROM hook h "
    "JOIN follower f ON f.follower_id = h.hook_id "
    "JOIN room r ON (r.last_active_at >= " ACTIVE_UNTIL "OR r.changed_at >= " ACTIVE_UNTIL
    ") AND (h.rooms IS NULL OR FIND_IN_SET(r.room_id, h.rooms)) "
    "LEFT JOIN follower_room p ON p.follower_id = h.hook_id AND p.room_id = r.room_id "
    "WHERE h.hook_id = ? AND (p.room_id IS NULL OR (p.due_at IS NULL AND p.seq <> r.last_seq)) "
    "ON DUPLICATE KEY UPDATE behind_at = IF(follower_room.due_at IS NULL, VALUES(behind_at), "
    "follower_room.behind_at), due_at = COALESCE(follower_room.due_at, VALUES(due_at))";

enum error hook_change(struct db *db, uint64_t id, const struct hook_patch *patch) {
    /* NULL means unchanged, except for types and rooms, whose NULL is a value (all) and has a flag
     * of its own. */
    static const char SQL[] = TRANSACTION(
        "DECLARE p_id BIGINT UNSIGNED DEFAULT ?; "
        "DECLARE p_name VARCHAR(64) CHARACTER SET utf8mb4 DEFAULT ?; "
        "DECLARE p_url VARCHAR(2048) CHARACTER SET utf8mb4 DEFAULT ?; "
        "DECLARE p_set_types BOOLEAN DEFAULT ?; DECLARE p_types BIGINT UNSIGNED DEFAULT ?; "
        "DECLARE p_set_rooms BOOLEAN DEFAULT ?; "
        "DECLARE p_rooms VARCHAR(2200) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin DEFAULT ?; "
        "DECLARE p_active BOOLEAN DEFAULT ?; DECLARE p_secret BINARY(32) DEFAULT ?; "
        "DECLARE p_hours BIGINT UNSIGNED DEFAULT ?; "
        "DECLARE v_active BOOLEAN; DECLARE v_started DATETIME(6); "
        "DECLARE v_rooms VARCHAR(2200) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin; ",
        /* The row is locked before it is compared: of two changes of the rooms the second one sees
         * the list of the first. */
        "SELECT h.is_active, h.rooms, f.started_at INTO v_active, v_rooms, v_started FROM hook h "
        "JOIN follower f ON f.follower_id = h.hook_id WHERE h.hook_id = p_id FOR UPDATE; "
        "SET v_now = SYSDATE(6); "
        "IF v_active IS NULL THEN SET v_outcome = 4; LEAVE body; END IF; "
        CHANGE_ROOMS
        "UPDATE hook SET name = COALESCE(p_name, name), url = COALESCE(p_url, url), "
        "event_types = IF(p_set_types, p_types, event_types), "
        "rooms = IF(p_set_rooms, p_rooms, rooms), is_active = COALESCE(p_active, is_active), "
        /* old_secret is assigned before secret, so that it takes the value that is replaced. */
        "old_secret = IF(p_secret IS NULL, old_secret, secret), "
        "old_secret_until = IF(p_secret IS NULL, old_secret_until, "
        "v_now + INTERVAL p_hours HOUR), "
        "secret = COALESCE(p_secret, secret) WHERE hook_id = p_id; "
        /* Not active: out of the workers' index. Active again: what has changed meanwhile. */
        "IF v_active AND NOT p_active THEN UPDATE follower_room SET worker_id = 0 "
        "WHERE follower_id = p_id AND room_id <> 0; "
        "UPDATE follower SET seen_at = v_now WHERE follower_id = p_id; "
        "ELSEIF NOT v_active AND p_active THEN "
        "UPDATE follower_room SET worker_id = NULL, tries = 0, "
        "due_at = IF(due_at IS NULL, NULL, v_now) "
        "WHERE follower_id = p_id AND room_id <> 0; END IF; " AUDIT_SUBJECT_SQL("p_id"),
        ", NOT v_active AND p_active");
    struct db_rows *rows;
    const struct db_value types = patch->has_types ? db_u64(patch->types) : db_str(NULL);
    /* Bound as NULL if there is none, as for `rooms`. */
    const struct db_value room_list = patch->has_rooms ? db_text(patch->rooms) : db_str(NULL);
    const struct db_value active = patch->set_active ? db_bool(patch->is_active) : db_str(NULL);
    const struct db_value secret =
        patch->secret ? db_bytes(patch->secret, HOOK_SECRET_BYTES) : db_str(NULL);
    enum error error =
        DB_RUN(db, SQL, 0, &rows, db_u64(id), text_or_null(patch->name), text_or_null(patch->url),
               db_bool(patch->set_types), types, db_bool(patch->set_rooms), room_list, active,
               secret, db_u64(HOOK_OLD_SECRET_HOURS));
    if (error)
        return error;
    /* The last column of the result: it was off and is on. */
    const bool is_back = transaction_row(rows, &error) && !error && db_get_bool(rows, 1);
    /* After the commit: CATCH_UP reads rows of rooms, which the transaction must not keep
     * locked. */
    db_done(rows);
    return is_back ? DB_RUN(db, CATCH_UP, DB_REPEATABLE, NULL, db_u64(id)) : error;
}

enum error hook_delete(struct db *db, uint64_t id) {
    static const char SQL[] =
        TRANSACTION(
        "DECLARE p_id BIGINT UNSIGNED DEFAULT ?; ",
        "DELETE FROM hook WHERE hook_id = p_id; "
        /* The hook first, since its id refers to the follower. */
        "IF ROW_COUNT() = 0 THEN SET v_outcome = 4; LEAVE body; END IF; "
        "DELETE FROM follower_room WHERE follower_id = p_id; "
        "DELETE FROM follower WHERE follower_id = p_id; " AUDIT_SUBJECT_SQL("p_id"),
        "");
    struct db_rows *rows;
    const enum error error = DB_RUN(db, SQL, 0, &rows, db_u64(id));
    return error ? error : transaction_outcome(rows);
}

enum error hook_test(struct db *db, uint64_t id) {
    /* The room of tests is number 0. While a test waits to be delivered, no second one is added;
     * seq is the time, so that each has an id of its own. */
    static const char SQL[] = TRANSACTION(
        "",
        "INSERT INTO follower_room (follower_id, room_id, seq, due_at, behind_at) "
        "SELECT hook_id, 0, FLOOR(UNIX_TIMESTAMP(SYSDATE(6)) * 1000), SYSDATE(6), SYSDATE(6) "
        "FROM hook WHERE hook_id = ? ON DUPLICATE KEY UPDATE due_at = VALUES(due_at); "
        "IF ROW_COUNT() = 0 THEN SET v_outcome = 4; LEAVE body; END IF; ",
        "");
    struct db_rows *rows;
    const enum error error = DB_RUN(db, SQL, DB_REPEATABLE, &rows, db_u64(id));
    return error ? error : transaction_outcome(rows);
}

/* Appends a text, with characters that JSON would escape replaced. */
static void append_plain(struct buffer *out, const char *text) {
    for (; *text; text++)
        buffer_append_char(
            out, *text < ' ' || *text > '~' || *text == '"' || *text == '\\' ? '\'' : *text);
}

enum error hook_count_tries(struct db *db, const struct hook_tries *tries, size_t count) {
    if (count == 0)
        return ERROR_NONE;
    /* Counters are added to, so a statement that is repeated after a lost connection would
     * count twice: it is not repeatable, and a lost count is accepted. */
    static const char SQL[] =
        "UPDATE hook h JOIN JSON_TABLE(?, '$[*]' COLUMNS (h BIGINT UNSIGNED PATH '$[0]', "
        "d BIGINT UNSIGNED PATH '$[1]', x BIGINT UNSIGNED PATH '$[2]', "
        "w VARCHAR(255) CHARACTER SET utf8mb4 PATH '$[3]')) j ON h.hook_id = j.h "
        "SET h.delivered_count = h.delivered_count + j.d, h.failed_count = h.failed_count + j.x, "
        "h.delivered_at = IF(j.d > 0, SYSDATE(6), h.delivered_at), "
        "h.failed_at = IF(j.x > 0, SYSDATE(6), h.failed_at), "
        "h.failure = IF(j.x > 0, j.w, h.failure)";
    struct buffer list = BUFFER_EMPTY;
    for (size_t i = 0; i < count; i++) {
        buffer_printf(&list, "%s[%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",\"", i > 0 ? "," : "[",
                      /* A JSON array of [hook, delivered, failed, "failure"]; NULL is written as an
                       * empty text and not used. */
                      tries[i].hook_id, tries[i].delivered, tries[i].failed);
        append_plain(&list, tries[i].failure ? tries[i].failure : "");
        buffer_append_str(&list, "\"]");
    }
    buffer_append_char(&list, ']');
    const enum error error = DB_RUN(db, SQL, 0, NULL, db_text((struct text){list.data, list.len}));
    buffer_free(&list);
    return error;
}

/* ---- incoming hooks ---- */

#define IN_COLUMNS "i.hook_in_id, i.room_id, i.user_id, i.created_at, u.username, i.name"
#define IN_FROM " FROM hook_in i JOIN user u ON u.user_id = i.user_id "

static void hook_in_from_row(const struct db_rows *rows, struct hook_in *hook) {
    *hook = (struct hook_in){.id = db_get_u64(rows, 0),
                             .room_id = db_get_u64(rows, 1),
                             .user_id = db_get_u64(rows, 2),
                             .created_at = db_get_time(rows, 3),
                             .username = db_get_text(rows, 4),
                             .name = db_get_text(rows, 5)};
}

enum error hook_in_add(struct db *db, struct text name, const unsigned char hash[SECRET_HASH_SIZE],
                       uint64_t room_id, uint64_t user_id) {
    /* The audit has the room and the bot, the number of the hook as the subject, never the
     * secret. */
    static const char SQL[] = TRANSACTION(
        "DECLARE p_name VARCHAR(64) CHARACTER SET utf8mb4 DEFAULT ?; "
        "DECLARE p_hash BINARY(32) DEFAULT ?; "
        "DECLARE p_room BIGINT UNSIGNED DEFAULT ?; DECLARE p_user BIGINT UNSIGNED DEFAULT ?; ",
        "INSERT INTO hook_in (name, secret_hash, room_id, user_id, created_at) "
        "VALUES (p_name, p_hash, p_room, p_user, SYSDATE(6)); "
        AUDIT_ROOM_SQL("p_room") AUDIT_USER_SQL("p_user") AUDIT_SUBJECT_SQL("LAST_INSERT_ID()"),
        "");
    return DB_RUN(db, SQL, 0, NULL, db_text(name), db_bytes(hash, SECRET_HASH_SIZE),
                  db_u64(room_id), db_u64(user_id));
}

enum error hook_in_find(struct db *db, const unsigned char hash[SECRET_HASH_SIZE],
                        struct hook_in *hook) {
    /* By the unique key of secret_hash. The bot may post only while it is active. */
    static const char SQL[] =
        "SELECT " IN_COLUMNS IN_FROM "WHERE i.secret_hash = ? AND u.is_active";
    struct db_rows *rows;
    enum error error = DB_RUN(db, SQL, DB_REPEATABLE, &rows, db_bytes(hash, SECRET_HASH_SIZE));
    if (error)
        return error;
    error = db_next(rows) ? ERROR_NONE : ERROR_NOT_FOUND;
    if (!error)
        hook_in_from_row(rows, hook);
    /* The texts end with the rows. */
    hook->name = hook->username = (struct text){"", 0};
    db_done(rows);
    return error;
}

enum error hook_in_list(struct db *db, hook_in_visit *visit, void *context) {
    static const char SQL[] = "SELECT " IN_COLUMNS IN_FROM "ORDER BY i.hook_in_id";
    struct db_rows *rows;
    struct hook_in hook;
    const enum error error = db_run(db, SQL, DB_REPEATABLE, NULL, 0, &rows);
    if (error)
        return error;
    while (db_next(rows)) {
        hook_in_from_row(rows, &hook);
        visit(context, &hook);
    }
    db_done(rows);
    return ERROR_NONE;
}

enum error hook_in_delete(struct db *db, struct text name) {
    static const char SQL[] = TRANSACTION(
        "", "DELETE FROM hook_in WHERE name = ?; "
        "IF ROW_COUNT() = 0 THEN SET v_outcome = 4; LEAVE body; END IF; ", "");
    struct db_rows *rows;
    const enum error error = DB_RUN(db, SQL, 0, &rows, db_text(name));
    return error ? error : transaction_outcome(rows);
}
