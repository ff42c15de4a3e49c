/* The rules of consistency, a table of SQL statements: each recounts something that the store keeps
 * as a counter, or looks for rows that should not exist. A finding means a fault of the program, an
 * edited database, or a backup that was restored in part. `confabctl` runs them; they read whole
 * tables. */
#include "store/consistency.h"

#include "event/event.h"
#include "store/rooms/room.h"
#include "store/search/search_check.h"

/* The statement of a rule selects the rows that violate it: room, user, stored, recounted. Sums
 * and differences are written so that they do not overflow if a counter is broken: an overflow
 * would make the statement fail. */
struct rule {
    const char *name;
    const char *meaning;
    const char *sql;
    bool is_time;
};

/* A counter in `table` must be the number of rows in `rows` with the same key. */
#define COUNTED(ids, table, key, column, rows)                          \
    "SELECT " ids ", t." column ", COALESCE(c.n, 0) FROM " table        \
    " t "                                                               \
    "LEFT JOIN (SELECT " key ", COUNT(*) n FROM " rows " GROUP BY " key \
    ") c "                                                              \
    "ON c." key " = t." key " WHERE t." column " <> COALESCE(c.n, 0)"

/* The events of a stream are numbered from oldest_seq to last_seq without gaps. For a stream
 * without events oldest_seq is last_seq + 1. */
#define STREAM_ENDS(ids, table, key, events, stored, found)                                \
    "SELECT " ids ", " stored ", " found " FROM " table                                    \
    " t "                                                                                  \
    "LEFT JOIN (SELECT " key ", MIN(seq) low, MAX(seq) high FROM " events " GROUP BY " key \
    ") e ON e." key " = t." key " WHERE " stored " <> " found

#define STREAM_END(ids, table, key, events)            \
    STREAM_ENDS(ids, table, key, events, "t.last_seq", \
                "COALESCE(e.high, GREATEST(t.oldest_seq, 1) - 1)")

#define STREAM_BEGINNING(ids, table, key, events)        \
    STREAM_ENDS(ids, table, key, events, "t.oldest_seq", \
                "COALESCE(e.low, GREATEST(t.oldest_seq, 1))")

#define STREAM_GAPS(ids, key, events)                                                 \
    "SELECT " ids ", MAX(seq) - MIN(seq) + 1, COUNT(*) FROM " events " GROUP BY " key \
    " HAVING MAX(seq) - MIN(seq) <> COUNT(*) - 1"

/* True for a user of user_event who may have moved a read mark in the time of these events: in a
 * room that the user is in, or has left since. */
#define HAS_MARKED \
    "(SUM(event_type IN (" EVENT_SQL(EVENT_ROOM_REMOVED) ", " EVENT_SQL(EVENT_ROOM_DELETED) \
    ")) > 0 OR EXISTS (SELECT 1 FROM member m WHERE m.user_id = user_event.user_id "        \
    "AND m.mark_seq > 0))"

/* Rows of rooms that neither exist nor are listed in deleted_room. */
#define ORPHANS(rows)                                                         \
    "SELECT c.room_id, 0, 0, c.n FROM (SELECT room_id, COUNT(*) n FROM " rows \
    " GROUP BY room_id) c LEFT JOIN room r ON r.room_id = c.room_id "         \
    "LEFT JOIN deleted_room d ON d.room_id = c.room_id "                      \
    "WHERE r.room_id IS NULL AND d.room_id IS NULL"

/* Rows of rooms that are being deleted are no longer complete. */
#define NOT_DELETED "WHERE room_id NOT IN (SELECT room_id FROM deleted_room) "

#define MICROS(time) "TIMESTAMPDIFF(MICROSECOND, '1970-01-01', " time ")"
#define LAST_ACTIVE "COALESCE(m.created_at, r.created_at)"

#define LAST_ACTIVE_DIFFERS \
    "SELECT r.room_id, 0, " MICROS("r.last_active_at") ", " MICROS(LAST_ACTIVE) " FROM room r " \
    "LEFT JOIN message m ON m.room_id = r.room_id AND m.position = r.message_count "            \
    "WHERE (m.message_id IS NOT NULL OR r.trimmed = 0) AND r.last_active_at <> " LAST_ACTIVE

