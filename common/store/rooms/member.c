/* Reading memberships; the transactions that add and remove members and change their role. Every
 * change locks the room's row first and leaves an event; access is checked under that lock, that
 * two admins who remove each other cannot both succeed. */
#include "store/rooms/member.h"

#include <string.h>

#include "event/event.h"
#include "store/moderation/audit_log.h"
#include "store/moderation/block.h"
#include "store/rooms/invite_link.h"
#include "store/rooms/member_private.h"
#include "store/rooms/shared_room.h"

bool member_from_row(const struct db_rows *rows, unsigned first, struct membership *membership) {
    /* NULL from a LEFT JOIN: there is no membership. */
    if (db_is_null(rows, first))
        return false;
    membership->id = db_get_u64(rows, first);
    membership->room_id = db_get_u64(rows, first + 1);
    membership->user_id = db_get_u64(rows, first + 2);
    membership->username = db_get_text(rows, first + 3);
    membership->is_admin = db_get_bool(rows, first + 4);
    membership->joined_at = db_get_time(rows, first + 5);
    membership->display_name = db_get_text(rows, first + 6);
    membership->avatar_url = db_get_text(rows, first + 7);
    /* is_admin is a column of its own; `role` is below it. */
    membership->role = membership->is_admin ? ROLE_ADMIN : (enum role)db_get_u64(rows, first + 8);
    return true;
}

#define FROM_MEMBER " FROM member mb JOIN user mu ON mu.user_id = mb.user_id "

enum error member_list(struct db *db, uint64_t room_id, uint64_t limit, uint64_t offset,
                       member_visit *visit, void *context) {
    /* Those before the page are skipped in the index, without reading their rows. */
    static const char SQL[] =
        "SELECT STRAIGHT_JOIN " MEMBER_COLUMNS
        " FROM (SELECT membership_id FROM member FORCE INDEX (room_membership) WHERE room_id = ? "
        "ORDER BY membership_id LIMIT ? OFFSET ?) page "
        "JOIN member mb ON mb.membership_id = page.membership_id "
        "JOIN user mu ON mu.user_id = mb.user_id ORDER BY mb.membership_id";
    struct db_rows *rows;
    struct membership membership;
    const enum error error =
        DB_RUN(db, SQL, DB_REPEATABLE, &rows, db_u64(room_id), db_u64(limit), db_u64(offset));
    if (error)
        return error;
    while (db_next(rows))
        if (member_from_row(rows, 0, &membership))
            visit(context, &membership);
    db_done(rows);
    return ERROR_NONE;
}

enum error member_list_ids(struct db *db, uint64_t room_id, member_id_visit *visit,
                           void *context) {
    /* A range of the primary key; the ids are sorted by it. */
    static const char SQL[] = "SELECT user_id FROM member WHERE room_id = ? ORDER BY user_id";
    struct db_rows *rows;
    const enum error error = DB_RUN(db, SQL, DB_REPEATABLE, &rows, db_u64(room_id));
    if (error)
        return error;
    while (db_next(rows))
        visit(context, db_get_u64(rows, 0));
    db_done(rows);
    return ERROR_NONE;
}

enum error member_get(struct db *db, uint64_t room_id, uint64_t user_id, member_visit *visit,
                      void *context) {
    /* One row by the primary key (room_id, user_id). */
    static const char SQL[] =
        "SELECT " MEMBER_COLUMNS FROM_MEMBER "WHERE mb.room_id = ? AND mb.user_id = ?";
    struct db_rows *rows;
    struct membership membership;
    enum error error = DB_RUN(db, SQL, DB_REPEATABLE, &rows, db_u64(room_id), db_u64(user_id));
    if (error)
        return error;
    /* Unless there is a row. */
    error = ERROR_NOT_FOUND;
    if (db_next(rows) && member_from_row(rows, 0, &membership)) {
        visit(context, &membership);
        error = ERROR_NONE;
    }
    db_done(rows);
    return error;
}

/* ---- changing ---- */

/* A user who left or was removed is not invited again by the same admin for this time. */
#define DEPARTURE "INTERVAL 1 HOUR"

/* An SQL condition: the target left lately, after an invitation by this user, or was removed by it.
 * Does not apply to the administrator (p_most 0). */
