/*
 * api_key: the keys of the site's own programs. A key is not a user: it has scopes, and with the
 * scope `act` it acts for any user that a request names. Only the hash of a key is stored.
 */
#ifndef CONFAB_COMMON_STORE_SITE_API_KEY_H
#define CONFAB_COMMON_STORE_SITE_API_KEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"
#include "db/db.h"
#include "secrets/secret.h"
#include "store/logins/identity.h"

/* Sizes with terminators. */
#define API_KEY_NAME_SIZE 65
#define API_KEY_ADDRESSES_SIZE 1025

/* The longest text that names a user: "ext:" and a subject; with the terminator. */
#define API_KEY_USER_SIZE (4 + 128 + 1)

/* Scopes; bits. */
enum {
    API_KEY_USERS = 1,
    API_KEY_ROOMS = 2,
    API_KEY_MESSAGES = 4,
    API_KEY_HOOKS = 8,
    API_KEY_MODERATE = 16,
    API_KEY_ACT = 32,
    API_KEY_ALL = 63,
};

struct api_key {
    uint64_t id;
    char name[API_KEY_NAME_SIZE];
    unsigned scopes;
    char addresses[API_KEY_ADDRESSES_SIZE]; /* addresses and networks; empty: any address */
    int64_t created_at;
    int64_t expires_at;   /* 0: never */
    int64_t last_used_at; /* to the minute; 0: never */
    int64_t revoked_at;   /* 0: it is not revoked */
    bool is_expired;
};

typedef void api_key_visit(void *context, const struct api_key *key);

/* True for a name of 1 to 64 ASCII letters, digits, '.', '_' and '-': it is written into the
 * log. */
bool api_key_name_is_valid(struct text name);

/* Reads a list of scopes, separated by commas. False if one is unknown, or there is none. */
bool api_key_read_scopes(struct text list, unsigned *scopes);

/* Writes the list of scopes, separated by commas; the size is enough for all of them. */
#define API_KEY_SCOPES_SIZE 64
void api_key_write_scopes(unsigned scopes, char out[API_KEY_SCOPES_SIZE]);

/* The name of one scope; static. */
const char *api_key_scope_name(unsigned scope);

/* Adds a key; expires_at 0: it does not expire. ERROR_CONFLICT: there is a key of this name,
 * perhaps a revoked one. */
enum error api_key_add(struct db *db, const unsigned char hash[SECRET_HASH_SIZE],
                       const struct api_key *key);

/* Revokes the key of this name. ERROR_NOT_FOUND: there is none; *changed is false if it was revoked
 * before. */
enum error api_key_revoke(struct db *db, struct text name, bool *changed);

/* Visits all keys, also those revoked, in the order of creation. */
enum error api_key_list(struct db *db, api_key_visit *visit, void *context);

/* Finds a key that is neither revoked nor expired; else ERROR_UNAUTHENTICATED. Notes its use, at
 * most once a minute. */
enum error api_key_find(struct db *db, const unsigned char hash[SECRET_HASH_SIZE],
                        struct api_key *key);

/* True for an address or a network, as an entry of `addresses`. */
bool api_key_address_is_valid(struct text entry);

/* True if the key may be used from this address. */
bool api_key_allows_address(const struct api_key *key, const char *address);

/* Sets, for each of several keys, whether it has been revoked or has expired. The hashes follow
 * each other. */
enum error api_key_ended(struct db *db, const unsigned char *hashes, size_t count, bool *ended);

/* ---- acting as a user ---- */

/* The user that a request names. */
struct api_key_user {
    uint64_t id;         /* 0: by subject */
    struct text subject; /* borrowed */
};

/* Reads "<user id>" or "ext:<subject>"; false for anything else. */
bool api_key_user_read(struct text text, struct api_key_user *user);

/* Finds this user, with the state of a room (room_id 0: of none); token and session of the identity
 * are 0. The subject is one of this issuer. ERROR_NOT_FOUND if there is none, or it is the site's
 * own user, for which no key may act. */
enum error api_key_user_find(struct db *db, const struct api_key_user *user, struct text issuer,
                             uint64_t room_id, struct identity *identity);

/* Why a key was refused for a request that needs a user. */
enum api_key_refusal {
    API_KEY_ACCEPTED,
    API_KEY_WRONG_ADDRESS,
    API_KEY_NEEDS_ACT,    /* it lacks the scope */
    API_KEY_NEEDS_USER,   /* no user is named */
    API_KEY_UNKNOWN_USER, /* or the site's own user */
};

/* Checks a key that was found: address, scope, and then finds the user. ERROR_FORBIDDEN with a
 * refusal. The user may be disabled. */
enum error api_key_act(struct db *db, const struct api_key *key, const char *address,
                       struct text user, struct text issuer, uint64_t room_id,
                       struct identity *identity, enum api_key_refusal *refusal);

/* The text of the API for a refusal; static. */
const char *api_key_refusal_detail(enum api_key_refusal refusal);

#endif
