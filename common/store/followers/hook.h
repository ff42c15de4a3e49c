/*
 * hook: addresses of the site that are sent events, and addresses here that it posts to.
 *
 * How far a hook has read each room is in follower.h; hook_id is the id of its follower.
 */
#ifndef CONFAB_COMMON_STORE_FOLLOWERS_HOOK_H
#define CONFAB_COMMON_STORE_FOLLOWERS_HOOK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/text.h"
#include "db/db.h"
#include "secrets/secret.h"

/* Longest name, in characters, and address, in bytes; most rooms of one hook. */
#define HOOK_NAME_MAX 64
#define HOOK_URL_MAX 2048
#define HOOK_ROOMS_MAX 100

/* Random bytes of a secret, and its text: whsec_ and base64. */
#define HOOK_SECRET_BYTES 32
#define HOOK_SECRET_SIZE 51

/* How long the former secret signs as well after it was replaced. */
#define HOOK_OLD_SECRET_HOURS 24

struct hook {
    uint64_t id;
    struct text name, url;
    bool has_types;
    uint64_t types; /* bit n: events of type n (event/event.h); without has_types all */
    bool has_rooms;
    struct text rooms; /* their ids, separated by commas; without has_rooms all rooms */
    bool is_active;
    unsigned char secret[HOOK_SECRET_BYTES], old_secret[HOOK_SECRET_BYTES];
    bool has_old_secret; /* deliveries are signed with both */
    int64_t created_at;
    uint64_t delivered, failed; /* numbers of tries */
    int64_t delivered_at, failed_at;
    struct text failure; /* why the last failed try failed; empty: none did */
};

typedef void hook_visit(void *context, const struct hook *hook);

/* True for an address that a hook may have: http:// or https://, a host and perhaps a port,
 * printable ASCII without blanks, at most HOOK_URL_MAX bytes. Whether the host is public is found
 * out when it is resolved. */
bool hook_url_is_valid(struct text url);

/* Adds the event of this name to the bits of a hook; false if it is not an event of rooms. */
bool hook_add_event(struct text name, uint64_t *types);

/* Adds a room to the list of a hook, unless it is there. */
void hook_add_room(uint64_t room_id, struct buffer *rooms);

/* Writes the text of a secret. */
void hook_secret_text(const unsigned char secret[HOOK_SECRET_BYTES], char out[HOOK_SECRET_SIZE]);

/* Adds a hook that begins to read now. Of *hook it takes name, url, types, rooms, is_active and
 * secret. */
enum error hook_add(struct db *db, const struct hook *hook, uint64_t *id);

/* Reads a secret from a column of a statement that joins `hook`; NULL leaves `secret` unchanged. */
void hook_secret_from_row(const struct db_rows *rows, unsigned column,
                          unsigned char secret[HOOK_SECRET_BYTES]);

/* Visits one hook; ERROR_NOT_FOUND. */
enum error hook_get(struct db *db, uint64_t id, hook_visit *visit, void *context);

/* Visits at most `limit` hooks by id, without the first `offset`. */
enum error hook_list(struct db *db, uint64_t limit, uint64_t offset, hook_visit *visit,
                     void *context);

/* The number of all hooks. */
enum error hook_count(struct db *db, uint64_t *count);

/* New values of a hook. */
struct hook_patch {
    struct text name, url; /* .at NULL: unchanged */
    bool set_types, has_types, set_rooms, has_rooms, set_active, is_active;
    uint64_t types;
    struct text rooms;
    const unsigned char *secret; /* NULL: unchanged; else the present one becomes the old one */
};

/* Changes a hook. Rooms that are added begin now, those that are taken away are forgotten; while it
 * is not active it keeps its place. ERROR_NOT_FOUND. */
enum error hook_change(struct db *db, uint64_t id, const struct hook_patch *patch);

/* Deletes a hook and what it has read. ERROR_NOT_FOUND. */
enum error hook_delete(struct db *db, uint64_t id);

/* Makes a test delivery due, also of a hook that is not active. ERROR_NOT_FOUND. */
enum error hook_test(struct db *db, uint64_t id);

/* The results of deliveries, for hook_count_tries. */
struct hook_tries {
    uint64_t hook_id;
    uint64_t delivered, failed;
    const char *failure; /* of the last failed one; NULL: none */
};

/* Adds the results of `count` hooks to their counters, by one statement. */
enum error hook_count_tries(struct db *db, const struct hook_tries *tries, size_t count);

/* ---- incoming hooks ---- */

struct hook_in {
    uint64_t id;
    struct text name;
    uint64_t room_id, user_id;
    struct text username;
    int64_t created_at;
};

typedef void hook_in_visit(void *context, const struct hook_in *hook);

/* Adds an address that posts to a room as a bot, which must be a member of it. ERROR_CONFLICT: the
 * name is taken. */
enum error hook_in_add(struct db *db, struct text name, const unsigned char hash[SECRET_HASH_SIZE],
                       uint64_t room_id, uint64_t user_id);

/* Finds one by the hash of its secret; ERROR_NOT_FOUND, also if its bot is disabled. The name in
 * *hook is empty. */
enum error hook_in_find(struct db *db, const unsigned char hash[SECRET_HASH_SIZE],
                        struct hook_in *hook);

/* Visits all of them, in the order of creation. */
enum error hook_in_list(struct db *db, hook_in_visit *visit, void *context);

/* Deletes one by name; its bot stays a member of the room. ERROR_NOT_FOUND. */
enum error hook_in_delete(struct db *db, struct text name);

#endif
