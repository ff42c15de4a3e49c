/* Erasing an account: one transaction that ends it, and a row in `erasure` with the stage of what
 * follows. Each stage can be repeated: two processes at once, or one that was killed, do no harm.
 */
#include "store/privacy/erasure.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "event/event.h"
#include "store/messages/clearing.h"
#include "store/messages/file.h"
#include "store/moderation/block.h"
#include "store/rooms/member.h"
#include "store/rooms/room.h"
#include "store/search/search_index.h"
#include "store/site/identity_ban.h"
#include "store/transaction.h"

#define PREFIX "deleted-"

/* Rows of one statement. */
#define SLICE 500

/* The stages, in order; the numbers are stored. */
enum stage {
    STAGE_ROOMS,
    STAGE_NOTES,
    STAGE_MESSAGES,
    STAGE_CLIENT_IDS,
    STAGE_REMAINS,
    STAGE_COUNT
};

bool erasure_is_name(struct text name) {
    const size_t len = strlen(PREFIX);
    if (name.len <= len || !text_equals_nocase((struct text){name.at, len}, text_of(PREFIX)))
        return false;
    /* Only names that the erasure makes, so that users may be called deleted-anything-else. */
    return text_is_digit(name.at[len]);
}

/* ---- at once ---- */

/* An older user may have this name, from before such names were reserved; then it gets a suffix. */
#define FREE_NAME                                                                        \
    "SET v_name = CONCAT('" PREFIX                                                       \
    "', p_user); "                                                                       \
    "IF EXISTS (SELECT 1 FROM user WHERE username = v_name AND user_id <> p_user) THEN " \
    "SET v_name = CONCAT(v_name, '-', LEFT(SHA2(CONCAT(RAND(), v_now), 256), 6)); END IF; "

static const char BEGIN[] = TRANSACTION(
    "DECLARE p_user BIGINT UNSIGNED DEFAULT ?; DECLARE p_erases BOOLEAN DEFAULT ?; "
    "DECLARE v_user_seq BIGINT UNSIGNED; DECLARE v_active BOOLEAN; DECLARE v_erased DATETIME(6); "
    "DECLARE v_changed BOOLEAN DEFAULT FALSE; " IDENTITY_BAN_DECLARE_KEYS
    "DECLARE v_name VARCHAR(32) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_nopad_ci; ",
    "SELECT is_active, erased_at INTO v_active, v_erased FROM user WHERE user_id = p_user "
    "FOR UPDATE; SET v_now = SYSDATE(6); "
    /* 4: no such user. 3: a user whose external id is empty, as the site's own user has. */
    "IF v_active IS NULL THEN SET v_outcome = 4; LEAVE body; END IF; "
    "IF EXISTS (SELECT 1 FROM external_user WHERE user_id = p_user AND issuer = '' "
    "AND subject = '') THEN SET v_outcome = 3; LEAVE body; END IF; "
    /* A second time: only to erase the messages, too. The stage begins again if the messages are to
     * be erased after an erasure that kept them. */
    "IF v_erased IS NULL OR p_erases THEN "
    "INSERT INTO erasure (user_id, erases, started_at) VALUES (p_user, p_erases, v_now) "
    "ON DUPLICATE KEY UPDATE stage = IF(erases, stage, 0), erases = erases OR p_erases; END IF; "
    "IF v_erased IS NOT NULL AND NOT p_erases THEN LEAVE body; END IF; "
    AUDIT_USER_SQL("p_user")
    /* Everything that lets the user in or names the user goes in this transaction; what may take
     * long follows in slices. */
    "IF v_erased IS NULL THEN "
    FREE_NAME
    "UPDATE user SET username = v_name, password_hash = '', is_active = FALSE, is_staff = FALSE, "
    "is_moderator = FALSE, display_name = NULL, avatar_url = NULL, locale = NULL, email = NULL, "
    "email_verified = FALSE, bell = NULL, erased_at = v_now WHERE user_id = p_user; "
    "DELETE FROM token WHERE user_id = p_user; DELETE FROM session WHERE user_id = p_user; "
    "DELETE FROM user_totp WHERE user_id = p_user; "
    "DELETE FROM known_address WHERE user_id = p_user; "
    IDENTITY_BAN_KEEP
    "DELETE FROM external_user WHERE user_id = p_user; "
    "DELETE FROM user_word WHERE user_id = p_user; "
    "DELETE FROM hook_in WHERE user_id = p_user; "
    "DELETE FROM file_quota WHERE user_id = p_user; "
    "DELETE FROM account_mail WHERE user_id = p_user; "
    "DELETE FROM export_job WHERE user_id = p_user; "
    "DELETE FROM held WHERE sender_id = p_user; DELETE FROM guest WHERE user_id = p_user; "
    "SET v_changed = TRUE; "
    /* Closes the user's sockets: pushd checks the credentials again. */
    TRANSACTION_USER_EVENT("p_user", EVENT_SQL(EVENT_CREDENTIALS_CHANGED), "p_user", "0", "+ 0")
    /* Lists that show profiles get new entity tags. */
    "UPDATE total SET number = number + 1 WHERE name = 'profile_changes'; END IF; ",
    ", v_changed, v_user_seq");

