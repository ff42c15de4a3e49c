/*
 * password_worker: hashes and verifies passwords in a child process with low priority.
 *
 * A hash takes as much CPU time as thousands of requests, and 64 MiB of memory. At low priority it
 * does not delay other requests. The calling process waits for the child, so at most half of the
 * processes of this host (the option `processes`) may do so at once: the others serve requests.
 */
#ifndef CONFAB_FCGI_API_PASSWORD_WORKER_H
#define CONFAB_FCGI_API_PASSWORD_WORKER_H

#include "base/error.h"
#include "config/config.h"
#include "secrets/secret.h"
#include "shared.h"

/* Hashes a password with the configured cost parameters. ERROR_UNAVAILABLE: too many processes are
 * hashing, or there is not enough memory. */
enum error password_worker_hash(const struct config *config, const struct shared *shared,
                                struct text password, char hash[SECRET_PASSWORD_SIZE]);

/* Sets *matches if the password matches the hash. With hash NULL (no such user) the result is false
 * after the same time. ERROR_UNAVAILABLE: too many processes are hashing. */
enum error password_worker_verify(const struct config *config, const struct shared *shared,
                                  const char *hash, struct text password, bool *matches);

#endif
