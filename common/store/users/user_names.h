/*
 * user_names: a cache of user names by id.
 *
 * Without the cache a page of messages and a list of rooms take a fifth more CPU time (all
 * servers), for the joins. A user name changes only when its user is erased. The cache is bounded,
 * and cleared each second, and after a reconnect, since the server may be another one.
 */
#ifndef CONFAB_COMMON_STORE_USERS_USER_NAMES_H
#define CONFAB_COMMON_STORE_USERS_USER_NAMES_H

#include <stdint.h>

#include "base/text.h"
#include "db/db.h"

struct user_names;

/* An empty cache; never NULL. Free with user_names_free, which takes NULL too. */
struct user_names *user_names_new(void);
void user_names_free(struct user_names *names);

/* Makes user_names_begin also clear the cache when *erasures has changed, the number of erasures
 * that all processes have counted; it must outlive the cache. */
void user_names_watch(struct user_names *names, const _Atomic uint64_t *erasures);

/* Call it after a query and before its rows are read: clears the cache after a reconnect, or if it
 * has grown too large. Names found or added later stay valid until the next call. */
void user_names_begin(struct user_names *names, const struct db *db);

/* The name of a user, valid until user_names_begin; .at is NULL if it is not in the cache. */
struct text user_names_find(const struct user_names *names, uint64_t user_id);

/* Adds a name, unless the cache is full. */
void user_names_add(struct user_names *names, uint64_t user_id, struct text name);

/* Adds the names of the users whose ids are in these columns of the current row. If one is missing,
 * those of all following rows are read along with it, by one statement. Ids may be NULL. Stays at
 * the current row. */
enum error user_names_load(struct user_names *names, struct db *db, struct db_rows *rows,
                           const unsigned *columns, unsigned count);

#endif
