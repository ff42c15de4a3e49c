/*
 * online_profiles: what a list of users online shows of each: names and picture, as JSON.
 *
 * Profiles are read from the database when a list is to be sent, all that are wanted at the time in
 * one query, and kept for a while. In a short list each was read after it was wanted; in a long one
 * it may have been read some seconds before.
 */
#ifndef CONFAB_PUSHD_CLIENT_ONLINE_PROFILES_H
#define CONFAB_PUSHD_CLIENT_ONLINE_PROFILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"
#include "db/db_pool.h"

struct online_profiles;

/* db_pool must outlive it. Never NULL. */
struct online_profiles *online_profiles_new(struct db_pool *db_pool);

/* No read may be pending. */
void online_profiles_free(struct online_profiles *profiles);

/* Called on the loop when a read has ended, with or without success. */
typedef void online_profiles_done(void *context);

/* Reads the profiles of these users. False if all are known well enough; otherwise done is called
 * once, never before this returns. */
bool online_profiles_read(struct online_profiles *profiles, const uint64_t *ids, size_t count,
                          online_profiles_done *done, void *context);

/* The JSON object of a user, as serialize_online writes it, valid until the loop runs on; .at is
 * NULL if the user was not read. */
struct text online_profiles_find(const struct online_profiles *profiles, uint64_t user_id);

#endif