#define DEPARTED                                                                \
    "p_most > 0 AND NOT p_flag AND EXISTS (SELECT 1 FROM departure "            \
    "WHERE room_id = p_room AND user_id = p_target AND admin_id = p_user "      \
    "AND left_at > v_now - " DEPARTURE " AND left_at <= v_now)"

/* p_flag: the target joins, and is not invited. `departed` is DEPARTED, or a condition that never
 * holds. v_refusal is an enum member_refusal. The target gets the role v_grant. */
#define ADD_WITH(declarations, enter, check, departed, done) TRANSACTION(                         \
    MEMBER_TARGET_DECLARATIONS declarations                                                       \
    "DECLARE v_grant INT DEFAULT " ROLE_SQL_MEMBER "; DECLARE v_bounded, v_guest BOOLEAN; "       \
    "DECLARE v_guests INT; "                                                                      \
    "DECLARE p_most, p_most_members, v_rooms BIGINT UNSIGNED; DECLARE p_shared BOOLEAN; ",        \
    "SET p_most = ?; SET p_most_members = ?; SET p_shared = ?; "                                  \
    enter                                                                                         \
    /* The target must exist and be active (1: bad input); locked for its rooms_count. */         \
    "SELECT user_id, rooms_count, is_guest INTO v_target, v_rooms, v_guest FROM user "            \
    "WHERE user_id = p_target AND is_active FOR UPDATE; "                                         \
    "IF v_target IS NULL THEN SET v_outcome = 1; LEAVE body; END IF; "                            \
    MEMBER_FIND_TARGET \
    /* A member already: a success that changes nothing. */                                       \
    "IF v_membership IS NOT NULL THEN LEAVE body; END IF; "                                       \
    /* 21: banned from the room; it holds for all ways to be added. */             \
    "IF EXISTS (SELECT 1 FROM ban WHERE room_id = p_room AND user_id = p_target "                 \
    "AND (until IS NULL OR until > v_now)) THEN SET v_outcome = 21; LEAVE body; END IF; "         \
    "IF v_guest AND " GUEST_IS_BANNED_SQL " THEN SET v_outcome = 21; LEAVE body; END IF; "        \
    check                                                                                         \
    "SELECT history = 1, guests INTO v_bounded, v_guests FROM room WHERE room_id = p_room; "      \
    /* 8: the room takes no guests; they write if it lets them, and no more. */                   \
    "IF v_guest AND v_guests = 0 THEN SET v_outcome = 3; SET v_refusal = 8; LEAVE body; END IF; " \
    "IF v_guest THEN SET v_grant = LEAST(v_grant, v_guests - 1); END IF; "                        \
    /* 22: the target has blocked this user, or is to be invited by those it shares a room with. */\
    "IF NOT p_flag AND (" BLOCK_SQL("p_target", "p_user") " OR (p_shared AND NOT "                \
    SHARED_ROOM_SQL("p_target", "p_user") ")) THEN SET v_outcome = 22; LEAVE body; END IF; "     \
    /* First the refusals: the target left lately, or is in as many rooms as allowed. */          \
    "IF " departed " THEN SET v_refusal = 1; "                                                    \
    "ELSEIF p_most > 0 AND v_rooms >= p_most THEN SET v_refusal = 2; "                            \
    "ELSEIF p_most_members > 0 AND v_members_count >= p_most_members THEN SET v_refusal = 4; "    \
    "END IF; "                                                                                    \
    "IF v_refusal > 0 THEN SET v_outcome = 3; LEAVE body; END IF; "                               \
    /* A user who joined without an invitation may be invited again at once. */                    \
    "IF p_flag THEN DELETE FROM departure WHERE room_id = p_room AND user_id = p_target; END IF; "\
    "DELETE FROM removal WHERE room_id = p_room AND user_id = p_target; "                         \
    "SET v_changed = TRUE; SET v_target_admin = v_grant = " ROLE_SQL_ADMIN "; "                   \
    "SET v_joined = v_now; "                                                                      \
    /* The target's own stream, which tells its other sockets; sets v_user_seq. */                \
    TRANSACTION_USER_EVENT("p_target", EVENT_SQL(EVENT_ROOM_INVITATION), "p_user", "p_room",      \
                           "+ 1")                                                                 \
    /* The new member has read everything up to now. */                                           \
    "INSERT INTO member (room_id, user_id, is_admin, role, joined_at, last_read_position, "       \
    "invited_by_id, first_position, first_seq, silenced_until, mention_position) "                \
    "VALUES (p_room, p_target, v_target_admin, IF(v_target_admin, " ROLE_SQL_MEMBER ", v_grant), "\
    "v_now, v_message_count, IF(p_flag, NULL, p_user), "                                          \
    /* With history `joined` nothing before is seen. */                                           \
    "IF(v_bounded, v_message_count, 0), IF(v_bounded, v_seq - 1, 0), "                            \
    /* A silence outlives leaving. */                                                             \
    "(SELECT until FROM silence WHERE room_id = p_room AND user_id = p_target), "                 \
    /* Of an earlier membership; it counts if the user marks so old messages as unread. */        \
    "COALESCE((SELECT MAX(position) FROM mention WHERE user_id = p_target "                       \
    "AND room_id = p_room), 0)); "                                                                \
    "SET v_membership = LAST_INSERT_ID(); "                                                       \
    /* The event gets the number v_seq, which TRANSACTION_ENTER_ROOM has read as last_seq + 1. */ \
    "UPDATE room SET last_seq = v_seq, members_count = members_count + 1 "                        \
    "WHERE room_id = p_room; "                                                                    \
    TRANSACTION_ROOM_EVENT(EVENT_SQL(EVENT_USER_INVITED), "p_target") done                        \
    AUDIT_ROOM_SQL("p_room") AUDIT_USER_SQL("p_target"),                                          \
    ", v_changed, v_seq, v_user_seq, v_membership, v_target_admin, v_joined, v_refusal")
