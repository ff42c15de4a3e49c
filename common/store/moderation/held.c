/* Held messages: a row each, made in a transaction that checks what a post checks. Letting one
 * through takes three steps, the middle one an ordinary post with a key of its own (message.h): if
 * they are interrupted, they are simply done again. */
#include "store/moderation/held.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "store/messages/file.h"
#include "store/messages/mention.h"
#include "store/moderation/audit_log.h"
#include "store/moderation/moderators.h"
#include "store/rooms/role.h"
#include "store/transaction.h"

/* Files stay for as long as a message may be held, whatever report_days is. */
#define FILE_DAYS "3650"

#define ADD_DECLARATIONS                                                                        \
    TRANSACTION_ROOM_DECLARATIONS                                                               \
    "DECLARE p_message BIGINT UNSIGNED DEFAULT ?; DECLARE p_type INT DEFAULT ?; "               \
    "DECLARE p_reply BIGINT UNSIGNED DEFAULT ?; DECLARE p_site BOOLEAN DEFAULT ?; "             \
    "DECLARE p_key BOOLEAN DEFAULT ?; "                                                         \
    "DECLARE p_client VARCHAR(65) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin DEFAULT ?; "  \
    "DECLARE p_content VARCHAR(8000) CHARACTER SET utf8mb4 DEFAULT ?; "                         \
    "DECLARE p_mentions VARCHAR(1200) CHARACTER SET ascii DEFAULT ?; "                          \
    "DECLARE p_files VARCHAR(220) CHARACTER SET ascii DEFAULT ?; "                              \
    "DECLARE p_count INT DEFAULT ?; DECLARE v_policy, v_slow INT; "                             \
    "DECLARE v_held, v_posted BIGINT UNSIGNED DEFAULT 0; "                                      \
    "DECLARE v_streams LONGTEXT CHARACTER SET utf8mb4; "                                        \
    "DECLARE v_changed, v_bot BOOLEAN DEFAULT FALSE; "

/* As a post (BY_RULES of message_post.c), in the same order. */
#define MAY_POST                                                                                \
    TRANSACTION_ENTER_ROOM(TRANSACTION_NOT_MEMBER) TRANSACTION_SITE_MODERATOR                   \
    "SELECT post_policy, slow_seconds INTO v_policy, v_slow FROM room WHERE room_id = p_room; " \
    "IF p_message IS NULL AND (v_policy = 2 OR (v_policy = 1 AND v_role < " ROLE_SQL_MODERATOR  \
    ")) THEN SET v_outcome = 17; LEAVE body; END IF; "                                          \
    TRANSACTION_MAY_WRITE

/* A held message counts as a post for the slow mode. */
#define SLOW_MODE                                                                               \
    "SET v_bot = (SELECT is_bot FROM user WHERE user_id = p_user); "                            \
    "IF NOT p_site AND v_slow > 0 AND v_role < " ROLE_SQL_MODERATOR                             \
    " AND NOT v_bot AND NOT p_key AND p_message IS NULL THEN "                                  \
    "IF EXISTS (SELECT 1 FROM slow_post WHERE room_id = p_room AND user_id = p_user "           \
    "AND posted_at > v_now - INTERVAL v_slow SECOND AND posted_at <= v_now) THEN "              \
    "SET v_outcome = 20; LEAVE body; END IF; "                                                  \
    "INSERT INTO slow_post (room_id, user_id, posted_at) VALUES (p_room, p_user, v_now) "       \
    "ON DUPLICATE KEY UPDATE posted_at = v_now; END IF; "

/* The site cannot hold messages in archived rooms, as it cannot post there. */
#define MAY_POST_BY_SITE TRANSACTION_ENTER_BY_SITE("FALSE") TRANSACTION_NOT_ARCHIVED

/* 4: no such message of the sender, whose edit is held. */
#define IS_OWN                                                                                  \
    "IF p_message IS NOT NULL AND NOT EXISTS (SELECT 1 FROM message "                           \
    "WHERE message_id = p_message AND room_id = p_room AND sender_id = p_user "                 \
    "AND NOT is_deleted) THEN SET v_outcome = 4; LEAVE body; END IF; "

