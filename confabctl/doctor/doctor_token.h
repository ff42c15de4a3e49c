/*
 * doctor_token: the token of one run of doctor.
 *
 * A child process creates the token and revokes it as soon as the parent ends, also if the
 * parent is killed. Otherwise an interrupted run would leave a valid token.
 */
#ifndef CONFAB_CONFABCTL_DOCTOR_DOCTOR_TOKEN_H
#define CONFAB_CONFABCTL_DOCTOR_DOCTOR_TOKEN_H

#include <stdint.h>
#include <sys/types.h>

#include "cli.h"

struct doctor_token {
    pid_t child;
    int fd; /* connection to the child, which revokes the token when it is closed */
};

/* Creates a token of a user from the hash of its key. On failure the child has printed an error,
 * and there is nothing to revoke. */
enum cli_status doctor_token_add(const struct cli *cli, uint64_t user_id,
                                 const unsigned char hash[SECRET_HASH_SIZE],
                                 struct doctor_token *token);

/* Revokes the token and waits for the child. */
enum cli_status doctor_token_revoke(struct doctor_token *token);

#endif
