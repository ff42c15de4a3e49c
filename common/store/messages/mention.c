/* Mentions: lists of users as JSON, and reading the table `mention`. The transactions that change
 * it are those of message.c, made of the parts in mention.h. */
#include "store/messages/mention.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

bool mention_list_is_empty(const struct mention_list *list) {
    return list->count == 0 && !list->all;
}

void mention_list_write(struct buffer *out, const struct mention_list *list) {
    buffer_append_str(out, "{\"user_ids\":");
    buffer_append_ids(out, list->ids, list->count);
    buffer_append_str(out, list->all ? ",\"all\":true}" : ",\"all\":false}");
}

/* ---- for transactions ---- */

static int compare_ids(const void *one, const void *other) {
    const uint64_t a = *(const uint64_t *)one, b = *(const uint64_t *)other;
    return (a > b) - (a < b);
}

void mention_bind(struct mention_values *bound, const struct mention_list *list,
                  uint64_t sender_id, uint64_t most) {
    /* The sender's own mention is shown and not stored: it notifies the sender of nothing. */
    uint64_t ids[MENTION_MOST];
    size_t count = 0;
    *bound = (struct mention_values){0};
    for (size_t i = 0; i < list->count; i++)
        if (list->ids[i] != sender_id)
            ids[count++] = list->ids[i];
    /* By rising id: the order in which rows of users are locked. */
    if (count > 1)
        qsort(ids, count, sizeof(ids[0]), compare_ids);
    /* A JSON array, which the transaction joins as a table. */
    buffer_append_ids(&bound->named, ids, count);
    mention_list_write(&bound->shown, list);
    /* What the message shows contains the sender; what is stored as mentions does not. */
    bound->values[0] = mention_list_is_empty(list)
                           ? db_str(NULL)
                           : db_text((struct text){bound->shown.data, bound->shown.len});
    bound->values[1] = db_text((struct text){bound->named.data, bound->named.len});
    bound->values[2] = db_bool(list->all);
    bound->values[3] = db_u64(most);
}

void mention_free(struct mention_values *bound) {
    buffer_free(&bound->shown);
    buffer_free(&bound->named);
}

enum error mention_check(struct db *db, uint64_t room_id, uint64_t sender_id,
                         const struct mention_list *list, uint64_t most,
                         enum mention_refusal *refusal) {
    /* In the order of MENTION_CHECK. One user who is not a member is enough to refuse. */
    static const char SQL[] =
        "SELECT CASE WHEN ? AND " MENTION_ALL_REFUSED_SQL("?", "?", "?") " THEN 2 WHEN EXISTS ("
        "SELECT 1 FROM JSON_TABLE(?, '$[*]' COLUMNS (id BIGINT UNSIGNED PATH '$')) j "
        "LEFT JOIN member m ON m.room_id = ? AND m.user_id = j.id WHERE m.user_id IS NULL "
        "AND NOT (" MENTION_MAY_NAME_ALL("?", "?") ")) THEN 1 ELSE 0 END";
    const struct db_value room = db_u64(room_id), sender = db_u64(sender_id);
    struct buffer ids = BUFFER_EMPTY;
    uint64_t found = MENTION_FINE;
    buffer_append_ids(&ids, list->ids, list->count);
    const enum error error =
        DB_NUMBER(db, SQL, &found, db_bool(list->all), room, db_u64(most), room, sender,
                  db_text((struct text){ids.data, ids.len}), room, room, room, sender);
    buffer_free(&ids);
    *refusal = (enum mention_refusal)found;
    return error;
}

/* ---- counting ---- */

/* An SQL condition on a row of `mention`: the user has not blocked the sender. */
#define NOT_OF_BLOCKED(user, mention)                                        \
    "AND NOT EXISTS (SELECT 1 FROM block b WHERE b.user_id = " user          \
    " AND b.blocked_id = " mention ".sender_id) "

enum error mention_count(struct db *db, uint64_t room_id, uint64_t user_id, uint64_t after,
                         uint64_t last, uint64_t *count) {
    /* Two ranges of the primary key. A message may be in both. The count stops at a maximum, so
     * that many mentions of a user do not make the user's requests slower. User 0 stands for a
     * mention of all. DISTINCT, since one message may mention the user and all. */
    static const char SQL[] =
        "SELECT COUNT(*) FROM (SELECT DISTINCT position FROM mention FORCE INDEX (PRIMARY) "
        "WHERE user_id IN (0, ?) AND room_id = ? AND position > ? AND position <= ? "
        "AND is_current AND sender_id <> ? " NOT_OF_BLOCKED("?", "mention")
        "LIMIT " MENTION_COUNT_MOST ") n";
    return DB_NUMBER(db, SQL, count, db_u64(user_id), db_u64(room_id), db_u64(after), db_u64(last),
                     db_u64(user_id), db_u64(user_id));
}

