/*
 * audit_log: what moderators, API keys and administrators have done: who, what, whom, where, when
 * and why; ids, never names and never texts of messages. (audit.h is the recount of counters.)
 *
 * The numbers of entries have no gaps and follow the commits: they come from a row of `total`,
 * locked last.
 */
#ifndef CONFAB_COMMON_STORE_MODERATION_AUDIT_LOG_H
#define CONFAB_COMMON_STORE_MODERATION_AUDIT_LOG_H

#include <stdint.h>

#include "base/text.h"
#include "db/db.h"

/* Who has acted; the numbers are stored. */
enum audit_actor { AUDIT_BY_USER = 1, AUDIT_BY_KEY = 2, AUDIT_BY_ADMINISTRATOR = 3 };
const char *audit_actor_name(enum audit_actor actor);

struct audit_entry {
    uint64_t id;
    struct text action; /* a word, such as "ban" */
    enum audit_actor actor;
    uint64_t actor_id; /* of the user or API key; 0: the administrator */
    uint64_t user_id, room_id, subject_id; /* 0: none; the subject is a message, report or link */
    struct text reason;                    /* empty: none */
    int64_t created_at;
};

/* Part of a transaction: an entry by the user p_user at v_now. The arguments are SQL. */
#define AUDIT_SQL(action, user, room, subject, reason)                                         \
    "UPDATE total SET number = number + 1 WHERE name = 'audit'; "                              \
    "INSERT INTO audit (audit_id, action, actor_kind, actor_id, user_id, room_id, "            \
    "subject_id, reason, created_at) SELECT number, " action ", 1, p_user, " user ", " room    \
    ", " subject ", " reason ", v_now FROM total WHERE name = 'audit'; "

/* Adds an entry in a transaction of its own; the id and the time are given by it. */
enum error audit_log_add(struct db *db, const struct audit_entry *entry);

typedef void audit_log_visit(void *context, const struct audit_entry *entry);

/* Visits at most `limit` entries with numbers after `after`, oldest first. */
enum error audit_log_list(struct db *db, uint64_t after, uint64_t limit, audit_log_visit *visit,
                          void *context);

/* The number of the last entry, and of the oldest kept (last + 1: none). */
enum error audit_log_ends(struct db *db, uint64_t *oldest, uint64_t *last);

/* Deletes up to `limit` entries that are older than this; *deleted counts them. */
enum error audit_log_purge(struct db *db, uint64_t days, uint64_t limit, uint64_t *deleted);

#endif