/* `enter`: the check of the sender. */
#define ADD(enter)                                                                              \
    TRANSACTION(                                                                                \
        ADD_DECLARATIONS,                                                                       \
        enter                                                                                   \
        "IF " TRANSACTION_IS_DIRECT " THEN SET v_outcome = 1; LEAVE body; END IF; "             \
        IS_OWN                                                                                  \
        /* Sent before: posted, or held. */                                                     \
        "IF p_client IS NOT NULL THEN "                                                         \
        "SET v_posted = COALESCE((SELECT message_id FROM message WHERE room_id = p_room "       \
        "AND sender_id = p_user AND client_id = CONCAT('c', p_client)), 0); "                   \
        "IF v_posted > 0 THEN LEAVE body; END IF; "                                             \
        "SET v_held = COALESCE((SELECT held_id FROM held WHERE room_id = p_room "               \
        "AND sender_id = p_user AND client_id = p_client), 0); "                                \
        "IF v_held > 0 THEN LEAVE body; END IF; END IF; "                                       \
        MODERATORS_NUMBER                                                                       \
        SLOW_MODE                                                                               \
        "IF p_count > 0 THEN "                                                                  \
        "UPDATE file SET expires_at = v_now + INTERVAL " FILE_DAYS " DAY "                      \
        "WHERE FIND_IN_SET(file_id, p_files) AND room_id = p_room AND user_id = p_user "        \
        "AND message_id IS NULL AND state IN (1, 2) AND expires_at > v_now; "                   \
        "IF ROW_COUNT() <> p_count THEN SET v_outcome = 6; LEAVE body; END IF; END IF; "        \
        /* A later edit replaces an earlier one. */                                             \
        "DELETE FROM held WHERE sender_id = p_user AND message_id = p_message "                 \
        "AND NOT is_taken; "                                                                    \
        "INSERT INTO held (room_id, sender_id, message_id, client_id, message_type, "           \
        "reply_to_id, by_site, content, mentions, files, created_at) VALUES (p_room, p_user, "  \
        "p_message, p_client, p_type, p_reply, p_site, p_content, p_mentions, p_files, v_now); " \
        "SET v_held = LAST_INSERT_ID(); SET v_changed = TRUE; "                                 \
        MODERATORS_TELL(EVENT_MESSAGE_HELD, "v_held"),                                          \
        ", v_changed, v_held, v_posted, v_streams")

/* Writes "1,2,3". The same list in the column `files` and for FIND_IN_SET. */
static void write_ids(struct buffer *out, const uint64_t *ids, size_t count) {
    for (size_t i = 0; i < count; i++)
        buffer_printf(out, "%s%" PRIu64, i > 0 ? "," : "", ids[i]);
}

enum error held_check_sender(struct db *db, const struct message_draft *draft,
                             uint64_t message_id) {
#define CHECK(enter)                                                      \
    TRANSACTION_UNAUDITED(TRANSACTION_ROOM_DECLARATIONS                   \
                          "DECLARE p_message BIGINT UNSIGNED DEFAULT ?; " \
                          "DECLARE v_policy, v_slow INT; ",               \
                          enter IS_OWN, "")
    static const char BY_MEMBER[] = CHECK(MAY_POST);
    static const char BY_SITE[] = CHECK(MAY_POST_BY_SITE);
#undef CHECK
    struct db_rows *rows;
    const enum error error =
        DB_RUN(db, draft->by_site ? BY_SITE : BY_MEMBER, DB_REPEATABLE, &rows,
               db_u64(draft->room_id), db_u64(draft->sender_id), db_id_or_null(message_id));
    return error ? error : transaction_outcome(rows);
}

