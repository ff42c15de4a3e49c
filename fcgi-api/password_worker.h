/*
 * password_worker: hashes and verifies passwords in a child process with low priority.
 *
 * A hash takes as much CPU time as thousands of requests, and 64 MiB of memory. At low priority it
 * does not delay other requests. The calling process waits for the child.
 */
#ifndef CONFAB_FCGI_API_PASSWORD_WORKER_H
#define CONFAB_FCGI_API_PASSWORD_WORKER_H

#include "base/secret.h"
#include "config/config.h"

/* Hashes a password with the configured cost parameters; false if there is not enough memory. */
bool password_worker_hash(const struct config *config, struct text password,
                          char hash[SECRET_PASSWORD_SIZE]);

/* True if the password matches the hash. With hash NULL (no such user) the result is false after
 * the same time. */
bool password_worker_verify(const struct config *config, const char *hash, struct text password);

#endif
