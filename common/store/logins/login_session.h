/*
 * login_session: the sessions behind the cookie of browsers. Only the hash of a key is stored.
 * A session expires some days after its last use. Ending one puts an event on the user's stream,
 * which closes the sockets that were opened with it.
 */
#ifndef CONFAB_COMMON_STORE_LOGINS_LOGIN_SESSION_H
#define CONFAB_COMMON_STORE_LOGINS_LOGIN_SESSION_H

#include <stdint.h>

#include "db/db.h"
#include "secrets/secret.h"
#include "store/logins/identity.h"
#include "store/users/user.h"

/* Adds a session that lasts for `days`, for a user who proved the password. ERROR_CONFLICT: the
 * password has been changed or the user disabled since. */
enum error login_session_add_proved(struct db *db, const struct user_proof *proof,
                                    const unsigned char hash[SECRET_HASH_SIZE], uint64_t days);

/* Adds a session for a user whom the site has vouched for. ERROR_CONFLICT: the user is disabled,
 * or does not exist. */
enum error login_session_add(struct db *db, uint64_t user_id,
                             const unsigned char hash[SECRET_HASH_SIZE], uint64_t days);

/* Adds a session for the user of this token. ERROR_CONFLICT: the token has ended or the user been
 * disabled since. */
enum error login_session_add_by_token(struct db *db, uint64_t user_id, uint64_t token_id,
                                      const unsigned char hash[SECRET_HASH_SIZE], uint64_t days);

/* Finds the identity behind a session's hash, with the state of a room (room_id 0: of none). If
 * more than a fourteenth of `days` has passed, the session lasts for `days` from now on.
 * ERROR_UNAUTHENTICATED if there is no such session, or it has expired. */
enum error login_session_find(struct db *db, const unsigned char hash[SECRET_HASH_SIZE],
                              uint64_t days, uint64_t room_id, struct identity *identity);

/* The same for several at once, by one statement; see token_find_many. */
enum error login_session_find_many(struct db *db, uint64_t days, struct identity_query *queries,
                                   size_t count);

/* Sets, for each of several sessions, whether it has expired or ended. The hashes follow each
 * other. No session is renewed. */
enum error login_session_ended(struct db *db, const unsigned char *hashes, size_t count,
                               bool *ended);

/* Deletes a session; change->changed is false if there is none with this id. */
enum error login_session_end(struct db *db, uint64_t session_id, struct user_change *change);

/* Deletes up to `limit` expired sessions; *dropped counts them. Then lets up to `limit` others
 * expire in `days` that would expire later: the clock was set back, or session_days was lowered. */
enum error login_session_purge(struct db *db, uint64_t days, uint64_t limit, uint64_t *dropped);

/* Deletes up to `limit` sessions that were not used within session_idle_days. Reads the whole
 * table. */
enum error login_session_purge_idle(struct db *db, uint64_t limit, uint64_t *deleted);

#endif
