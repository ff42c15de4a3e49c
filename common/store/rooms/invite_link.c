/* Adding, listing and ending invite links. All changes lock the room first, as the use of a link
 * does, so that the number of uses is right. A link is stored as it is, since admins may read it
 * again. Its use is in member.c (ADD_BY_LINK). */
#include "store/rooms/invite_link.h"

#include "event/event.h"
#include "store/moderation/audit_log.h"
#include "store/transaction.h"

/* `audit`: its entry, or nothing. */
#define ADD(audit)                                                                              \
    TRANSACTION(                                                                                \
        TRANSACTION_ROOM_DECLARATIONS                                                           \
        "DECLARE p_link CHAR(40) CHARACTER SET ascii COLLATE ascii_bin DEFAULT ?; "             \
        "DECLARE p_role INT DEFAULT ?; DECLARE p_expires DATETIME(6) DEFAULT ?; "               \
        "DECLARE p_most BIGINT UNSIGNED DEFAULT ?; DECLARE v_link BIGINT UNSIGNED; ",           \
        TRANSACTION_ENTER_ROOM(TRANSACTION_NOT_ADMIN " OR " TRANSACTION_IS_DIRECT)              \
        "IF (SELECT COUNT(*) FROM invite_link WHERE room_id = p_room) >= "                      \
        EVENT_SQL(INVITE_LINK_MOST) " THEN SET v_outcome = 13; LEAVE body; END IF; "            \
        "INSERT INTO invite_link (room_id, link, role, created_by_id, created_at, expires_at, " \
        "max_uses) VALUES (p_room, p_link, p_role, p_user, v_now, p_expires, p_most); "         \
        "SET v_link = LAST_INSERT_ID(); "                                                       \
        AUDIT_ROOM_SQL("p_room") AUDIT_SUBJECT_SQL("v_link") audit,                             \
        ", v_link, v_now")

enum error invite_link_add(struct db *db, struct invite_link *link) {
    /* The audit names the role that the link gives. */
    static const char BY_ADMIN[] =
        ADD(AUDIT_SQL("'link'", "0", "p_room", "v_link",
                      "ELT(1 + p_role, 'reader', 'member', 'moderator', 'admin')"));
    /* The entry of an administrator or a key comes from the connection (audit_sql.h). */
    static const char BY_ADMINISTRATOR[] = ADD("");
    struct db_rows *rows;
    /* Not repeatable: a second run would add a second link. */
    enum error error =
        DB_RUN(db, link->by_administrator ? BY_ADMINISTRATOR : BY_ADMIN, 0, &rows,
               db_u64(link->room_id), db_u64(link->created_by_id), db_text(link->link),
               db_u64(link->role), db_time_or_null(link->expires_at),
               db_id_or_null(link->max_uses));
    if (error)
        return error;
    if (transaction_row(rows, &error)) {
        link->id = db_get_u64(rows, 1);
        link->created_at = db_get_time(rows, 2);
    }
    db_done(rows);
    return error;
}

/* `enter`: the check of the user; `audit`: as in ADD. */
#define REMOVE(enter, audit)                                                                \
    TRANSACTION(                                                                            \
        TRANSACTION_ROOM_DECLARATIONS                                                       \
        "DECLARE p_id BIGINT UNSIGNED DEFAULT ?; "                                          \
        "DECLARE p_link VARCHAR(255) CHARACTER SET utf8mb4 DEFAULT ?; "                     \
        "DECLARE v_link BIGINT UNSIGNED; ",                                                 \
        enter                                                                               \
        "SELECT link_id INTO v_link FROM invite_link WHERE room_id = p_room "               \
        "AND IF(p_id = 0, link = CONVERT(p_link USING ascii), link_id = p_id) LIMIT 1; "    \
        "IF v_link IS NULL THEN SET v_outcome = 4; LEAVE body; END IF; "                    \
        "DELETE FROM invite_link WHERE link_id = v_link; "                                  \
        AUDIT_ROOM_SQL("p_room") AUDIT_SUBJECT_SQL("v_link") audit,                         \
        "")