#define ADD(enter, departed) ADD_WITH("", enter, "", departed, "")

/* Site moderators join private rooms, too. */
static const char ADD_BY_MEMBER[] = ADD(
    TRANSACTION_LOCK_ROOM TRANSACTION_SITE_MODERATOR
    "IF v_room IS NULL OR (v_private AND v_role IS NULL) THEN "
    "SET v_outcome = 4; LEAVE body; END IF; "
    "IF " TRANSACTION_IS_DIRECT " OR (NOT p_flag AND (" TRANSACTION_NOT_ADMIN ")) THEN "
    "SET v_outcome = 3; LEAVE body; END IF; " TRANSACTION_NOT_ARCHIVED, DEPARTED);
static const char ADD_BY_SITE[] = ADD(TRANSACTION_ENTER_BY_SITE(TRANSACTION_IS_DIRECT), "FALSE");

/* Reads the first columns, the same for all transactions: outcome, changed. False, with
 * ERROR_INTERNAL, if there is no row. */
static bool read_change(struct db_rows *rows, enum error *error, struct member_change *change) {
    if (!transaction_row(rows, error))
        return false;
    /* Without an error the second column says whether there was something to change. */
    change->changed = *error == ERROR_NONE && db_get_bool(rows, 1);
    return true;
}
/* By a link; members do not use it up. 4: no such link. The refusals: 5 it is used up, 6 it
 * has expired, 7 the user was removed from the room since it was made. */
static const char ADD_BY_LINK[] = ADD_WITH(
    "DECLARE p_link CHAR(40) CHARACTER SET ascii COLLATE ascii_bin; "
    "DECLARE v_link BIGINT UNSIGNED; DECLARE v_used_up, v_expired BOOLEAN; "
    "DECLARE v_made DATETIME(6); ",
    "SET p_link = ?; " TRANSACTION_LOCK_ROOM
    "SELECT l.link_id, l.role, l.created_at, " INVITE_LINK_SQL_USED_UP("l") ", "
    INVITE_LINK_SQL_EXPIRED("l") " INTO v_link, v_grant, v_made, v_used_up, v_expired "
    "FROM invite_link l WHERE l.link = p_link AND l.room_id = p_room AND "
    INVITE_LINK_SQL_VALID("l") "; "
    "IF v_room IS NULL OR v_link IS NULL THEN SET v_outcome = 4; LEAVE body; END IF; "
    TRANSACTION_NOT_ARCHIVED,
    /* The check of ADD_WITH: the link was made before the user was removed. NULL (never removed) is
     * not true. */
    "IF v_made <= (SELECT removed_at FROM removal WHERE room_id = p_room AND user_id = p_target) "
    "THEN SET v_outcome = 3; SET v_refusal = 7; LEAVE body; END IF; "
    "IF v_expired THEN SET v_outcome = 6; SET v_refusal = 6; LEAVE body; END IF; "
    "IF v_used_up THEN SET v_outcome = 6; SET v_refusal = 5; LEAVE body; END IF; ",
    "FALSE", "UPDATE invite_link SET uses = uses + 1 WHERE link_id = v_link; ");

