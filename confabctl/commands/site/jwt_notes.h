/*
 * jwt_notes: reports the claims of a valid token of the site that a login ignores because they are
 * invalid or unknown.
 */
#ifndef CONFAB_CONFABCTL_JWT_NOTES_H
#define CONFAB_CONFABCTL_JWT_NOTES_H

struct config;
struct json_object;

/* Prints a line on standard output for each such claim. */
void jwt_notes_print(const struct config *config, struct json_object *claims);

#endif
