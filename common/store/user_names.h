/*
 * user_names: the names of users that a process has met, by id.
 *
 * A user's name never changes, so that what was read once need not be joined to every
 * message again: the join was half of what a page of messages cost the database. What is
 * kept is bounded, and is forgotten when the connection was made anew: another database
 * may be behind it.
 */
#ifndef CONFAB_STORE_USER_NAMES_H
#define CONFAB_STORE_USER_NAMES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"
#include "db/db.h"

struct user_names;

/* Nothing known yet; never NULL. Free with user_names_free, which takes NULL too. */
struct user_names *user_names_new(void);
void user_names_free(struct user_names *names);

/* To be called before rows are read: forgets what may be wrong, or is too much. Names found
 * or noted afterwards stay until the next call. */
void user_names_begin(struct user_names *names, const struct db *db);

/* Whether no name is known at all: then asking without names is asking twice. */
bool user_names_are_none(const struct user_names *names);

/* The name of a user, the text valid until user_names_begin; .at NULL: not known. */
struct text user_names_find(const struct user_names *names, uint64_t user_id);

/* Keeps a name. */
void user_names_note(struct user_names *names, uint64_t user_id, struct text name);

#endif