enum error member_removal_from_rows(struct db_rows *rows, struct member_change *change) {
    enum error error;
    if (!read_change(rows, &error, change))
        return error;
    /* Columns: outcome, changed, last, seq, seq of the target, promoted user, refusal. */
    change->refusal = (enum member_refusal)db_get_u64(rows, 6);
    /* The last member has left, and the room was deleted with it. */
    change->room_deleted = change->changed && db_get_bool(rows, 2);
    change->user_seq = db_get_u64(rows, 4);
    change->promoted_id = db_get_u64(rows, 5);
    /* v_seq is the number of the last event: that of the promotion, if there is one. */
    change->promoted_seq = change->promoted_id ? db_get_u64(rows, 3) : 0;
    change->seq = db_get_u64(rows, 3) - (change->promoted_id ? 1 : 0);
    return error;
}

/* `link` is a value of ADD_BY_LINK only. */
static enum error add(struct db *db, const char *sql, uint64_t room_id, uint64_t user_id,
                      uint64_t target_id, bool joining, struct text link,
                      const struct member_limits *limits, struct member_change *change) {
    /* The order of the question marks: three of MEMBER_TARGET_DECLARATIONS with p_flag, then those
     * of ADD_WITH. */
    const struct db_value values[] = {
        db_u64(room_id),        db_u64(user_id),          db_u64(target_id),
        db_bool(joining),       db_u64(limits->rooms),    db_u64(limits->members),
        db_bool(limits->only_shared), db_text(link)};
    const size_t count = sizeof(values) / sizeof(values[0]) - (link.len > 0 ? 0 : 1);
    struct db_rows *rows;
    memset(change, 0, sizeof(*change));
    /* Repeatable: a second run finds the member, and changes nothing. */
    enum error error = db_run(db, sql, DB_REPEATABLE, values, count, &rows);
    if (error)
        return error;
    if (read_change(rows, &error, change)) {
        /* Columns 2 to 7: seq, seq of the target, membership, is_admin, joined_at, refusal. */
        change->refusal = (enum member_refusal)db_get_u64(rows, 7);
        change->seq = db_get_u64(rows, 2);
        change->user_seq = db_get_u64(rows, 3);
        change->membership = (struct membership){.id = db_get_u64(rows, 4),
                                                 .room_id = room_id,
                                                 .user_id = target_id,
                                                 .is_admin = db_get_bool(rows, 5),
                                                 /* The caller only needs to know whether the new
                                                  * member is an admin. */
                                                 .role = ROLE_MEMBER,
                                                 .joined_at = db_get_time(rows, 6)};
    }
    db_done(rows);
    return error;
}

enum error member_add(struct db *db, uint64_t room_id, uint64_t user_id, uint64_t target_id,
                      bool joining, const struct member_limits *limits,
                      struct member_change *change) {
    return add(db, ADD_BY_MEMBER, room_id, user_id, target_id, joining, text_of(""), limits,
               change);
}

/* The guest acts for itself, and needs no invitation: the room's `guests` was checked by
 * guest_check, and is checked again under the lock. */
enum error member_add_guest(struct db *db, uint64_t room_id, uint64_t user_id,
                            const struct member_limits *limits, struct member_change *change) {
    return add(db, ADD_BY_SITE, room_id, user_id, user_id, true, text_of(""), limits, change);
}