#define ROOM_IDS "t.room_id, 0"
#define USER_IDS "0, t.user_id"

/* Rooms, other than direct ones and those with a key, of which none of the members is counted by
 * `counted`. */
#define WITHOUT(counted)                                                                 \
    "SELECT r.room_id, 0, 1, 0 FROM room r LEFT JOIN member m ON m.room_id = r.room_id " \
    "WHERE r.direct_low IS NULL AND r.room_key IS NULL GROUP BY r.room_id HAVING " counted " = 0"

/* Whether a text was encoded in UTF-8 twice, as by a server that takes the bytes of the client for
 * latin1: each of its characters is one of latin1, and as bytes these are UTF-8, and shorter. */
#define AS_LATIN1(text) "CAST(CONVERT(" text " USING latin1) AS BINARY)"
#define TWICE_ENCODED(text)                      \
    "CHAR_LENGTH(" text ") < OCTET_LENGTH(" text \
    ") "                                         \
    "AND CONVERT(" text " USING latin1) = " text \
    " "                                          \
    "AND CAST(CONVERT(" AS_LATIN1(text) " USING utf8mb4) AS BINARY) = " AS_LATIN1(text)

/* The mentions that a message shows, as they must be in `mention`; the sender has no row. */
#define MENTIONED                                                                           \
    "(SELECT m.room_id, m.position, j.id AS user_id FROM message m, JSON_TABLE(m.mentions, "\
    "'$.user_ids[*]' COLUMNS (id BIGINT UNSIGNED PATH '$')) j "                             \
    "WHERE m.mentions IS NOT NULL AND j.id <> m.sender_id UNION ALL "                       \
    "SELECT m.room_id, m.position, 0 FROM message m "                                       \
    "WHERE m.mentions LIKE '%,\"all\":true}')"

/* Where members are hidden, a message may name users who are not in the room, and have no row. So
 * only users who are members now, and were when it was written, are expected to have one. */
#define WAS_MEMBER                                                                               \
    "(s.user_id = 0 OR EXISTS (SELECT 1 FROM member a JOIN message w ON w.room_id = a.room_id "  \
    "AND w.position = s.position WHERE a.room_id = s.room_id AND a.user_id = s.user_id "         \
    "AND a.joined_at <= w.created_at))"

/* `stored` must not be lower than the position of the latest mention. */
#define LATEST(ids, stored, from, where)                                               \
    "SELECT " ids ", " stored ", MAX(n.position) FROM mention n " from                 \
    " WHERE n.is_current AND " where " GROUP BY n.room_id, n.user_id HAVING MAX(n.position) > " \
    stored

