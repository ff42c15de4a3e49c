/*
 * prompt: asks for passwords and confirmation.
 *
 * A password is read twice from the terminal without echo, or once as a line of standard
 * input if that is not a terminal. It is never an argument, since all users of the machine
 * can read those.
 */
#ifndef CONFAB_CONFABCTL_PROMPT_H
#define CONFAB_CONFABCTL_PROMPT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"

/* 256 characters of up to 4 bytes, and one byte more to detect longer ones. */
#define PROMPT_SECRET_SIZE 1025

/* The line read, without its line feed. Erase it with prompt_wipe after use. */
struct prompt_secret {
    char bytes[PROMPT_SECRET_SIZE];
    size_t len;
};

/* Reads a password for this user. Returns NULL or a static error text; the caller wipes the
 * secret in both cases. */
const char *prompt_password(const char *username, struct prompt_secret *secret);

/* Returns the password; valid until it is wiped. */
struct text prompt_text(const struct prompt_secret *secret);

/* Overwrites a secret. */
void prompt_wipe(struct prompt_secret *secret);

/* Returns whether standard input is a terminal. */
bool prompt_is_possible(void);

/* Asks a question on the terminal; true only for "y" or "yes". */
bool prompt_confirm(const char *question);

#endif