enum error held_add(struct db *db, const struct message_draft *draft, uint64_t message_id,
                    struct held_change *change) {
    static const char BY_MEMBER[] = ADD(MAY_POST);
    static const char BY_SITE[] = ADD(MAY_POST_BY_SITE);
    struct buffer mentions = BUFFER_EMPTY, files = BUFFER_EMPTY;
    struct db_rows *rows;
    *change = (struct held_change){.streams = BUFFER_EMPTY};
    if (draft->mentions)
        mention_list_write(&mentions, draft->mentions);
    /* A message of an edit has no files here: edits do not change them. */
    write_ids(&files, draft->file_ids, draft->file_count);
    enum error error = DB_RUN(
        db, draft->by_site ? BY_SITE : BY_MEMBER, DB_REPEATABLE, &rows, db_u64(draft->room_id),
        db_u64(draft->sender_id), db_id_or_null(message_id),
        db_u64(draft->file_count > 0 ? MESSAGE_FILE : draft->type),
        db_id_or_null(draft->reply_to_id), db_bool(draft->by_site), db_bool(draft->by_key),
        db_text_or_null(draft->client_id),
        db_text(draft->content),
        db_text_or_null((struct text){buffer_str(&mentions), mentions.len}),
        db_text((struct text){buffer_str(&files), files.len}), db_u64(draft->file_count));
    buffer_free(&mentions);
    buffer_free(&files);
    if (error)
        return error;
    if (transaction_row(rows, &error)) {
        /* Not changed: it was held before (held_id), or posted before (posted_id). */
        change->changed = !error && db_get_bool(rows, 1);
        change->held_id = db_get_u64(rows, 2);
        change->posted_id = db_get_u64(rows, 3);
        const struct text streams = db_get_text(rows, 4);
        if (change->changed)
            buffer_append(&change->streams, streams.at, streams.len);
    }
    db_done(rows);
    /* The caller reads the posted message, as for a repeated post. */
    return !error && change->posted_id ? ERROR_CONFLICT : error;
}

/* ---- reading ---- */

#define COLUMNS                                                                                 \
    "h.held_id, h.sender_id, u.username, h.message_id, h.content, h.message_type, "             \
    "h.reply_to_id, h.client_id, h.mentions, h.files, h.by_site, h.created_at, h.room_id "
#define FROM_HELD "FROM held h JOIN user u ON u.user_id = h.sender_id "
#define SELECT "SELECT " COLUMNS FROM_HELD "WHERE h.room_id = ? "
/* Values: the sender twice. */
#define OF_SENDER "AND (? = 0 OR h.sender_id = ?) "

/* Held messages of the rooms that a user moderates. The join begins with these rooms, so that a
 * user who moderates none reads no held message. For a site moderator, those of all rooms; the
 * condition on the value, the user, is then always true. */
#define OF_OWN_ROOMS                                         \
    ROOMS_MODERATED("JOIN held h ON h.room_id = me.room_id " \
                    "JOIN user u ON u.user_id = h.sender_id ")
#define OF_ALL_ROOMS FROM_HELD "WHERE ? > 0 "

/* Reads COLUMNS; texts point into the row. */
static struct held from_row(const struct db_rows *rows) {
    return (struct held){.id = db_get_u64(rows, 0),
                         .room_id = db_get_u64(rows, 12),
                         .sender_id = db_get_u64(rows, 1),
                         .sender_username = db_get_text(rows, 2),
                         .message_id = db_get_u64(rows, 3),
                         .content = db_get_text(rows, 4),
                         .type = (enum message_type)db_get_u64(rows, 5),
                         .reply_to_id = db_get_u64(rows, 6),
                         .client_id = db_get_text(rows, 7),
                         .mentions = db_get_text(rows, 8),
                         .files = db_get_text(rows, 9),
                         .by_site = db_get_bool(rows, 10),
                         .created_at = db_get_time(rows, 11)};
}

/* Visits each row and frees the rows. */
static void visit_rows(struct db_rows *rows, held_visit *visit, void *context) {
    while (db_next(rows)) {
        const struct held held = from_row(rows);
        visit(context, &held);
    }
    db_done(rows);
}

enum error held_list(struct db *db, uint64_t room_id, uint64_t sender_id, uint64_t limit,
                     uint64_t offset, held_visit *visit, void *context) {
    /* 0 lists all, for moderators; else those of one sender, who sees only the own ones. */
    static const char SQL[] = SELECT OF_SENDER "ORDER BY h.held_id LIMIT ? OFFSET ?";
    struct db_rows *rows;
    const enum error error =
        DB_RUN(db, SQL, DB_REPEATABLE, &rows, db_u64(room_id), db_u64(sender_id),
               db_u64(sender_id), db_u64(limit), db_u64(offset));
    if (!error)
        visit_rows(rows, visit, context);
    return error;
}