static const struct rule RULES[] = {
    /* Rooms and their messages. */
    {"message_count", "message_count of the room; its messages",
     "SELECT t.room_id, 0, t.message_count - t.trimmed, COALESCE(c.n, 0) FROM room t "
     "LEFT JOIN (SELECT room_id, COUNT(*) n FROM message GROUP BY room_id) c "
     "ON c.room_id = t.room_id WHERE t.message_count <> COALESCE(c.n, 0) + t.trimmed",
     false},
     {"message_positions", "last position in the room; messages, at positions from 1",
      "SELECT m.room_id, 0, MAX(m.position), MAX(r.trimmed) + COUNT(*) FROM message m "
      "JOIN room r ON r.room_id = m.room_id GROUP BY m.room_id "
      "HAVING MIN(m.position) <> MAX(r.trimmed) + 1 "
      "OR MAX(m.position) <> MAX(r.trimmed) + COUNT(*)",
      false},
     {"last_active_at", "last_active_at of the room; time of its last message or its creation",
      LAST_ACTIVE_DIFFERS, true},
     {"public_rooms", "public_rooms in total; public rooms",
      "SELECT 0, 0, t.number, c.n FROM (SELECT COUNT(*) n FROM room WHERE is_private = FALSE) c "
      "JOIN (SELECT COALESCE(MAX(number), 0) number FROM total WHERE name = 'public_rooms') t "
      "WHERE t.number <> c.n",
      false},
     /* Rules of rooms, and the users bound by them. */
     {"has_rules", "has_rules of the room; whether it has any",
      "SELECT room_id, 0, has_rules, " ROOM_HAS_RULES " FROM room WHERE has_rules <> "
      ROOM_HAS_RULES, false},
     {"has_block", "has_block of a direct room; whether one of its users has blocked the other",
      "SELECT r.room_id, 0, r.has_block, COUNT(b.user_id) > 0 found FROM room r "
      "LEFT JOIN block b ON (b.user_id = r.direct_low AND b.blocked_id = r.direct_high) "
      "OR (b.user_id = r.direct_high AND b.blocked_id = r.direct_low) "
      "WHERE r.direct_low IS NOT NULL GROUP BY r.room_id, r.has_block HAVING found <> r.has_block",
      false},
     {"roles", "role stored with an admin, that of a member; the one stored",
      "SELECT room_id, user_id, 1, role FROM member WHERE is_admin AND role <> 1", false},
     {"silences", "end of the silence of the user; end stored with the member",
      "SELECT s.room_id, s.user_id, " MICROS("s.until") ", "
      "COALESCE(" MICROS("m.silenced_until") ", 0) FROM silence s JOIN member m "
      "ON m.room_id = s.room_id AND m.user_id = s.user_id "
      "WHERE s.until > SYSDATE(6) AND NOT m.silenced_until <=> s.until",
      true},
     {"banned_members", "expected memberships of a banned user; memberships",
      "SELECT b.room_id, b.user_id, 0, 1 FROM ban b JOIN member m "
      "ON m.room_id = b.room_id AND m.user_id = b.user_id "
      "WHERE b.until IS NULL OR b.until > SYSDATE(6)",
      false},
     {"audit_number", "number of the last entry of the audit; greatest number",
      "SELECT 0, 0, t.number, a.high FROM total t JOIN (SELECT MAX(audit_id) high FROM audit) a "
      "WHERE t.name = 'audit' AND a.high IS NOT NULL AND t.number <> a.high",
      false},
     {"audit_numbers", "numbers from the oldest entry of the audit to its last; entries",
      "SELECT 0, 0, MAX(audit_id) - MIN(audit_id) + 1, COUNT(*) FROM audit "
      "HAVING MAX(audit_id) - MIN(audit_id) <> COUNT(*) - 1",
      false},
     /* Pins must be of messages that exist. */
     {"pin_count", "pin_count of the room; its pins",
      COUNTED(ROOM_IDS, "room", "room_id", "pin_count", "pin"), false},
     {"pins", "pins in the room; those of messages that are there",
      "SELECT p.room_id, 0, COUNT(*), COUNT(m.message_id) FROM pin p LEFT JOIN message m "
      "ON m.message_id = p.message_id AND m.room_id = p.room_id AND NOT m.is_deleted "
      "WHERE p.room_id NOT IN (SELECT room_id FROM deleted_room) "
      "GROUP BY p.room_id HAVING COUNT(*) <> COUNT(m.message_id)",
      false},
     /* Replies: the positions of replies, and their count. */
     {"replies", "replies in the room; replies listed with what they answer",
      "SELECT room_id, 0, SUM(found), SUM(listed) FROM ("
      "SELECT room_id, reply_to_id id, position, 1 found, 0 listed FROM message "
      "WHERE reply_to_id IS NOT NULL UNION ALL "
      "SELECT room_id, message_id, position, 0, 1 FROM reply) c " NOT_DELETED
      "GROUP BY room_id, id, position HAVING SUM(found) <> SUM(listed)",
      false},
     {"reply_count", "reply_count of the message; replies to it",
      "SELECT m.room_id, 0, m.reply_count, COALESCE(y.n, 0) FROM message m LEFT JOIN "
      "(SELECT room_id, message_id, COUNT(*) n FROM reply GROUP BY room_id, message_id) y "
      "ON y.room_id = m.room_id AND y.message_id = m.message_id "
      "WHERE m.reply_count <> COALESCE(y.n, 0)",
      false},
     {"reply_numbers", "last number of a reply to a message; replies, numbered from 1",
      "SELECT room_id, 0, MAX(number), COUNT(*) FROM reply GROUP BY room_id, message_id "
      "HAVING MIN(number) <> 1 OR MAX(number) <> COUNT(*)",
      false},
     /* Reactions: the number of each emoji of a message, and of the emoji. */
     {"reaction_totals", "users with one emoji for a message, in total; reactions",
      "SELECT room_id, 0, SUM(kept), SUM(found) FROM ("
      "SELECT room_id, message_id, emoji, number kept, 0 found FROM reaction_total UNION ALL "
      "SELECT room_id, message_id, emoji, 0, 1 FROM reaction) c " NOT_DELETED
      "GROUP BY room_id, message_id, emoji HAVING SUM(kept) <> SUM(found) OR SUM(kept) = 0",
      false},
     {"reaction_kinds", "reaction_kinds of the message; its emoji",
      "SELECT m.room_id, 0, m.reaction_kinds, COALESCE(t.n, 0) FROM message m LEFT JOIN "
      "(SELECT room_id, message_id, COUNT(*) n FROM reaction_total GROUP BY room_id, message_id) t "
      "ON t.room_id = m.room_id AND t.message_id = m.message_id "
      "WHERE m.reaction_kinds <> COALESCE(t.n, 0)",
      false},
     {"orphaned_reactions", "expected reactions to missing messages; reactions",
      "SELECT x.room_id, 0, 0, COUNT(*) FROM reaction x LEFT JOIN message m "
      "ON m.message_id = x.message_id AND m.room_id = x.room_id "
      "LEFT JOIN deleted_room d ON d.room_id = x.room_id "
      "WHERE m.message_id IS NULL AND d.room_id IS NULL GROUP BY x.room_id",
      false},
     /* Streams: the events kept and their numbers. */
     {"last_seq", "last_seq of the room; seq of its last event",
      STREAM_END(ROOM_IDS, "room", "room_id", "event"), false},
     {"oldest_seq", "oldest_seq of the room; seq of the oldest event kept",
      STREAM_BEGINNING(ROOM_IDS, "room", "room_id", "event"), false},
     {"event_seq", "numbers from the oldest event of the room to its last; events",
      STREAM_GAPS("room_id, 0", "room_id", "event"), false},
     /* The stream of a user has read marks, too. Those that later ones have replaced leave
      * numbers without an event. */
     {"user_last_seq", "last_seq of the user; seq of the last event or read mark",
      STREAM_ENDS(USER_IDS, "user", "user_id", "user_event", "t.last_seq",
                  "GREATEST(COALESCE(e.high, 0), GREATEST(t.oldest_seq, 1) - 1, COALESCE((SELECT "
                  "MAX(m.mark_seq) FROM member m WHERE m.user_id = t.user_id), 0))"),
      false},
     {"user_oldest_seq", "oldest_seq of the user; seq of the oldest event kept",
      "SELECT 0, t.user_id, t.oldest_seq, e.low FROM user t "
      "JOIN (SELECT user_id, MIN(seq) low FROM user_event GROUP BY user_id) e "
      "ON e.user_id = t.user_id WHERE e.low < t.oldest_seq",
      false},
     {"user_event_seq", "numbers from the oldest event of the user to the last; events",
      STREAM_GAPS("0, user_id", "user_id", "user_event") " AND NOT " HAS_MARKED, false},
     /* Memberships, and the counters of both sides. */
     {"members_count", "members_count of the room; its members",
      COUNTED(ROOM_IDS, "room", "room_id", "members_count", "member"), false},
      {"rooms_count", "rooms_count of the user; memberships",
       COUNTED(USER_IDS, "user", "user_id", "rooms_count", "member"), false},
       {"last_read_position", "messages in the room; last position read by the member",
        "SELECT m.room_id, m.user_id, r.message_count, m.last_read_position FROM member m "
        "JOIN room r ON r.room_id = m.room_id WHERE m.last_read_position > r.message_count",
        false},
       /* Mentions, and what members have set. */
       {"mentions", "mentions of a user (0: of all) by a message of the room; rows of it",
        "SELECT s.room_id, s.user_id, 1, 0 FROM " MENTIONED " s LEFT JOIN mention n "
        "ON n.user_id = s.user_id AND n.room_id = s.room_id AND n.position = s.position "
        "AND (n.is_current OR n.is_blocked) WHERE n.user_id IS NULL AND " WAS_MEMBER,
        false},
       {"mention_rows", "expected rows of mentions that no message has; rows",
        "SELECT n.room_id, n.user_id, 0, COUNT(*) FROM mention n "
        "LEFT JOIN deleted_room d ON d.room_id = n.room_id LEFT JOIN message m "
        "ON m.room_id = n.room_id AND m.position = n.position AND m.message_id = n.message_id "
        "AND m.sender_id = n.sender_id AND NOT m.is_deleted LEFT JOIN " MENTIONED " s "
        "ON s.user_id = n.user_id AND s.room_id = n.room_id AND s.position = n.position "
        "WHERE d.room_id IS NULL AND (m.message_id IS NULL OR (n.is_current AND "
        "s.room_id IS NULL)) GROUP BY n.room_id, n.user_id",
        false},
       {"mention_position", "mention_position of the member; position of the latest mention",
        LATEST("n.room_id, n.user_id", "MAX(m.mention_position)",
               "JOIN member m ON m.room_id = n.room_id AND m.user_id = n.user_id", "TRUE"),
        false},
       {"all_position", "all_position of the room; position of the latest mention of all",
        LATEST("n.room_id, 0", "MAX(r.all_position)", "JOIN room r ON r.room_id = n.room_id",
               "n.user_id = 0"),
        false},
       {"has_preferences", "has_preferences of the user; rooms that are hidden or favourites",
        "SELECT 0, u.user_id, u.has_preferences, COUNT(*) FROM user u "
        "JOIN member m ON m.user_id = u.user_id "
        "WHERE NOT u.has_preferences AND (m.is_favorite OR m.hidden_position IS NOT NULL) "
        "GROUP BY u.user_id",
        false},
       /* Direct rooms: two members, none of them an admin. */
       {"direct_members", "members of a direct room, its users who are not erased; such members",
        "SELECT r.room_id, 0, (low.erased_at IS NULL) + (high.erased_at IS NULL) wanted, "
        "COALESCE(SUM(m.user_id IN (r.direct_low, r.direct_high)), 0) named "
        "FROM room r JOIN user low ON low.user_id = r.direct_low "
        "JOIN user high ON high.user_id = r.direct_high "
        "LEFT JOIN member m ON m.room_id = r.room_id AND m.user_id NOT IN "
        "(SELECT user_id FROM erasure WHERE stage = 0) "
        "GROUP BY r.room_id HAVING COUNT(m.user_id) <> wanted OR named <> wanted",
        false},
       {"direct_pair", "direct_low of the room; direct_high of the room",
        "SELECT room_id, 0, direct_low, direct_high FROM room "
        "WHERE (direct_low IS NULL) <> (direct_high IS NULL) OR direct_low >= direct_high",
        false},
       {"direct_admins", "expected admins of a direct room; its admins",
        "SELECT m.room_id, 0, 0, COUNT(*) FROM member m JOIN room r ON r.room_id = m.room_id "
        "WHERE r.direct_low IS NOT NULL AND m.is_admin GROUP BY m.room_id",
        false},
       {"members", "least number of members; members", WITHOUT("COUNT(m.user_id)"), false},
       {"admins", "least number of admins; admins", WITHOUT("COALESCE(SUM(m.is_admin), 0)"), false},
       /* Rows whose room or user is gone. */
       {"orphaned_messages", "expected messages of a missing room; messages", ORPHANS("message"),
        false},
       {"orphaned_events", "expected events of a missing room; events", ORPHANS("event"), false},
       {"orphaned_user_events", "expected events of a missing user; events",
        "SELECT 0, c.user_id, 0, c.n FROM (SELECT user_id, COUNT(*) n FROM user_event "
        "GROUP BY user_id) c LEFT JOIN user u ON u.user_id = c.user_id WHERE u.user_id IS NULL",
        false},
       /* The progress of the search index in a room. It reads posts later, so a lower number is
        * correct. */
       {"search_seq", "last_seq of the room; events that searches have read",
        "SELECT r.room_id, 0, r.last_seq, s.seq FROM search_progress s "
        "JOIN room r ON r.room_id = s.room_id WHERE s.seq > r.last_seq",
        false},
       {"search_position", "message_count of the room; messages that searches have read",
        "SELECT r.room_id, 0, r.message_count, s.position FROM search_progress s "
        "JOIN room r ON r.room_id = s.room_id WHERE s.position > r.message_count",
        false},
       /* By search_check.h: one statement would read a segment for each deleted message of it. */
       {"search_deleted", "expected terms of deleted messages; terms", NULL, false},
       {"orphaned_terms", "expected lists of terms of a missing room; lists",
        ORPHANS("search_posting"), false},
       {"orphaned_files", "expected files of a missing room; files",
        ORPHANS("file WHERE state <> 4 AND room_id > 0"), false},
       /* Files: each of its sender's own living message in its room, or unused and to expire. */
       {"message_files", "expected files without their message; files",
        "SELECT f.room_id, f.user_id, 0, COUNT(*) FROM file f "
        "LEFT JOIN message m ON m.message_id = f.message_id "
        "WHERE f.message_id IS NOT NULL AND f.state <> 4 "
        "AND (m.message_id IS NULL OR m.is_deleted OR m.room_id <> f.room_id "
        "OR m.sender_id <> f.user_id OR m.message_type NOT IN (2, 3)) "
        "GROUP BY f.room_id, f.user_id",
        false},
       {"unused_files", "expected files that are used and expire, or neither; files",
        "SELECT room_id, user_id, 0, COUNT(*) FROM file "
        "WHERE state <> 4 AND (message_id IS NULL) = (expires_at IS NULL) "
        "GROUP BY room_id, user_id",
        false},
       /* Texts damaged by a wrong character set, mostly while a backup was restored. */
       {CONSISTENCY_TWICE_ENCODED, "messages that seem to be encoded twice; expected ones",
        "SELECT room_id, 0, COUNT(*), 0 FROM message WHERE " TWICE_ENCODED(
            "content") " GROUP BY room_id",
        false},
       {CONSISTENCY_TWICE_ENCODED, "names of rooms that seem to be encoded twice; expected ones",
        "SELECT room_id, 0, 1, 0 FROM room WHERE " TWICE_ENCODED("name"), false},
       {"deleted_rooms", "expected rows of a deleted room; rows",
        "SELECT r.room_id, 0, 0, 1 FROM deleted_room d JOIN room r ON r.room_id = d.room_id",
        false},
};

