/* The room is locked as for any change of it. Replies that stay lose what they answer; the rows of
 * files are marked, and their bytes removed later. */
#include "store/messages/retention.h"

#include "event/event.h"
#include "store/transaction.h"

/* The messages of the slice. */
#define SLICE                                                                      \
    "(SELECT message_id FROM message WHERE room_id = p_room AND position > v_low " \
    "AND position <= v_high)"

static const char TRIM[] = TRANSACTION(
    TRANSACTION_ROOM_DECLARATIONS
    "DECLARE p_limit, p_site, v_low, v_high, v_oldest BIGINT UNSIGNED; DECLARE v_days INT; ",
    "SET p_limit = ?; SET p_site = ?; "
    TRANSACTION_LOCK_ROOM
    "IF v_room IS NULL THEN SET v_outcome = 4; LEAVE body; END IF; "
    "SELECT trimmed, LEAST(COALESCE(retention_days, NULLIF(p_site, 0), 65535), "
    "COALESCE(NULLIF(p_site, 0), 65535)) INTO v_low, v_days FROM room WHERE room_id = p_room; "
    "SELECT MAX(position) INTO v_high FROM message WHERE room_id = p_room AND position > v_low "
    "AND position <= v_low + p_limit AND created_at < v_now - INTERVAL v_days DAY; "
    "IF v_days = 65535 OR v_high IS NULL THEN SET v_high = v_low; LEAVE body; END IF; "
    "UPDATE file SET state = 4, expires_at = v_now WHERE state <> 4 AND message_id IN " SLICE "; "
    "DELETE FROM reaction WHERE room_id = p_room AND message_id IN " SLICE "; "
    "DELETE FROM reaction_total WHERE room_id = p_room AND message_id IN " SLICE "; "
    "DELETE FROM pin WHERE room_id = p_room AND message_id IN " SLICE "; "
    "UPDATE room SET pin_count = (SELECT COUNT(*) FROM pin WHERE pin.room_id = p_room) "
    "WHERE room_id = p_room; "
    "DELETE FROM mention WHERE room_id = p_room AND position <= v_high; "
    "UPDATE reply y JOIN message m ON m.room_id = y.room_id AND m.position = y.position "
    "SET m.reply_to_id = NULL WHERE y.room_id = p_room AND y.message_id IN " SLICE "; "
    "DELETE FROM reply WHERE room_id = p_room AND message_id IN " SLICE "; "
    "DELETE FROM message WHERE room_id = p_room AND position <= v_high; "
    "SELECT message_id INTO v_oldest FROM message WHERE room_id = p_room "
    "AND position = v_high + 1; "
    "UPDATE room SET trimmed = v_high, last_seq = v_seq WHERE room_id = p_room; "
    TRANSACTION_ROOM_EVENT(EVENT_SQL(EVENT_HISTORY_TRIMMED), "COALESCE(v_oldest, 0)"),
    ", v_high - v_low");

/* Reads the row of each room with a limit of its own; with one for the site, of all rooms. */
static enum error next_room(struct db *db, uint64_t site_days, uint64_t *room_id) {
/* Only the oldest message of each room is checked: if that may stay, all may. 65,535 days are
 * for no limit. */
#define NEXT(rooms)                                                              \
    "SELECT r.room_id FROM room r " rooms                                        \
    " JOIN message m ON m.room_id = r.room_id "                                  \
    "AND m.position = r.trimmed + 1 WHERE m.created_at < SYSDATE(6) - INTERVAL " \
    "LEAST(COALESCE(r.retention_days, 65535), COALESCE(NULLIF(?, 0), 65535)) DAY "
    static const char OWN[] =
        NEXT("FORCE INDEX (retention_days)") "AND r.retention_days IS NOT NULL LIMIT 1";
    static const char ALL[] = NEXT("") "LIMIT 1";
    return DB_NUMBER(db, site_days ? ALL : OWN, room_id, db_u64(site_days));
}

enum error retention_step(struct db *db, uint64_t site_days, uint64_t limit, uint64_t *deleted) {
    uint64_t room_id = 0;
    struct db_rows *rows;
    *deleted = 0;
    enum error error = next_room(db, site_days, &room_id);
    if (error || !room_id)
        return error;
    /* The site acts: user 0. */
    error =
        DB_RUN(db, TRIM, 0, &rows, db_u64(room_id), db_u64(0), db_u64(limit), db_u64(site_days));
    if (error)
        return error;
    if (transaction_row(rows, &error))
        *deleted = error ? 0 : db_get_u64(rows, 1);
    db_done(rows);
    /* Deleted meanwhile. */
    return error == ERROR_NOT_FOUND ? ERROR_NONE : error;
}