enum error held_count(struct db *db, uint64_t room_id, uint64_t sender_id, uint64_t *count) {
    /* Few rows: they wait for a moderator. */
    static const char SQL[] = "SELECT COUNT(*) FROM held h WHERE h.room_id = ? " OF_SENDER;
    /* The sender is bound twice: compared with 0, and with the column. */
    return DB_NUMBER(db, SQL, count, db_u64(room_id), db_u64(sender_id), db_u64(sender_id));
}

enum error held_list_moderated(struct db *db, uint64_t user_id, bool is_site_moderator,
                               uint64_t limit, uint64_t offset, held_visit *visit,
                               void *context) {
    /* STRAIGHT_JOIN: from the user's rooms to what is held there, by KEY client_id, which begins
     * with room_id. */
    static const char OWN[] = "SELECT STRAIGHT_JOIN " COLUMNS OF_OWN_ROOMS
                              "ORDER BY h.held_id LIMIT ? OFFSET ?",
                      ALL[] = "SELECT " COLUMNS OF_ALL_ROOMS "ORDER BY h.held_id LIMIT ? OFFSET ?";
    struct db_rows *rows;
    const enum error error = DB_RUN(db, is_site_moderator ? ALL : OWN, DB_REPEATABLE, &rows,
                                    db_u64(user_id), db_u64(limit), db_u64(offset));
    if (!error)
        visit_rows(rows, visit, context);
    return error;
}

enum error held_count_moderated(struct db *db, uint64_t user_id, bool is_site_moderator,
                                uint64_t *count) {
    static const char OWN[] = "SELECT STRAIGHT_JOIN COUNT(*) " OF_OWN_ROOMS,
                      ALL[] = "SELECT COUNT(*) " OF_ALL_ROOMS;
    return DB_NUMBER(db, is_site_moderator ? ALL : OWN, count, db_u64(user_id));
}

enum error held_get(struct db *db, uint64_t room_id, uint64_t held_id, held_visit *visit,
                    void *context) {
    /* The room is compared, too: its moderators must not read those of others. */
    static const char SQL[] = SELECT "AND h.held_id = ?";
    struct db_rows *rows;
    const enum error error = DB_FIND(db, SQL, &rows, db_u64(room_id), db_u64(held_id));
    if (error)
        return error;
    const struct held held = from_row(rows);
    visit(context, &held);
    db_done(rows);
    return ERROR_NONE;
}

/* ---- moderators ---- */

#define DECLARATIONS                                                                            \
    TRANSACTION_ROOM_DECLARATIONS                                                               \
    "DECLARE p_held BIGINT UNSIGNED DEFAULT ?; DECLARE v_sender, v_subject BIGINT UNSIGNED; "   \
    "DECLARE v_taken BOOLEAN; "                                                                 \
    "DECLARE v_streams LONGTEXT CHARACTER SET utf8mb4; "
#define FIND                                                                                    \
    "SELECT sender_id, message_id, is_taken INTO v_sender, v_subject, v_taken "                 \
    "FROM held WHERE held_id = p_held AND room_id = p_room FOR UPDATE; "                        \
    "IF v_sender IS NULL THEN SET v_outcome = 4; LEAVE body; END IF; "

/* Values: room, user, held message. `streams`, which may be NULL, takes the second column. */
static enum error run(struct db *db, const char *sql, uint64_t room_id, uint64_t actor_id,
                      uint64_t held_id, struct buffer *streams) {
    struct db_rows *rows;
    enum error error = DB_RUN(db, sql, DB_REPEATABLE, &rows, db_u64(room_id), db_u64(actor_id),
                              db_u64(held_id));
    if (error)
        return error;
    /* `streams` is written only if the change was made. */
    if (transaction_row(rows, &error) && !error && streams) {
        const struct text text = db_get_text(rows, 1);
        buffer_append(streams, text.at, text.len);
    }
    db_done(rows);
    return error;
}

/* First of three steps: marks the row, so that the sender's later edit does not delete it, and
 * others do not drop it. */
enum error held_claim(struct db *db, uint64_t room_id, uint64_t actor_id, uint64_t held_id) {
    static const char SQL[] =
        TRANSACTION(DECLARATIONS,
                    TRANSACTION_ENTER_AS_MODERATOR TRANSACTION_NOT_ARCHIVED FIND
                    "UPDATE held SET is_taken = TRUE WHERE held_id = p_held; ",
                    "");
    return run(db, SQL, room_id, actor_id, held_id, NULL);
}

