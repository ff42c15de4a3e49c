/* Reports: one for each message and member, with events for the moderators of the room. Moderators
 * of a room and site moderators see reports; which events they get is in moderators.h. Direct rooms
 * have no moderators: their reports are for site moderators. */
#include "store/moderation/abuse_report.h"

#include "store/moderation/audit_log.h"
#include "store/moderation/moderators.h"
#include "store/transaction.h"

static const char *const REASONS[] = {[REPORT_SPAM] = "spam",
                                      [REPORT_ABUSE] = "abuse",
                                      [REPORT_ILLEGAL] = "illegal",
                                      [REPORT_OTHER] = "other"};
static const char *const STATES[] = {
    [REPORT_OPEN] = "open", [REPORT_HANDLED] = "handled", [REPORT_DISMISSED] = "dismissed"};

const char *report_reason_name(enum report_reason reason) {
    /* A number of a newer version of the database is shown as "other". */
    return reason >= REPORT_SPAM && reason <= REPORT_OTHER ? REASONS[reason] : "other";
}

enum report_reason report_reason_of(struct text name) {
    /* Unknown names never get here: the API checks them first. */
    for (unsigned reason = REPORT_SPAM; reason < REPORT_OTHER; reason++)
        if (text_equals(name, text_of(REASONS[reason])))
            return (enum report_reason)reason;
    return REPORT_OTHER;
}

const char *report_state_name(enum report_state state) {
    return (unsigned)state <= REPORT_DISMISSED ? STATES[state] : "open";
}

enum report_state report_state_of(struct text name) {
    for (unsigned state = REPORT_OPEN; state <= REPORT_DISMISSED; state++)
        if (text_equals(name, text_of(STATES[state])))
            return (enum report_state)state;
    return REPORT_OPEN;
}

/* `enter`: the check of the reporter. The reporter 0 is the word filter. */
#define ADD(enter)                                                                            \
    TRANSACTION(                                                                              \
        TRANSACTION_ROOM_DECLARATIONS                                                         \
        "DECLARE p_message BIGINT UNSIGNED DEFAULT ?; DECLARE p_reason INT DEFAULT ?; "       \
        "DECLARE p_note VARCHAR(1000) CHARACTER SET utf8mb4 DEFAULT ?; "                      \
        "DECLARE v_report, v_sender BIGINT UNSIGNED; DECLARE v_changed BOOLEAN DEFAULT FALSE; " \
        "DECLARE v_content VARCHAR(8000) CHARACTER SET utf8mb4; "                             \
        "DECLARE v_streams LONGTEXT CHARACTER SET utf8mb4; ",                                 \
        enter                                                                                 \
        /* Reported before: that report is kept. */                                           \
        "SET v_report = (SELECT report_id FROM report WHERE message_id = p_message "          \
        "AND reporter_id = p_user AND room_id = p_room); "                                    \
        "IF v_report IS NOT NULL THEN LEAVE body; END IF; "                                   \
        "SELECT sender_id, content INTO v_sender, v_content FROM message "                    \
        "WHERE message_id = p_message AND room_id = p_room AND NOT is_deleted; "              \
        "IF v_sender IS NULL THEN SET v_outcome = 4; LEAVE body; END IF; "                    \
        MODERATORS_NUMBER                                                                     \
        /* The present text is kept, so that a later edit does not change the report. */      \
        "INSERT INTO report (room_id, message_id, reporter_id, sender_id, reason, note, "     \
        "content, created_at) VALUES (p_room, p_message, p_user, v_sender, p_reason, p_note, " \
        "v_content, v_now); "                                                                 \
        "SET v_report = LAST_INSERT_ID(); SET v_changed = TRUE; "                             \
        MODERATORS_TELL(EVENT_REPORT_CREATED, "v_report"),                                    \
        ", v_changed, v_report, v_streams")

/* A transaction with the columns v_changed, v_report and v_streams. */
static enum error run(struct db *db, const char *sql, const struct db_value *values, size_t count,
                      struct abuse_report_change *change) {
    struct db_rows *rows;
    *change = (struct abuse_report_change){.streams = BUFFER_EMPTY};
    /* A second report of the same member is found and not added, so that a repetition changes
     * nothing. */
    enum error error = db_run(db, sql, DB_REPEATABLE, values, count, &rows);
    if (error)
        return error;
    if (transaction_row(rows, &error)) {
        /* `streams` are the moderators' streams that got an event, for publishing; a copy, which
         * the caller frees. */
        const struct text streams = db_get_text(rows, 3);
        change->changed = !error && db_get_bool(rows, 1);
        change->report_id = db_get_u64(rows, 2);
        if (change->changed)
            buffer_append(&change->streams, streams.at, streams.len);
    }
    db_done(rows);
    return error;
}

