/*
 * jwks: the keys of the site that are fetched from jwks_url (RFC 7517), as they were last fetched.
 * Only the worker fetches them; requests read what is stored.
 */
#ifndef CONFAB_COMMON_STORE_SITE_JWKS_H
#define CONFAB_COMMON_STORE_SITE_JWKS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/text.h"
#include "db/db.h"

/* Largest set of keys, in bytes. */
#define JWKS_MAX 65536

/* Seconds between two fetches; the shorter interval is for when a key is missing or the last fetch
 * failed. */
#define JWKS_FETCH_SECONDS 3600
#define JWKS_WANTED_SECONDS 60

/* Appends the stored set; *fetched_at is 0, and nothing is appended, if none was fetched yet. */
enum error jwks_get(struct db *db, const char *url, struct buffer *out, int64_t *fetched_at);

/* Requests that the set be fetched again, at most once a minute, since a token names a key that is
 * not in it. */
enum error jwks_request(struct db *db, const char *url);

/* Sets *is_due, for one worker only, if the set is to be fetched now. */
enum error jwks_is_due(struct db *db, const char *url, bool *is_due);

/* jwks_store stores a set that was fetched; jwks_record_failure stores why a fetch failed and keeps
 * the former set. */
enum error jwks_store(struct db *db, const char *url, struct text body);
enum error jwks_record_failure(struct db *db, const char *url, const char *why);

#endif
