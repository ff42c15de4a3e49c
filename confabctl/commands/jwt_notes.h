/*
 * jwt_notes: what is lost of a valid token of the site: claims that do not fit, and claims that
 * nobody reads.
 */
#ifndef CONFAB_CONFABCTL_JWT_NOTES_H
#define CONFAB_CONFABCTL_JWT_NOTES_H

struct config;
struct json_object;

/* Prints a line for each. */
void jwt_notes_print(const struct config *config, struct json_object *claims);

#endif