enum error mention_count_unread(struct db *db, const struct room_state *state, uint64_t user_id,
                                uint64_t *count) {
    *count = 0;
    /* The last mention is read already: nothing to count. This is the usual case. */
    if (!state->is_member || state->mention_position <= state->last_read_position)
        return ERROR_NONE;
    return mention_count(db, state->room_id, user_id, state->last_read_position,
                         state->message_count, count);
}

/* ---- the list ---- */

/* The user by name, along KEY (user_id, message_id); and all members of the user's rooms, since the
 * user joined. Of these, all in the user's rooms are read to find the latest: messages that mention
 * all are few, and it keeps posting one from writing a row for each member. */
#define FIRST ROOM_FIRST_POSITION("me", "r") " AS first_position"
#define IS_SEEN "AND n.position > " ROOM_FIRST_POSITION("me", "r") " "
#define NAMED(compare, order)                                                                  \
    "(SELECT n.message_id, n.room_id, n.position, " FIRST " FROM mention n "                   \
    "FORCE INDEX (message) "                                                                   \
    "STRAIGHT_JOIN member me ON me.room_id = n.room_id AND me.user_id = n.user_id "            \
    "STRAIGHT_JOIN room r ON r.room_id = n.room_id "                                           \
    "WHERE n.user_id = ? AND n.message_id " compare " ? AND n.is_current " IS_SEEN             \
    NOT_OF_BLOCKED("n.user_id", "n")                                                           \
    "ORDER BY n.message_id " order " LIMIT ?)"
#define ALL(compare, order)                                                                    \
    "(SELECT n.message_id, n.room_id, n.position, " FIRST " FROM member me "                   \
    "STRAIGHT_JOIN room r ON r.room_id = me.room_id AND r.all_position > 0 "                   \
    "STRAIGHT_JOIN mention n ON n.user_id = 0 AND n.room_id = r.room_id "                      \
    "WHERE me.user_id = ? AND n.message_id " compare " ? AND n.is_current "                    \
    "AND n.sender_id <> me.user_id AND n.created_at >= me.joined_at " IS_SEEN                  \
    NOT_OF_BLOCKED("me.user_id", "n")                                                          \
    "ORDER BY n.message_id " order " LIMIT ?)"
#define LIST(compare, order)                                                                   \
    "SELECT STRAIGHT_JOIN " MESSAGE_COLUMNS("?") ", page.room_id, page.first_position FROM ("  \
    NAMED(compare, order) " UNION " ALL(compare, order)                                        \
    " ORDER BY message_id " order " LIMIT ?) page "                                            \
    "JOIN message m ON m.room_id = page.room_id AND m.position = page.position "               \
    "JOIN user s ON s.user_id = m.sender_id " MESSAGE_QUOTE_JOIN MESSAGE_QUOTE_NAME_JOIN       \
    "ORDER BY page.message_id " order

enum error mention_page(struct db *db, uint64_t user_id, bool after, uint64_t cursor,
                        uint64_t limit, message_visit *visit, void *context) {
    static const char BEFORE[] = LIST("<", "DESC");
    static const char AFTER[] = LIST(">", "ASC");
    /* Without a cursor the page begins with the newest. Both halves of the union take the limit, so
     * that each reads no more rows than the page can have. */
    const struct db_value user = db_u64(user_id), most = db_u64(limit),
                          from = db_u64(after || cursor ? cursor : UINT64_MAX);
    struct db_rows *rows;
    struct message message;
    const enum error error = DB_RUN(db, after ? AFTER : BEFORE, DB_REPEATABLE, &rows, user, user,
                                    from, most, user, from, most, most);
    if (error)
        return error;
    /* A message that the user may not see any more is left out, and the page is shorter. */
    while (db_next(rows))
        if (message_from_row(rows, 0, db_get_u64(rows, MESSAGE_COLUMN_COUNT), &message) &&
            message_show_to(&message, db_get_u64(rows, MESSAGE_COLUMN_COUNT + 1)))
            visit(context, &message);
    db_done(rows);
    return ERROR_NONE;
}