/* Ends the blocks one by one, since each also changes a direct room. */
static enum error end_blocks(struct db *db, uint64_t user_id) {
    uint64_t *ids = NULL;
    size_t count = 0;
    struct user_change unused;
    /* The caller has no use for the events on the stream of a user who is gone. */
    enum error error = block_ids(db, user_id, &ids, &count);
    for (size_t i = 0; !error && i < count; i++)
        error = block_remove(db, user_id, ids[i], &unused);
    free(ids);
    return error;
}

enum error erasure_begin(struct db *db, uint64_t user_id, bool erases, struct user_change *change) {
    struct buffer keys = BUFFER_EMPTY;
    struct db_rows *rows = NULL;
    enum error error = identity_ban_keys(db, user_id, &keys);
    if (!error)
        error = DB_RUN(db, BEGIN, 0, &rows, db_u64(user_id), db_bool(erases),
                       db_text((struct text){keys.data, keys.len}));
    buffer_free(&keys);
    /* If end_blocks fails, the stage of notes does it again. */
    error = user_change_read(error, rows, user_id, change);
    return error ? error : end_blocks(db, user_id);
}

/* ---- in slices ---- */

struct erasure {
    uint64_t user_id, room_id;
    enum stage stage;
    bool erases;
};

/* The erasure that is to continue, of one user or of any; its user_id is 0 if there is none. */
static enum error next_erasure(struct db *db, uint64_t user_id, struct erasure *erasure) {
    /* 0: of any user, the oldest first. */
    static const char SQL[] =
        "SELECT user_id, room_id, stage, erases FROM erasure WHERE user_id = ? OR ? = 0 "
        "ORDER BY started_at LIMIT 1";
    struct db_rows *rows;
    const enum error error =
        DB_RUN(db, SQL, DB_REPEATABLE, &rows, db_u64(user_id), db_u64(user_id));
    *erasure = (struct erasure){0};
    if (error)
        return error;
    if (db_next(rows)) {
        erasure->user_id = db_get_u64(rows, 0);
        erasure->room_id = db_get_u64(rows, 1);
        erasure->stage = (enum stage)db_get_u64(rows, 2);
        erasure->erases = db_get_bool(rows, 3);
    }
    db_done(rows);
    return ERROR_NONE;
}

/* Removes the user from up to `limit` rooms, also direct ones, so that the user cannot post there
 * any more. */