/* After the second step, the post, has failed: the message is held as before. */
enum error held_unclaim(struct db *db, uint64_t room_id, uint64_t held_id) {
    static const char SQL[] = "UPDATE held SET is_taken = FALSE WHERE held_id = ? AND room_id = ?";
    return DB_RUN(db, SQL, DB_REPEATABLE, NULL, db_u64(held_id), db_u64(room_id));
}

enum error held_end(struct db *db, uint64_t room_id, uint64_t actor_id, uint64_t held_id,
                    struct buffer *streams) {
    /* Last of three steps. The row is found by its id; without it the steps were finished by
     * another request. */
    static const char SQL[] = TRANSACTION(
        DECLARATIONS,
        TRANSACTION_LOCK_ROOM
        FIND
        MODERATORS_NUMBER
        "DELETE FROM held WHERE held_id = p_held; "
        AUDIT_SQL("'approve_message'", "v_sender", "p_room", "p_held", "NULL")
        MODERATORS_TELL(EVENT_MODERATION_CHANGED, "p_room"),
        ", v_streams");
    const enum error error = run(db, SQL, room_id, actor_id, held_id, streams);
    /* Another moderator has let it through already. */
    return error == ERROR_NOT_FOUND ? ERROR_NONE : error;
}

enum error held_drop(struct db *db, uint64_t room_id, uint64_t actor_id, uint64_t held_id,
                     struct buffer *streams) {
    /* The sender may take back the own message; moderators drop those of others, which is in the
     * audit. */
    static const char SQL[] = TRANSACTION(
        DECLARATIONS,
        TRANSACTION_LOCK_ROOM TRANSACTION_SITE_MODERATOR
        "IF v_room IS NULL OR (v_private AND v_role IS NULL) THEN "
        "SET v_outcome = 4; LEAVE body; END IF; "
        FIND
        "IF v_sender <> p_user AND COALESCE(v_role, 0) < " ROLE_SQL_MODERATOR " THEN "
        "SET v_outcome = 3; LEAVE body; END IF; "
        /* A moderator is letting it through at this moment. */
        "IF v_taken THEN SET v_outcome = 4; LEAVE body; END IF; "
        MODERATORS_NUMBER
        /* The files would expire in ten years otherwise; now housekeeping removes them. */
        FILE_EXPIRE_HELD("h.held_id = p_held")
        "DELETE FROM held WHERE held_id = p_held; "
        "IF v_sender <> p_user THEN "
        AUDIT_SQL("'drop_message'", "v_sender", "p_room", "p_held", "NULL") "END IF; "
        MODERATORS_TELL(EVENT_MODERATION_CHANGED, "p_room"),
        ", v_streams");
    return run(db, SQL, room_id, actor_id, held_id, streams);
}

enum error held_purge(struct db *db, uint64_t days, uint64_t limit, uint64_t *deleted) {
    /* v_last is the newest of the oldest `limit` rows; ids rise with time. */
    static const char SQL[] = TRANSACTION_UNAUDITED(
        "DECLARE p_days INT DEFAULT ?; DECLARE p_limit BIGINT UNSIGNED DEFAULT ?; "
        "DECLARE v_last BIGINT UNSIGNED; DECLARE v_count BIGINT UNSIGNED DEFAULT 0; ",
        "SET v_now = SYSDATE(6); "
        "SELECT MAX(old.held_id) INTO v_last FROM (SELECT held_id FROM held "
        "WHERE created_at < v_now - INTERVAL p_days DAY ORDER BY created_at LIMIT p_limit) old; "
        "IF v_last IS NULL THEN LEAVE body; END IF; "
        FILE_EXPIRE_HELD("h.held_id <= v_last AND h.created_at < v_now - INTERVAL p_days DAY")
        "DELETE FROM held WHERE held_id <= v_last AND created_at < v_now - INTERVAL p_days DAY; "
        "SET v_count = ROW_COUNT(); ",
        ", v_count");
    struct db_rows *rows;
    *deleted = 0;
    const enum error error =
        DB_RUN(db, SQL, DB_REPEATABLE, &rows, db_u64(days), db_u64(limit));
    return error ? error : transaction_number(rows, deleted);
}
