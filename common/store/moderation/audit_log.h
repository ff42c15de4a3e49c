/*
 * audit_log: what moderators, API keys and administrators have done. An entry has the actor, the
 * action, its user, room and subject, the time and the reason; ids, never names and never texts of
 * messages.
 *
 * The numbers of entries have no gaps and follow the commits: they come from a row of `total`,
 * locked last. An entry is written by the transaction of its change (audit_sql.h), or not at all.
 */
#ifndef CONFAB_COMMON_STORE_MODERATION_AUDIT_LOG_H
#define CONFAB_COMMON_STORE_MODERATION_AUDIT_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"
#include "db/db.h"

/* The kind of the actor; the numbers are stored. */
enum audit_actor { AUDIT_BY_USER = 1, AUDIT_BY_KEY = 2, AUDIT_BY_ADMINISTRATOR = 3 };

/* The kind of an actor as the API shows it: "user", "key" or "confabctl". */
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

/* From now on each transaction of this connection that changes something has an entry: with the
 * action (ASCII) and the actor of this one, and with its user, room and subject, unless the
 * transaction names others. Several transactions with the same user, room and subject share one
 * entry; with `once` all transactions share one. Ended by the next audit_log_begin or
 * audit_log_end. */
void audit_log_begin(struct db *db, const struct audit_entry *entry, bool once);

/* Ends audit_log_begin: from now on only the actions of moderators have entries. Does nothing
 * without an audit_log_begin before. */
void audit_log_end(struct db *db);

/* Adds the entry for what changes nothing, such as an export of a room. */
enum error audit_log_add(struct db *db);

typedef void audit_log_visit(void *context, const struct audit_entry *entry);

/* Visits at most `limit` entries with numbers after `after`, oldest first. */
enum error audit_log_list(struct db *db, uint64_t after, uint64_t limit, audit_log_visit *visit,
                          void *context);

/* The number of the last entry, and of the oldest kept (last + 1: none). */
enum error audit_log_ends(struct db *db, uint64_t *oldest, uint64_t *last);

/* Deletes up to `limit` entries that are older than this; *deleted counts them. */
enum error audit_log_purge(struct db *db, uint64_t days, uint64_t limit, uint64_t *deleted);

#endif