static enum error leave_rooms(struct db *db, const struct erasure *erasure, uint64_t limit,
                              uint64_t *done) {
    /* The statement is repeated until it finds no row, so no position has to be kept. */
    static const char SQL[] = "SELECT room_id FROM member WHERE user_id = ? LIMIT ?";
    struct db_rows *rows;
    enum error error =
        DB_RUN(db, SQL, DB_REPEATABLE, &rows, db_u64(erasure->user_id), db_u64(limit));
    if (error)
        return error;
    while (!error && db_next(rows)) {
        struct member_change change;
        error = member_remove_erased(db, db_get_u64(rows, 0), erasure->user_id, &change);
        /* Another process was faster. */
        if (error == ERROR_NOT_FOUND)
            error = ERROR_NONE;
        ++*done;
    }
    db_done(rows);
    return error;
}

/* Deletes files that are in no message, and texts of the user that are not messages. Copies of
 * messages in reports (report.content) stay until report_days. */
static enum error clear_notes(struct db *db, const struct erasure *erasure) {
    /* Repeatable statements, each by the user's id. */
    static const char *const ALWAYS[] = {
        ("UPDATE file SET state = 4, expires_at = SYSDATE(6) "
         "WHERE user_id = ? AND message_id IS NULL AND state <> 4"),
        "DELETE FROM held WHERE sender_id = ?",
        "UPDATE report SET note = NULL WHERE reporter_id = ?",
    };
    /* Only if the messages are erased as well. */
    static const char *const ERASING[] = {
        "UPDATE ban SET reason = NULL WHERE banned_by_id = ?",
        /* The reason of a change of role is the role. */
        "UPDATE audit SET reason = NULL WHERE actor_kind = 1 AND actor_id = ? AND action <> 'role'",
        /* From before the first message on. actor_id = user_id marks the clearing as one of an
         * erasure. */
        ("INSERT INTO clearing (whole_site, room_id, user_id, actor_id, since) "
         "SELECT TRUE, 0, user_id, user_id, '1970-01-02' FROM user WHERE user_id = ?"),
    };
    enum error error = end_blocks(db, erasure->user_id);
    for (size_t i = 0; !error && i < sizeof(ALWAYS) / sizeof(ALWAYS[0]); i++)
        error = DB_RUN(db, ALWAYS[i], DB_REPEATABLE, NULL, db_u64(erasure->user_id));
    for (size_t i = 0; !error && erasure->erases && i < sizeof(ERASING) / sizeof(ERASING[0]); i++)
        error = DB_RUN(db, ERASING[i], DB_REPEATABLE, NULL, db_u64(erasure->user_id));
    return error;
}

/* Deletes messages until the clearing that clear_notes has begun is done. */
static enum error clear_messages(struct db *db, const struct config *config,
                                 const struct erasure *erasure, uint64_t limit, uint64_t *done) {
    static const char SQL[] =
        "SELECT COUNT(*) FROM clearing WHERE whole_site AND user_id = ? AND actor_id = user_id";
    struct db_rows *rows;
    enum error error = DB_RUN(db, SQL, DB_REPEATABLE, &rows, db_u64(erasure->user_id));
    if (error)
        return error;
    /* Other clearings may come first, such as those of bans; each step continues with the first. */
    const bool waits = db_next(rows) && db_get_u64(rows, 0) > 0;
    db_done(rows);
    return waits ? clearing_step(db, config->file_dir, limit, done) : ERROR_NONE;
}

