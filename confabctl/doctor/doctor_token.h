/*
 * doctor_token: the token that the doctor comes with, for the time of its run.
 *
 * A process of its own keeps it, and ends it as soon as the doctor is gone, however that came
 * about: nobody else would know of a token that a killed doctor left.
 */
#ifndef CONFABCTL_DOCTOR_TOKEN_H
#define CONFABCTL_DOCTOR_TOKEN_H

#include <stdint.h>
#include <sys/types.h>

#include "tool.h"

struct doctor_token {
    pid_t keeper;
    int line; /* to the keeper, which takes its end for the doctor's */
};

/* Adds a token of a user, by the hash of its key. If that fails, the keeper says why. */
enum tool_end doctor_token_make(const struct tool *tool, uint64_t user_id,
                                const unsigned char hash[SECRET_HASH_SIZE],
                                struct doctor_token *token);

/* Ends it. */
enum tool_end doctor_token_end(struct doctor_token *token);

#endif
