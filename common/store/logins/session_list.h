/*
 * session_list: the tokens and login sessions of one user, as the user sees and ends them.
 */
#ifndef CONFAB_COMMON_STORE_LOGINS_SESSION_LIST_H
#define CONFAB_COMMON_STORE_LOGINS_SESSION_LIST_H

#include <stdbool.h>
#include <stdint.h>

#include "db/db.h"

struct session_entry {
    bool is_token; /* else a login session */
    uint64_t id;   /* of its table */
    int64_t created_at;
    int64_t last_used_at; /* exact to an hour; 0: never */
};

typedef void session_list_visit(void *context, const struct session_entry *entry);

/* Visits those that have not expired, the newest first. */
enum error session_list(struct db *db, uint64_t user_id, uint64_t limit, uint64_t offset,
                        session_list_visit *visit, void *context);

/* The number of all of them. */
enum error session_list_count(struct db *db, uint64_t user_id, uint64_t *count);

/* Sets *owned: the user has a token, or a login session, with this id. */
enum error session_list_owns(struct db *db, uint64_t user_id, bool is_token, uint64_t id,
                             bool *owned);

#endif
