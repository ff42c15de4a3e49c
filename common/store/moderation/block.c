/* Blocks. Only posts in direct rooms depend on them, and room.has_block of the direct room of the
 * two users shows whether there is one. The rows of both users are locked, so that no direct room
 * is made at the same time, and two requests cannot pass the limit together. */
#include "store/moderation/block.h"

#include <stdlib.h>

#include "base/xalloc.h"
#include "event/event.h"
#include "store/rooms/role.h"
#include "store/transaction.h"

#define DECLARATIONS                                                                             \
    "DECLARE p_user BIGINT UNSIGNED DEFAULT ?; DECLARE p_blocked BIGINT UNSIGNED DEFAULT ?; "    \
    "DECLARE v_room, v_user, v_user_seq BIGINT UNSIGNED; DECLARE v_changed BOOLEAN DEFAULT FALSE; "

/* The room first, then the users by rising id. */
#define LOCK                                                                                     \
    "SET v_room = (SELECT room_id FROM room WHERE direct_low = LEAST(p_user, p_blocked) "        \
    "AND direct_high = GREATEST(p_user, p_blocked) FOR UPDATE); "                                \
    "SELECT COUNT(*) INTO v_user FROM user WHERE user_id IN (p_user, p_blocked) FOR UPDATE; "    \
    "SET v_now = SYSDATE(6); "

/* Marks the change for entity tags, and the direct room as blocked or not. */
#define NOTE                                                                                     \
    "UPDATE user SET block_changes = block_changes + 1 WHERE user_id = p_user; "                 \
    /* Not shown to clients: pushd reads the blocked users again. */                              \
    TRANSACTION_USER_EVENT("p_user", EVENT_SQL(EVENT_CREDENTIALS_CHANGED), "p_user", "0", "+ 0") \
    "UPDATE room SET has_block = " BLOCK_SQL("direct_low", "direct_high") " OR "                 \
    BLOCK_SQL("direct_high", "direct_low") ", has_rules = " ROOM_HAS_RULES                       \
    " WHERE room_id = v_room; "

/* Runs the statement of a block or its end, and reads its result. */
static enum error run(struct db *db, const char *sql, uint64_t user_id, uint64_t blocked_id,
                      struct user_change *change) {
    struct db_rows *rows;
    const enum error error =
        DB_RUN(db, sql, DB_REPEATABLE, &rows, db_u64(user_id), db_u64(blocked_id));
    /* *change has the event on the user's own stream, for publishing. */
    return user_change_read(error, rows, user_id, change);
}

enum error block_add(struct db *db, uint64_t user_id, uint64_t blocked_id,
                     struct user_change *change) {
    static const char SQL[] = TRANSACTION(
        DECLARATIONS,
        LOCK
        /* 1, bad input: the other user does not exist, or is the same one. v_user counts the rows
         * that were found: 2 if both exist and differ. */
        "IF v_user < 2 THEN SET v_outcome = 1; LEAVE body; END IF; "
        "INSERT IGNORE INTO block (user_id, blocked_id, created_at) "
        "VALUES (p_user, p_blocked, v_now); "
        "IF ROW_COUNT() = 0 THEN LEAVE body; END IF; "
        /* Checked after the insertion; the rollback takes it back. 13: ERROR_CONFLICT. */
        "IF (SELECT COUNT(*) FROM block WHERE user_id = p_user) > " BLOCKS_MOST " THEN "
        "SET v_outcome = 13; LEAVE body; END IF; "
        "SET v_changed = TRUE; " NOTE,
        ", v_changed, v_user_seq");
    return run(db, SQL, user_id, blocked_id, change);
}

enum error block_remove(struct db *db, uint64_t user_id, uint64_t blocked_id,
                        struct user_change *change) {
    static const char SQL[] = TRANSACTION(
        DECLARATIONS,
        LOCK
        "DELETE FROM block WHERE user_id = p_user AND blocked_id = p_blocked; "
        /* Not blocked: a success that changes nothing. */
        "IF ROW_COUNT() = 0 THEN LEAVE body; END IF; "
        "SET v_changed = TRUE; " NOTE,
        ", v_changed, v_user_seq");
    return run(db, SQL, user_id, blocked_id, change);
}

/* ---- reading ---- */

#define SELECT                                                                   \
    "SELECT b.blocked_id, u.username, b.created_at FROM block b "                \
    "JOIN user u ON u.user_id = b.blocked_id WHERE b.user_id = ? "

static struct block from_row(const struct db_rows *rows) {
    return (struct block){db_get_u64(rows, 0), db_get_text(rows, 1), db_get_time(rows, 2)};
}

enum error block_list(struct db *db, uint64_t user_id, uint64_t limit, uint64_t offset,
                      block_visit *visit, void *context) {
    /* A user blocks at most BLOCKS_MOST others: sorting them is cheap. */
    static const char SQL[] =
        SELECT "ORDER BY b.created_at DESC, b.blocked_id DESC LIMIT ? OFFSET ?";
    struct db_rows *rows;
    const enum error error =
        DB_RUN(db, SQL, DB_REPEATABLE, &rows, db_u64(user_id), db_u64(limit), db_u64(offset));
    if (error)
        return error;
    while (db_next(rows)) {
        const struct block block = from_row(rows);
        visit(context, &block);
    }
    db_done(rows);
    return ERROR_NONE;
}

enum error block_count(struct db *db, uint64_t user_id, uint64_t *count) {
    static const char SQL[] = "SELECT COUNT(*) FROM block WHERE user_id = ?";
    return DB_NUMBER(db, SQL, count, db_u64(user_id));
}

enum error block_get(struct db *db, uint64_t user_id, uint64_t blocked_id, block_visit *visit,
                     void *context) {
    static const char SQL[] = SELECT "AND b.blocked_id = ?";
    struct db_rows *rows;
    const enum error error = DB_FIND(db, SQL, &rows, db_u64(user_id), db_u64(blocked_id));
    if (error)
        return error;
    const struct block block = from_row(rows);
    visit(context, &block);
    db_done(rows);
    return ERROR_NONE;
}

enum error block_ids(struct db *db, uint64_t user_id, uint64_t **ids, size_t *count) {
    /* By the primary key (user_id, blocked_id). */
    static const char SQL[] = "SELECT blocked_id FROM block WHERE user_id = ? ORDER BY blocked_id";
    struct db_rows *rows;
    const enum error error = DB_RUN(db, SQL, DB_REPEATABLE, &rows, db_u64(user_id));
    *ids = NULL;
    *count = 0;
    if (error)
        return error;
    /* block_ids_have searches with bsearch, hence the ORDER BY. Never NULL after success. */
    *ids = xcalloc((size_t)db_count(rows), sizeof(**ids));
    while (db_next(rows))
        (*ids)[(*count)++] = db_get_u64(rows, 0);
    db_done(rows);
    return ERROR_NONE;
}

static int compare_ids(const void *one, const void *other) {
    const uint64_t a = *(const uint64_t *)one, b = *(const uint64_t *)other;
    return (a > b) - (a < b);
}

bool block_ids_have(const uint64_t *ids, size_t count, uint64_t id) {
    return count > 0 && bsearch(&id, ids, count, sizeof(*ids), compare_ids) != NULL;
}