enum error invite_link_remove(struct db *db, uint64_t room_id, uint64_t user_id, uint64_t link_id,
                              struct text link) {
    /* By id or, with id 0, by the text of the link. */
    static const char BY_ADMIN[] =
        REMOVE(TRANSACTION_ENTER_ROOM(TRANSACTION_NOT_ADMIN " OR " TRANSACTION_IS_DIRECT),
               AUDIT_SQL("'unlink'", "0", "p_room", "v_link", "NULL"));
    /* user_id 0: the administrator, who is in no room. */
    static const char BY_ADMINISTRATOR[] = REMOVE(TRANSACTION_ENTER_BY_SITE("FALSE"), "");
    struct db_rows *rows;
    enum error error =
        DB_RUN(db, user_id > 0 ? BY_ADMIN : BY_ADMINISTRATOR, 0, &rows, db_u64(room_id),
               db_u64(user_id), db_u64(link_id), db_text(link));
    if (error)
        return error;
    /* The outcome is all there is. */
    transaction_row(rows, &error);
    db_done(rows);
    return error;
}

enum error invite_link_list(struct db *db, uint64_t room_id, uint64_t limit, uint64_t offset,
                            invite_link_visit *visit, void *context) {
    /* Links that have expired or were used up are listed until they are deleted;
     * INVITE_LINK_SQL_VALID leaves out those whose makers are no longer admins. */
    static const char SQL[] =
        "SELECT l.link_id, l.room_id, l.link, l.role, l.created_by_id, l.created_at, "
        "l.expires_at, l.max_uses, l.uses FROM invite_link l WHERE l.room_id = ? AND "
        INVITE_LINK_SQL_VALID("l") " ORDER BY l.link_id DESC LIMIT ? OFFSET ?";
    struct db_rows *rows;
    const enum error error =
        DB_RUN(db, SQL, DB_REPEATABLE, &rows, db_u64(room_id), db_u64(limit), db_u64(offset));
    if (error)
        return error;
    while (db_next(rows)) {
        const struct invite_link link = {.id = db_get_u64(rows, 0),
                                         .room_id = db_get_u64(rows, 1),
                                         .link = db_get_text(rows, 2),
                                         .role = (enum role)db_get_u64(rows, 3),
                                         .created_by_id = db_get_u64(rows, 4),
                                         .created_at = db_get_time(rows, 5),
                                         .expires_at = db_get_time(rows, 6),
                                         .max_uses = db_get_u64(rows, 7),
                                         .uses = db_get_u64(rows, 8)};
        visit(context, &link);
    }
    db_done(rows);
    return ERROR_NONE;
}

enum error invite_link_count(struct db *db, uint64_t room_id, uint64_t *count) {
    /* At most INVITE_LINK_MOST rows. */
    static const char SQL[] = "SELECT COUNT(*) FROM invite_link l WHERE l.room_id = ? AND "
        INVITE_LINK_SQL_VALID("l");
    return DB_NUMBER(db, SQL, count, db_u64(room_id));
}

enum error invite_link_room(struct db *db, struct text link, invite_link_room_visit *visit,
                            void *context) {
    /* Before joining, a user sees name, topic and size of the room, by the unique key of `link`.
     * Expired and used up are separate columns, for the page. */
    static const char SQL[] =
        "SELECT r.room_id, r.name, r.topic, r.members_count, " INVITE_LINK_SQL_EXPIRED("l") ", "
        INVITE_LINK_SQL_USED_UP("l") " FROM invite_link l JOIN room r ON r.room_id = l.room_id "
        "WHERE l.link = ? AND " INVITE_LINK_SQL_VALID("l");
    struct db_rows *rows;
    unsigned char hash[SECRET_HASH_SIZE];
    /* Not of the form of a link: no query. */
    if (!secret_hash_key(link, hash))
        return ERROR_NOT_FOUND;
    const enum error error = DB_FIND(db, SQL, &rows, db_text(link));
    if (error)
        return error;
    const struct invite_link_room room = {.room_id = db_get_u64(rows, 0),
                                          .name = db_get_text(rows, 1),
                                          .topic = db_get_text(rows, 2),
                                          .members_count = db_get_u64(rows, 3),
                                          .is_expired = db_get_bool(rows, 4),
                                          .is_used_up = db_get_bool(rows, 5)};
    visit(context, &room);
    db_done(rows);
    return ERROR_NONE;
}

enum error invite_link_purge(struct db *db, uint64_t limit, uint64_t *deleted) {
    /* A day after their end, so that until then users learn that a link has expired. */
    static const char SQL[] =
        "DELETE FROM invite_link WHERE expires_at < NOW(6) - INTERVAL 1 DAY LIMIT ?";
    return db_delete(db, SQL, limit, deleted);
}