enum error abuse_report_add(struct db *db, uint64_t room_id, uint64_t user_id, uint64_t message_id,
                            enum report_reason reason, struct text note,
                            struct abuse_report_change *change) {
    static const char SQL[] = ADD(TRANSACTION_ENTER_ARCHIVED(TRANSACTION_NOT_MEMBER));
    /* Reports are possible in archived rooms, too. */
    const struct db_value values[] = {db_u64(room_id), db_u64(user_id), db_u64(message_id),
                                      db_u64(reason),
                                      db_text_or_null(note)};
    return run(db, SQL, values, 5, change);
}

enum error abuse_report_add_by_filter(struct db *db, uint64_t room_id, uint64_t message_id,
                                      struct abuse_report_change *change) {
    /* No reporter (0), no note, and no check of a membership. */
    static const char SQL[] = ADD(TRANSACTION_ENTER_BY_SITE("FALSE"));
    const struct db_value values[] = {db_u64(room_id), db_u64(0), db_u64(message_id),
                                      db_u64(REPORT_OTHER), db_str(NULL)};
    return run(db, SQL, values, 5, change);
}

/* ---- reading ---- */

#define COLUMNS                                                                              \
    "p.report_id, p.room_id, p.message_id, p.reporter_id, p.sender_id, p.reason, p.state, "  \
    "p.note, p.content, p.created_at, p.handled_at, p.handled_by_id "

/* The reports of the rooms that the user moderates. It goes by these rooms, so that a user who
 * moderates none reads no report. Values: the user, and the state or NULL. */
#define OF_OWN_ROOMS                                            \
    ROOMS_MODERATED("JOIN report p ON p.room_id = me.room_id ") \
    "AND p.state = COALESCE(?, p.state) "

/* All reports, for a site moderator; the condition on the user's id is always true. */
#define OF_ALL_ROOMS "FROM report p WHERE ? > 0 AND p.state = COALESCE(?, p.state) "

static struct db_value state_value(const struct abuse_report_filter *filter) {
    /* COALESCE(NULL, p.state) compares the state with itself: all states. */
    return filter->has_state ? db_u64(filter->state) : db_str(NULL);
}

/* Reads COLUMNS; texts point into the row. */
static struct abuse_report from_row(const struct db_rows *rows) {
    return (struct abuse_report){.id = db_get_u64(rows, 0),
                           .room_id = db_get_u64(rows, 1),
                           .message_id = db_get_u64(rows, 2),
                           .reporter_id = db_get_u64(rows, 3),
                           .sender_id = db_get_u64(rows, 4),
                           .reason = (enum report_reason)db_get_u64(rows, 5),
                           .state = (enum report_state)db_get_u64(rows, 6),
                           .note = db_get_text(rows, 7),
                           .content = db_get_text(rows, 8),
                           .created_at = db_get_time(rows, 9),
                           .handled_at = db_get_time(rows, 10),
                           .handled_by_id = db_get_u64(rows, 11)};
}

#define PAGE(seen) "SELECT STRAIGHT_JOIN " COLUMNS seen "ORDER BY p.report_id DESC LIMIT ? OFFSET ?"

enum error abuse_report_list(struct db *db, const struct abuse_report_filter *filter,
                             uint64_t limit, uint64_t offset, abuse_report_visit *visit,
                             void *context) {
    /* KEY (room_id, report_id) has the order within a room; the reports of several rooms are
     * sorted. */
    static const char OWN[] = PAGE(OF_OWN_ROOMS), ALL[] = PAGE(OF_ALL_ROOMS);
    struct db_rows *rows;
    const enum error error =
        DB_RUN(db, filter->is_site_moderator ? ALL : OWN, DB_REPEATABLE, &rows,
               db_u64(filter->user_id), state_value(filter), db_u64(limit), db_u64(offset));
    if (error)
        return error;
    while (db_next(rows)) {
        const struct abuse_report report = from_row(rows);
        visit(context, &report);
    }
    db_done(rows);
    return ERROR_NONE;
}

enum error abuse_report_count(struct db *db, const struct abuse_report_filter *filter,
                              uint64_t *count) {
    /* Counted, since moderators ask for them, and they are deleted after report_days. */
    static const char OWN[] = "SELECT STRAIGHT_JOIN COUNT(*) " OF_OWN_ROOMS,
                      ALL[] = "SELECT COUNT(*) " OF_ALL_ROOMS;
    return DB_NUMBER(db, filter->is_site_moderator ? ALL : OWN, count, db_u64(filter->user_id),
                     state_value(filter));
}

/* Visits the first row, if there is one, and frees the rows. */
static enum error visit_one(struct db_rows *rows, abuse_report_visit *visit, void *context) {
    enum error error = ERROR_NOT_FOUND;
    if (db_next(rows)) {
        const struct abuse_report report = from_row(rows);
        visit(context, &report);
        error = ERROR_NONE;
    }
    db_done(rows);
    return error;
}

