/*
 * external_user: users whom the site knows by an issuer and a subject of its own.
 *
 * A user is made when the site names it for the first time. It has no password and is found by
 * (issuer, subject) from then on; issuer and subject are compared byte by byte. The row ("", "") is
 * the site itself: the user that makes rooms, invites and posts for it. It is a bot, and disabled:
 * it cannot log in or be invited, and is in no list of users.
 */
#ifndef CONFAB_COMMON_STORE_SITE_EXTERNAL_USER_H
#define CONFAB_COMMON_STORE_SITE_EXTERNAL_USER_H

#include <stdbool.h>

#include "base/text.h"
#include "db/db.h"
#include "store/users/user.h"

/* An SQL condition: the user u is not the site's own. */
#define EXTERNAL_USER_NOT_SITE                                                          \
    "NOT EXISTS (SELECT 1 FROM external_user s WHERE s.issuer = '' AND s.subject = '' " \
    "AND s.user_id = u.user_id)"

/* Longest issuer and subject, in bytes. */
#define EXTERNAL_USER_ISSUER_MAX 255
#define EXTERNAL_USER_SUBJECT_MAX 128

/* Makes a user name of any text: accents are removed, blanks become "_", other characters that a
 * name cannot have are left out; of an e-mail address the part before the @ is used. Empty if fewer
 * than three characters are left. */
void external_user_fit_name(struct text wished, char name[USER_NAME_SIZE]);

/* Finds a user; ERROR_NOT_FOUND if there is none. */
enum error external_user_find(struct db *db, struct text issuer, struct text subject,
                              struct user *user);

/* Finds a user or makes it; *created says which. The name of a new user is `wished` made fit
 * (external_user_fit_name); if that is taken, with "-" and the id after it; if nothing is left, "u"
 * and the id. If several run at once, one makes the user, and all find it. */
enum error external_user_ensure(struct db *db, struct text issuer, struct text subject,
                                struct text wished, bool is_bot, struct user *user, bool *created);

/* Finds or makes the user of the site itself, ("", ""), whose name is `name` (jwt_actor) if that
 * was free. */
enum error external_user_site(struct db *db, const char *name, struct user *user);

/* The same, and renames the user if it has another name and this one is free. `confabctl migrate`
 * calls it, so that the name is taken before any user can register it. */
enum error external_user_name_site(struct db *db, const char *name);

#endif
