/*
 * prompt: what is asked of whoever runs the program.
 *
 * Passwords come from a terminal, without echo and twice, or as one line of standard
 * input when that is no terminal. They never come from the command line, which everybody
 * on the machine can read.
 */
#ifndef CONFABCTL_PROMPT_H
#define CONFABCTL_PROMPT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"

/* Room for 256 characters of 4 bytes, and for one byte that is too many. */
#define PROMPT_SECRET_SIZE 1025

/* What was typed, without its line feed; to be wiped with prompt_wipe after use. */
struct prompt_secret {
    char bytes[PROMPT_SECRET_SIZE];
    size_t len;
};

/* Reads a password for the user named. Returns NULL, or what went wrong, static; the
 * secret is to be wiped in either case. */
const char *prompt_password(const char *username, struct prompt_secret *secret);

/* The password read. */
struct text prompt_text(const struct prompt_secret *secret);

/* Overwrites a secret. */
void prompt_wipe(struct prompt_secret *secret);

/* True when there is somebody to ask. */
bool prompt_is_possible(void);

/* Asks a question on the terminal; true only for "y" or "yes". */
bool prompt_confirm(const char *question);

#endif
