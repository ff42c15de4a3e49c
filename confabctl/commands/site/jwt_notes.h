/*
 * jwt_notes: the claims of a valid token of the site that a login ignores: invalid ones, and
 * unknown ones.
 */
#ifndef CONFAB_CONFABCTL_JWT_NOTES_H
#define CONFAB_CONFABCTL_JWT_NOTES_H

struct config;
struct json_object;

/* Prints a line for each. */
void jwt_notes_print(const struct config *config, struct json_object *claims);

#endif