enum error member_add_by_link(struct db *db, uint64_t room_id, uint64_t user_id, struct text link,
                              const struct member_limits *limits, struct member_change *change) {
    return add(db, ADD_BY_LINK, room_id, user_id, user_id, true, link, limits, change);
}

enum error member_add_by_site(struct db *db, uint64_t room_id, uint64_t site_id, uint64_t target_id,
                              const struct member_limits *limits, struct member_change *change) {
    return add(db, ADD_BY_SITE, room_id, site_id, target_id, false, text_of(""), limits, change);
}

#define REMOVE(enter) TRANSACTION(                                                                \
    MEMBER_TARGET_DECLARATIONS, \
    enter                                                                                         \
    MEMBER_FIND_TARGET \
    /* 4: not found, the target is not a member. */                                               \
    "IF v_membership IS NULL THEN SET v_outcome = 4; LEAVE body; END IF; "                        \
    /* Moderators remove lower roles, admins all. */                                        \
    "IF p_user <> p_target AND v_role < " ROLE_SQL_ADMIN " AND v_target_role >= v_role THEN "     \
    "SET v_outcome = 3; SET v_refusal = 3; LEAVE body; END IF; "                                  \
    MEMBER_REMOVAL                                                                                \
    "IF p_user <> p_target THEN "                                                                 \
    AUDIT_SQL("'remove_member'", "p_target", "p_room", "0", "NULL") "END IF; ",                   \
    MEMBER_REMOVAL_COLUMNS)

/* Leaving is possible in an archived room, too; moderators need not be members. */
static const char REMOVE_BY_MEMBER[] = REMOVE(
    TRANSACTION_LOCK_ROOM TRANSACTION_SITE_MODERATOR
    "IF v_room IS NULL OR (v_private AND v_role IS NULL) THEN "
    "SET v_outcome = 4; LEAVE body; END IF; "
    "IF " TRANSACTION_IS_DIRECT " OR (p_target <> p_user AND "
    "COALESCE(v_role, 0) < " ROLE_SQL_MODERATOR ") THEN SET v_outcome = 3; LEAVE body; END IF; "
    "IF p_target <> p_user THEN " TRANSACTION_NOT_ARCHIVED "END IF; ");
static const char REMOVE_BY_SITE[] = REMOVE(TRANSACTION_ENTER_BY_SITE(TRANSACTION_IS_DIRECT)
                                            /* The site has all rights of an admin. */
                                            "SET v_role = " ROLE_SQL_ADMIN "; ");

/* Direct rooms as well, and archived ones. */
static const char REMOVE_ERASED[] = REMOVE(
    TRANSACTION_LOCK_ROOM "IF v_room IS NULL THEN SET v_outcome = 4; LEAVE body; END IF; ");

/* Runs a removal and reads its outcome into *change. */
static enum error remove_member(struct db *db, const char *sql, uint64_t room_id, uint64_t user_id,
                                uint64_t target_id, struct member_change *change) {
    struct db_rows *rows;
    memset(change, 0, sizeof(*change));
    /* Not repeatable: a second run would find no member, and answer 404 for a removal that
     * worked. */
    enum error error = DB_RUN(db, sql, 0, &rows, db_u64(room_id), db_u64(user_id),
                              /* The fourth value is p_flag, which a removal does not use. */
                              db_u64(target_id), db_bool(false));
    if (error)
        return error;
    error = member_removal_from_rows(rows, change);
    db_done(rows);
    return error;
}

enum error member_remove(struct db *db, uint64_t room_id, uint64_t user_id, uint64_t target_id,
                         struct member_change *change) {
    return remove_member(db, REMOVE_BY_MEMBER, room_id, user_id, target_id, change);
}

enum error member_remove_by_site(struct db *db, uint64_t room_id, uint64_t site_id,
                                 uint64_t target_id, struct member_change *change) {
    return remove_member(db, REMOVE_BY_SITE, room_id, site_id, target_id, change);
}

enum error member_remove_erased(struct db *db, uint64_t room_id, uint64_t user_id,
                                struct member_change *change) {
    return remove_member(db, REMOVE_ERASED, room_id, user_id, user_id, change);
}

