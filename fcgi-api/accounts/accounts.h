/*
 * accounts: what logins by a token of the site share with those by password.
 */
#ifndef CONFAB_FCGI_API_ACCOUNTS_ACCOUNTS_H
#define CONFAB_FCGI_API_ACCOUNTS_ACCOUNTS_H

#include <stdbool.h>

#include "base/text.h"
#include "json/json_writer.h"
#include "server/exchange.h"

/* The handlers of login/ and password/ for bodies without a token of the site. */
exchange_handler accounts_login;
exchange_handler accounts_password;

/* Writes the account of a user as the user itself sees it, with the path of its bell. Errors are
 * those of the database. */
enum error accounts_write(struct exchange *x, struct json_writer *w, const struct user *user);

/* Reads the field new_password; false, with the error of the field, if it is missing or wrong. */
bool accounts_new_password(struct exchange *x, struct text *password);

/* ERROR_FORBIDDEN, with the response set, if password_login is off. */
enum error accounts_check_passwords(struct exchange *x);

/* False, with the error of the field, if the password is too common or is the user name. */
bool accounts_check_common(struct exchange *x, const char *field, struct text password,
                           struct text username);

/* Checks the field "password" against that of the user of the request; ERROR_BAD_INPUT with the
 * error of the field if it is missing or wrong. Counts toward the limits of logins. */
enum error accounts_prove(struct exchange *x);

#endif
