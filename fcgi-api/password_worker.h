/*
 * hashing: passwords, hashed and checked on the time that requests leave over.
 *
 * A hash keeps a processor busy for as long as thousands of requests, and 64 MiB of memory. It
 * runs in a process of its own with less weight than all else, so that whoever waits for a
 * message does not wait for somebody's login; the process that asked waits for it, as for any
 * other work.
 */
#ifndef CONFAB_FCGI_API_PASSWORD_WORKER_H
#define CONFAB_FCGI_API_PASSWORD_WORKER_H

#include "base/secret.h"
#include "config/config.h"

/* Hashes a password at the configured cost; false when the memory cannot be had. */
bool password_worker_hash(const struct config *config, struct text password,
                          char hash[SECRET_PASSWORD_SIZE]);

/* True when the password is the one hashed. With hash NULL (no such user) it takes as long, and
 * is false. */
bool password_worker_verify(const struct config *config, const char *hash, struct text password);

#endif