enum error member_purge_departures(struct db *db, uint64_t limit, uint64_t *deleted) {
    /* By KEY left_at. */
    static const char SQL[] =
        "DELETE FROM departure WHERE left_at < NOW(6) - " DEPARTURE " LIMIT ?";
    return db_delete(db, SQL, limit, deleted);
}

/* NULL leaves a value as it is; muted_until, which may be NULL, has a flag. A room is hidden while
 * it has no message after hidden_position, so that a post changes nothing here. */
enum error member_set_view(struct db *db, uint64_t room_id, uint64_t user_id,
                           const struct room_view_patch *patch, struct room_view *view,
                           uint64_t *user_seq) {
    static const char SQL[] = TRANSACTION(
        "DECLARE p_room BIGINT UNSIGNED DEFAULT ?; DECLARE p_user BIGINT UNSIGNED DEFAULT ?; "
        "DECLARE p_notify INT DEFAULT ?; DECLARE p_has_muted BOOLEAN DEFAULT ?; "
        "DECLARE p_muted DATETIME(6) DEFAULT ?; DECLARE p_favorite, p_hidden BOOLEAN; "
        "DECLARE v_count, v_user_seq BIGINT UNSIGNED; DECLARE v_notify INT; "
        "DECLARE v_muted DATETIME(6); DECLARE v_favorite, v_hidden, v_flag, v_archived BOOLEAN; ",
        /* The order in the list of the lock: the row of the user only; the room is read without
         * one, as marks of members do not change it. */
        "SET p_favorite = ?; SET p_hidden = ?; "
        "SELECT has_preferences INTO v_flag FROM user WHERE user_id = p_user FOR UPDATE; "
        "SET v_now = SYSDATE(6); "
        "SELECT r.message_count, r.is_archived, " ROOM_VIEW_COLUMNS("me", "r")
        " INTO v_count, v_archived, v_notify, v_muted, v_favorite, v_hidden "
        "FROM member me JOIN room r ON r.room_id = me.room_id "
        "WHERE me.room_id = p_room AND me.user_id = p_user; "
        "IF v_count IS NULL THEN SET v_outcome = 4; LEAVE body; END IF; "
        TRANSACTION_NOT_ARCHIVED
        "SET p_notify = COALESCE(p_notify, v_notify); "
        "SET p_muted = IF(p_has_muted, p_muted, v_muted); "
        "SET p_favorite = COALESCE(p_favorite, v_favorite); "
        "SET p_hidden = COALESCE(p_hidden, v_hidden); "
        /* Nothing would change: no event. */
        "IF p_notify = v_notify AND p_muted <=> v_muted AND p_favorite = v_favorite "
        "AND p_hidden = v_hidden THEN LEAVE body; END IF; "
        /* A flag on the user spares the lists of all other users the search for such rooms. It is
         * never cleared. */
        "IF (p_hidden OR p_favorite) AND NOT v_flag THEN "
        "UPDATE user SET has_preferences = TRUE WHERE user_id = p_user; END IF; "
        TRANSACTION_USER_EVENT("p_user", EVENT_SQL(EVENT_PREFERENCES_CHANGED), "p_user", "p_room",
                               "+ 0")
        /* Hidden at the present end: the next message has a higher position. */
        "UPDATE member SET notify = p_notify, muted_until = p_muted, is_favorite = p_favorite, "
        "hidden_position = IF(p_hidden, v_count, NULL) "
        "WHERE room_id = p_room AND user_id = p_user; ",
        ", v_user_seq, p_notify, p_muted, p_favorite, p_hidden");
    const struct db_value none = db_str(NULL);
    struct db_rows *rows;
    *user_seq = 0;
    enum error error =
        DB_RUN(db, SQL, DB_REPEATABLE, &rows, db_u64(room_id), db_u64(user_id),
               /* NULL for what is not given. */
               patch->has_notify ? db_u64(patch->view.notify) : none, db_bool(patch->has_muted),
               patch->view.muted_until ? db_time(patch->view.muted_until) : none,
               patch->has_favorite ? db_bool(patch->view.is_favorite) : none,
               patch->has_hidden ? db_bool(patch->view.is_hidden) : none);
    if (error)
        return error;
    if (transaction_row(rows, &error)) {
        /* 0 if nothing has changed: there is no event. */
        *user_seq = db_get_u64(rows, 1);
        *view = room_view_from_row(rows, 2);
    }
    db_done(rows);
    return error;
}

