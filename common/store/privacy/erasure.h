/*
 * erasure: erasing an account.
 *
 * What identifies the user is deleted at once: name, profile, e-mail, credentials, known addresses,
 * ids of the site, blocks. The row stays as `deleted-<id>`, since messages and events name their
 * user by id. The rest is done in slices by the worker or housekeeping: the user leaves all rooms,
 * as by leaving them one by one (so that a room keeps an admin, or is deleted after its last
 * member), and the messages are deleted, if they are to be, with an event each.
 */
#ifndef CONFAB_COMMON_STORE_PRIVACY_ERASURE_H
#define CONFAB_COMMON_STORE_PRIVACY_ERASURE_H

#include <stdbool.h>
#include <stdint.h>

#include "db/db.h"
#include "store/users/user.h"

/* Whether a user name is kept for erased users: `deleted-` and a number. */
bool erasure_is_name(struct text name);

/* Begins to erase a user; with `erases` the messages, too. A second call changes nothing, unless it
 * adds the messages. ERROR_NOT_FOUND: no such user. ERROR_FORBIDDEN: the user of the site
 * itself. */
enum error erasure_begin(struct db *db, uint64_t user_id, bool erases, struct user_change *change);

/* Continues the erasure of this user, or the oldest one (user_id 0): up to `limit` rooms or
 * messages. *done counts what was done; 0: nothing is left. */
enum error erasure_step(struct db *db, const struct config *config, uint64_t user_id,
                        uint64_t limit, uint64_t *done);

/* Calls erasure_step for about budget_ms milliseconds. *finished: the erasure of this user is
 * complete. */
enum error erasure_run(struct db *db, const struct config *config, uint64_t user_id,
                       uint64_t budget_ms, bool *finished);

#endif