/* Clears client_id, also of deleted messages, since a client may have put anything into it. */
static enum error clear_client_ids(struct db *db, const struct erasure *erasure, uint64_t *done) {
    /* By the key (room_id, sender_id, client_id): the user's messages with ids of clients are
     * one range. The new value is unique by the message's id. */
    static const char CLEAR[] =
        "UPDATE message FORCE INDEX (client_id) SET client_id = CONCAT('s-', message_id) "
        "WHERE room_id = ? AND sender_id = ? AND client_id >= 'c' AND client_id < 'd' LIMIT ?";
    static const char MOVE[] = "UPDATE erasure SET room_id = ? WHERE user_id = ?";
    uint64_t room_id = 0;
    enum error error = DB_RUN(db, CLEAR, DB_REPEATABLE, NULL, db_u64(erasure->room_id),
                              db_u64(erasure->user_id), db_u64(SLICE));
    *done = error ? 0 : db_changed(db);
    /* This room again, until none is left. */
    if (error || *done > 0)
        return error;
    error = clearing_next_room(db, erasure->room_id, erasure->user_id, &room_id);
    if (error || room_id == 0)
        return error;
    /* Moving on counts, so that the stage does not end here. */
    *done = 1;
    return DB_RUN(db, MOVE, DB_REPEATABLE, NULL, db_u64(room_id), db_u64(erasure->user_id));
}

/* Deletes at once what housekeeping would delete later: rooms whose last member the user was,
 * files, and search terms. */
static enum error clear_remains(struct db *db, const struct config *config, uint64_t limit,
                                uint64_t *done) {
    /* The messages are removed from the search index, 100 ms at a time. */
    struct search_index search = {0};
    bool more = config->search == CONFIG_ON;
    enum error error = room_purge(db, SLICE, done);
    if (!error && *done == 0)
        error = file_purge(db, config->file_dir, limit, done);
    while (!error && *done == 0 && more)
        error = search_index_step(db, &search, 100, &more);
    return error;
}

/* Moves the erasure to the next stage, or ends it. */
static enum error end_stage(struct db *db, const struct erasure *erasure) {
    /* The stage is compared, so that of two processes one moves it on. */
    static const char NEXT[] =
        "UPDATE erasure SET stage = ?, room_id = 0 WHERE user_id = ? AND stage = ?";
    static const char END[] = "DELETE FROM erasure WHERE user_id = ? AND stage = ?";
    /* Without erasing the messages two stages are left out. */
    unsigned next = erasure->stage + 1;
    if (!erasure->erases && next == STAGE_MESSAGES)
        next = STAGE_REMAINS;
    return next < STAGE_COUNT
               ? DB_RUN(db, NEXT, DB_REPEATABLE, NULL, db_u64(next), db_u64(erasure->user_id),
                        db_u64(erasure->stage))
               : DB_RUN(db, END, DB_REPEATABLE, NULL, db_u64(erasure->user_id),
                        db_u64(erasure->stage));
}

enum error erasure_step(struct db *db, const struct config *config, uint64_t user_id,
                        uint64_t limit, uint64_t *done) {
    struct erasure erasure;
    *done = 0;
    enum error error = next_erasure(db, user_id, &erasure);
    if (error || erasure.user_id == 0)
        return error;
    switch (erasure.stage) {
    case STAGE_ROOMS:
        error = leave_rooms(db, &erasure, limit, done);
        break;
    case STAGE_NOTES:
        error = clear_notes(db, &erasure);
        break;
    case STAGE_MESSAGES:
        error = clear_messages(db, config, &erasure, limit, done);
        break;
    case STAGE_CLIENT_IDS:
        error = clear_client_ids(db, &erasure, done);
        break;
    case STAGE_REMAINS:
    case STAGE_COUNT:
        error = clear_remains(db, config, limit, done);
        break;
    }
    /* More of this stage is left. */
    if (error || *done > 0)
        return error;
    /* The next stage counts as done work: the caller continues until nothing is left. */
    *done = 1;
    return end_stage(db, &erasure);
}

enum error erasure_run(struct db *db, const struct config *config, uint64_t user_id,
                       uint64_t budget_ms, bool *finished) {
    const int64_t end = clock_monotonic_ms() + (int64_t)budget_ms;
    enum error error = ERROR_NONE;
    *finished = false;
    while (!error && !*finished && clock_monotonic_ms() < end) {
        uint64_t done;
        /* 50 rooms or messages in each step, as in housekeeping. */
        error = erasure_step(db, config, user_id, 50, &done);
        *finished = !error && done == 0;
    }
    return error;
}