/* The column role of an admin is that of a member, so that one who is an admin no more is one. */
#define SET_ROLE(declarations, enter, done)                                                       \
    TRANSACTION(                                                                                  \
        MEMBER_TARGET_DECLARATIONS declarations, \
        enter                                                                                     \
        MEMBER_FIND_TARGET \
        "IF v_membership IS NULL THEN SET v_outcome = 4; LEAVE body; END IF; "                    \
        /* The member has this role already: no event. */                                         \
        done                                                                                      \
        /* A room keeps an admin: 1, bad input. */                                                \
        "IF v_target_admin AND NOT p_flag AND " MEMBER_ONLY_ADMIN " THEN "                        \
        "SET v_outcome = 1; LEAVE body; END IF; "                                                 \
        "SET v_changed = TRUE; "                                                                  \
        "UPDATE member SET is_admin = p_flag, role = v_new_role "                                 \
        "WHERE room_id = p_room AND user_id = p_target; "                                         \
        "UPDATE room SET last_seq = v_seq WHERE room_id = p_room; "                               \
        TRANSACTION_ROOM_EVENT(EVENT_SQL(EVENT_MEMBER_UPDATED), "p_target")                       \
        AUDIT_SQL("'role'", "p_target", "p_room", "0",                                            \
                  "ELT(1 + IF(p_flag, 3, v_new_role), 'reader', 'member', 'moderator', 'admin')"),\
        ", v_changed, v_seq")

/* Runs a change of a role and reads its outcome. */
static enum error run_role(struct db *db, const char *sql, const struct db_value *values,
                           size_t count, struct member_change *change) {
    struct db_rows *rows;
    memset(change, 0, sizeof(*change));
    enum error error = db_run(db, sql, DB_REPEATABLE, values, count, &rows);
    if (error)
        return error;
    /* Column 2 is the number of the event, which an unchanged role does not have. */
    if (read_change(rows, &error, change))
        change->seq = db_get_u64(rows, 2);
    db_done(rows);
    return error;
}

enum error member_set_role(struct db *db, uint64_t room_id, uint64_t user_id, uint64_t target_id,
                           enum role role, struct member_change *change) {
    static const char SQL[] = SET_ROLE(
        "DECLARE v_new_role INT DEFAULT ?; ",
        TRANSACTION_ENTER_ROOM(TRANSACTION_NOT_ADMIN " OR " TRANSACTION_IS_DIRECT),
        "IF v_target_admin = p_flag AND (p_flag OR v_target_role = v_new_role) THEN "
        "LEAVE body; END IF; "
        /* Guests moderate nothing. */
        "IF (p_flag OR v_new_role > " ROLE_SQL_MEMBER ") AND EXISTS (SELECT 1 FROM user "
        "WHERE user_id = p_target AND is_guest) THEN SET v_outcome = 3; LEAVE body; END IF; ");
    /* An admin's row has role `member`: see above SET_ROLE. */
    const bool is_admin = role == ROLE_ADMIN;
    const struct db_value values[] = {db_u64(room_id), db_u64(user_id), db_u64(target_id),
                                      db_bool(is_admin), db_u64(is_admin ? ROLE_MEMBER : role)};
    return run_role(db, SQL, values, sizeof(values) / sizeof(values[0]), change);
}

enum error member_set_admin_by_site(struct db *db, uint64_t room_id, uint64_t site_id,
                                    uint64_t target_id, bool is_admin,
                                    struct member_change *change) {
    /* The site sets admins only; other roles are set by the admins of the room. */
    static const char SQL[] =
        SET_ROLE("DECLARE v_new_role INT DEFAULT " ROLE_SQL_MEMBER "; ",
                 TRANSACTION_ENTER_BY_SITE(TRANSACTION_IS_DIRECT),
                 "IF v_target_admin = p_flag THEN LEAVE body; END IF; ");
    const struct db_value values[] = {db_u64(room_id), db_u64(site_id), db_u64(target_id),
                                      db_bool(is_admin)};
    return run_role(db, SQL, values, sizeof(values) / sizeof(values[0]), change);
}
