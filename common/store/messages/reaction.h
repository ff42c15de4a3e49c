/*
 * reaction: the emoji by which members react to messages.
 *
 * A reaction is a user and an emoji of a message. It takes no position and is not unread; the event
 * reactions_changed has all reactions of the message. Their numbers are kept for each emoji of a
 * message, so that reading a message does not depend on how many users have reacted.
 */
#ifndef CONFAB_COMMON_STORE_MESSAGES_REACTION_H
#define CONFAB_COMMON_STORE_MESSAGES_REACTION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/text.h"
#include "db/db.h"

/* Most different emoji on one message, and so of one user. */
#define REACTION_KINDS_MOST 20

/* The SQL of the reactions of a message as a text for reaction_next: most frequent first, then the
 * one that came first. `user` is the SQL of the user whose own ones are marked; "NULL": none.
 * Server variables do not cut it: db.c sets group_concat_max_len. */
#define REACTION_LIST(room, message, user)                                            \
    "(SELECT GROUP_CONCAT(rt.emoji, ' ', rt.number, ' ', rx.user_id IS NOT NULL "     \
    "ORDER BY rt.number DESC, rt.since_seq SEPARATOR ' ') "                           \
    "FROM reaction_total rt LEFT JOIN reaction rx ON rx.room_id = rt.room_id "        \
    "AND rx.message_id = rt.message_id AND rx.user_id = " user                        \
    " AND rx.emoji = rt.emoji "                                                       \
    "WHERE rt.room_id = " room " AND rt.message_id = " message ")"

/* The column of a message aliased m; NULL, without reading other tables, if it has no reactions. */
#define REACTION_COLUMN(user) \
    "IF(m.reaction_kinds = 0, NULL, " REACTION_LIST("m.room_id", "m.message_id", user) ")"

/* One emoji of a message. */
struct reaction_total {
    struct text emoji;
    uint64_t number; /* of users who have given it */
    bool is_mine;    /* the user of the request is one of them */
};

/* Takes the next one off the front of the text of REACTION_LIST; false at the end. */
bool reaction_next(struct text *list, struct reaction_total *total);

/* A reaction of a user; emoji is one of unicode/emoji.h, fully qualified. */
struct reaction_key {
    uint64_t room_id;
    uint64_t message_id;
    uint64_t user_id;
    struct text emoji;
};

struct reaction_change {
    bool changed;         /* false: the reaction was added or removed before; there is no event */
    bool too_many;        /* the message has REACTION_KINDS_MOST others */
    uint64_t seq;         /* of the event */
    struct buffer totals; /* the reactions of the message now, for reaction_next; to be freed */
};

/* Adds a reaction. ERROR_NOT_FOUND: no such room or message, or a deleted one. ERROR_FORBIDDEN: the
 * user is not a member. ERROR_BAD_INPUT: too_many is set. */
enum error reaction_add(struct db *db, const struct reaction_key *key,
                        struct reaction_change *change);

/* Removes a reaction; errors as above. */
enum error reaction_remove(struct db *db, const struct reaction_key *key,
                           struct reaction_change *change);

/* A reaction in the list of those of a message. */
struct reaction {
    struct text emoji;
    uint64_t user_id;
    struct text username;
    int64_t created_at;
};

/* The texts are valid during the call only. */
typedef void reaction_visit(void *context, const struct reaction *reaction);

/* The number of reactions to a message. ERROR_NOT_FOUND: there is no such message, or it is
 * deleted. */
enum error reaction_count(struct db *db, uint64_t room_id, uint64_t message_id, uint64_t *count);

/* Visits those of one page, oldest first. */
enum error reaction_list(struct db *db, uint64_t room_id, uint64_t message_id, uint64_t limit,
                         uint64_t offset, reaction_visit *visit, void *context);

#endif