enum error abuse_report_get(struct db *db, const struct abuse_report_filter *filter,
                            uint64_t report_id, abuse_report_visit *visit, void *context) {
    /* Without a state: reports that are closed can be read by id. */
    static const char OWN[] = "SELECT " COLUMNS OF_OWN_ROOMS "AND p.report_id = ?",
                      ALL[] = "SELECT " COLUMNS OF_ALL_ROOMS "AND p.report_id = ?";
    struct db_rows *rows;
    const enum error error =
        DB_RUN(db, filter->is_site_moderator ? ALL : OWN, DB_REPEATABLE, &rows,
               db_u64(filter->user_id), db_str(NULL), db_u64(report_id));
    return error ? error : visit_one(rows, visit, context);
}

enum error abuse_report_get_own(struct db *db, uint64_t report_id, uint64_t user_id,
                          abuse_report_visit *visit, void *context) {
    static const char SQL[] =
        "SELECT " COLUMNS "FROM report p WHERE p.report_id = ? AND p.reporter_id = ?";
    /* Reporters read back their own report only. */
    struct db_rows *rows;
    const enum error error =
        DB_RUN(db, SQL, DB_REPEATABLE, &rows, db_u64(report_id), db_u64(user_id));
    return error ? error : visit_one(rows, visit, context);
}

enum error abuse_report_set_state(struct db *db, uint64_t report_id, uint64_t user_id,
                                  enum report_state state, struct abuse_report_change *change) {
    static const char SQL[] = TRANSACTION(
        "DECLARE p_report BIGINT UNSIGNED DEFAULT ?; DECLARE p_user BIGINT UNSIGNED DEFAULT ?; "
        "DECLARE p_state INT DEFAULT ?; DECLARE p_room, v_sender, v_direct_low BIGINT UNSIGNED; "
        "DECLARE v_state INT; DECLARE v_changed BOOLEAN DEFAULT FALSE; "
        "DECLARE v_streams LONGTEXT CHARACTER SET utf8mb4; ",
        "SELECT room_id, sender_id, state INTO p_room, v_sender, v_state FROM report "
        /* The report is locked before its room: only this transaction locks reports, so there is no
         * other order to conflict with. */
        "WHERE report_id = p_report FOR UPDATE; "
        "SET v_now = SYSDATE(6); "
        "IF p_room IS NULL THEN SET v_outcome = 4; LEAVE body; END IF; "
        /* In that state already: a success, without another entry of the audit. */
        "IF v_state = p_state THEN LEAVE body; END IF; "
        /* For MODERATORS_NUMBER: in direct rooms only site moderators are notified. */
        "SET v_direct_low = (SELECT direct_low FROM room WHERE room_id = p_room); "
        MODERATORS_NUMBER
        "UPDATE report SET state = p_state, handled_at = v_now, handled_by_id = p_user "
        "WHERE report_id = p_report; "
        "SET v_changed = TRUE; "
        AUDIT_SQL("IF(p_state = 1, 'handle_report', 'dismiss_report')", "v_sender", "p_room",
                  "p_report", "NULL")
        MODERATORS_TELL(EVENT_MODERATION_CHANGED, "p_room"),
        ", v_changed, p_report, v_streams");
    /* 1 is REPORT_HANDLED. */
    const struct db_value values[] = {db_u64(report_id), db_u64(user_id), db_u64(state)};
    return run(db, SQL, values, 3, change);
}

enum error abuse_report_context(struct db *db, const struct abuse_report *report,
                                message_visit *visit, void *context) {
    /* The message, REPORT_NEIGHBOURS before and as many after it: a range of the primary
     * key. */
    static const char SQL[] =
        "SELECT STRAIGHT_JOIN " MESSAGE_COLUMNS("NULL") " FROM message c JOIN message m "
        "ON m.room_id = c.room_id AND m.position BETWEEN "
        /* Signed, since a difference below 0 would be an error of unsigned numbers. */
        "CAST(c.position AS SIGNED) - " REPORT_NEIGHBOURS " AND c.position + " REPORT_NEIGHBOURS
        " JOIN user s ON s.user_id = m.sender_id " MESSAGE_QUOTE_JOIN MESSAGE_QUOTE_NAME_JOIN
        "WHERE c.message_id = ? AND c.room_id = ? ORDER BY m.position";
    struct db_rows *rows;
    struct message message;
    const enum error error = DB_RUN(db, SQL, DB_REPEATABLE, &rows, db_u64(report->message_id),
                                    db_u64(report->room_id));
    if (error)
        return error;
    /* Deleted neighbours have rows, and are visited as deleted. */
    while (db_next(rows))
        if (message_from_row(rows, 0, report->room_id, &message))
            visit(context, &message);
    db_done(rows);
    return ERROR_NONE;
}

enum error abuse_report_purge(struct db *db, uint64_t days, uint64_t limit, uint64_t *deleted) {
    static const char SQL[] =
        "DELETE FROM report WHERE created_at < NOW(6) - INTERVAL ? DAY LIMIT ?";
    const enum error error = DB_RUN(db, SQL, DB_REPEATABLE, NULL, db_u64(days), db_u64(limit));
    *deleted = error ? 0 : db_changed(db);
    return error;
}
