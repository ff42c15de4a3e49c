/* Reading how far members have read: their marks, with the message at each. Users who do not share
 * their marks (user.share_read) are left out here; whether the reader shares is checked by the
 * caller. */
#include "store/messages/receipt.h"

/* A mark that was only set by joining is not a receipt. */
#define COLUMNS "mb.user_id, mark.message_id, mb.read_at"
#define MARK                                                                          \
    "LEFT JOIN message mark ON mark.room_id = mb.room_id AND mb.read_at IS NOT NULL " \
    "AND mark.position = mb.last_read_position "

/* A row of the list of read marks. */
static void visit_row(const struct db_rows *rows, receipt_visit *visit, void *context) {
    /* A mark may be before the first message: nothing is read. */
    const uint64_t message_id = db_get_u64(rows, 1);
    const struct receipt receipt = {.user_id = db_get_u64(rows, 0),
                                    .message_id = message_id,
                                    .read_at = message_id ? db_get_time(rows, 2) : 0};
    visit(context, &receipt);
}

enum error receipt_list(struct db *db, uint64_t room_id, receipt_visit *visit, void *context) {
    /* Along KEY room_membership (room_id, membership_id), which has the order: nothing is
     * sorted. */
    static const char SQL[] = "SELECT STRAIGHT_JOIN " COLUMNS
                              " FROM member mb FORCE INDEX (room_membership) "
                              "JOIN user u ON u.user_id = mb.user_id AND u.share_read " MARK
                              "WHERE mb.room_id = ? ORDER BY mb.membership_id";
    struct db_rows *rows;
    const enum error error = DB_RUN(db, SQL, DB_REPEATABLE, &rows, db_u64(room_id));
    if (error)
        return error;
    while (db_next(rows))
        visit_row(rows, visit, context);
    db_done(rows);
    return ERROR_NONE;
}

enum error receipt_list_of_message(struct db *db, uint64_t room_id, uint64_t message_id,
                                   receipt_visit *visit, void *context) {
    /* An outer join: a message that no member has read has a row as well, in contrast to a message
     * that does not exist. */
    static const char SQL[] =
        "SELECT STRAIGHT_JOIN " COLUMNS
        " FROM message m LEFT JOIN (member mb JOIN user u ON u.user_id = mb.user_id) "
        "ON mb.room_id = m.room_id AND mb.read_at IS NOT NULL "
        "AND mb.last_read_position >= m.position AND u.share_read " MARK
        "WHERE m.message_id = ? AND m.room_id = ? ORDER BY mb.membership_id";
    struct db_rows *rows;
    enum error error = DB_RUN(db, SQL, DB_REPEATABLE, &rows, db_u64(message_id), db_u64(room_id));
    if (error)
        return error;
    /* Unless there is a row. */
    error = ERROR_NOT_FOUND;
    while (db_next(rows)) {
        error = ERROR_NONE;
        /* The row of the message alone. */
        if (!db_is_null(rows, 0))
            visit_row(rows, visit, context);
    }
    db_done(rows);
    return error;
}