#define RULE_COUNT (sizeof(RULES) / sizeof(RULES[0]))

/* The context of a check of the search index: the rule, and the visitor of its findings. */
struct search_visitor {
    const struct rule *rule;
    consistency_visit *visit;
    void *context;
};

/* Visits a finding of search_check_deleted as one of its rule. */
static void visit_terms(void *context, uint64_t room_id, uint64_t terms) {
    const struct search_visitor *visitor = context;
    const struct consistency_finding finding = {.rule = visitor->rule->name,
                                                .meaning = visitor->rule->meaning,
                                                .room_id = room_id,
                                                .recounted = terms};
    visitor->visit(visitor->context, &finding);
}

/* Runs one rule and visits what it has found. */
static enum error check(struct db *db, const struct rule *rule, consistency_visit *visit,
                        void *context) {
    struct db_rows *rows;
    if (!rule->sql)
        return search_check_deleted(db, visit_terms,
                                    &(struct search_visitor){rule, visit, context});
    /* Each rule is a statement of its own: on a busy server two rules see different moments. */
    const enum error error = db_run(db, rule->sql, DB_REPEATABLE, NULL, 0, &rows);
    if (error)
        return error;
    while (db_next(rows)) {
        const struct consistency_finding finding = {.rule = rule->name,
                                                    .meaning = rule->meaning,
                                                    .room_id = db_get_u64(rows, 0),
                                                    .user_id = db_get_u64(rows, 1),
                                                    .is_time = rule->is_time,
                                                    .stored = db_get_u64(rows, 2),
                                                    .recounted = db_get_u64(rows, 3)};
        visit(context, &finding);
    }
    db_done(rows);
    return ERROR_NONE;
}

enum error consistency_check(struct db *db, consistency_visit *visit, void *context,
                             unsigned *rules) {
    enum error error = ERROR_NONE;
    /* On an error *rules says how many were completed. */
    for (*rules = 0; *rules < RULE_COUNT && !error; ++*rules)
        error = check(db, &RULES[*rules], visit, context);
    return error;
}
