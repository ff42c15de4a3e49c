/*
 * user_names: a cache of user names by id.
 *
 * User names never change. With the join that fetches them, a page of messages takes a fifth more
 * CPU time of all servers. The cache is bounded, and emptied when the database connection is a new
 * one, since that may lead to another database.
 */
#ifndef CONFAB_COMMON_STORE_USER_NAMES_H
#define CONFAB_COMMON_STORE_USER_NAMES_H

#include <stdint.h>

#include "base/text.h"
#include "db/db.h"

struct user_names;

/* An empty cache; never NULL. Free with user_names_free, which takes NULL too. */
struct user_names *user_names_new(void);
void user_names_free(struct user_names *names);

/* To be called once a statement has run: empties the cache if the connection is a new one or the
 * cache has grown too large. Names found or noted afterwards stay until the next call. */
void user_names_begin(struct user_names *names, const struct db *db);

/* The name of a user, the text valid until user_names_begin; .at NULL: not in the cache. */
struct text user_names_find(const struct user_names *names, uint64_t user_id);

/* Adds a name. */
void user_names_note(struct user_names *names, uint64_t user_id, struct text name);

/* Adds the missing names of the users whose ids are in this column of the present row and of those
 * after it, by one statement. The present row stays the present one. */
enum error user_names_learn(struct user_names *names, struct db *db, struct db_rows *rows,
                            unsigned column);

#endif
