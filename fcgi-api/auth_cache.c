/* A hash table of fixed size, keyed by token hash and room, of one process: for which user a token
 * has posted in a room lately. It is only a hint that saves a query: the statement that uses it
 * checks token and membership again, and a refusal removes the entry. */
#include "auth_cache.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/xalloc.h"

/* 100 KiB of address space; only pages in use take memory. */
#define ENTRIES 1024

/* An entry is in one of this many consecutive places. */
#define ROW 4

/* An entry is used for this long; then the ordinary way notes the use of the token. */
#define LIFE_MS (10 * 60 * 1000)

struct entry {
    unsigned char token_hash[SECRET_HASH_SIZE];
    uint64_t room_id; /* 0: a free entry */
    uint64_t user_id;
    uint64_t token_id;
    int64_t added_ms; /* on the monotonic clock */
    char name[USER_NAME_SIZE];
};

struct auth_cache {
    struct entry entries[ENTRIES + ROW - 1];
    uint64_t connection; /* of the database connection */
};

struct auth_cache *auth_cache_new(void) {
    return xcalloc(1, sizeof(struct auth_cache));
}

void auth_cache_free(struct auth_cache *cache) {
    free(cache);
}

/* The first of the places of a token and room. The hash of a token is evenly distributed. */
static struct entry *row_of(struct auth_cache *cache,
                            const unsigned char token_hash[SECRET_HASH_SIZE], uint64_t room_id) {
    uint64_t number;
    memcpy(&number, token_hash, sizeof(number));
    /* The sum spreads the rooms of one token over neighbouring places. */
    return &cache->entries[(number + room_id) % ENTRIES];
}

/* The entry of a token and room, NULL if there is none. */
static struct entry *find(struct auth_cache *cache,
                          const unsigned char token_hash[SECRET_HASH_SIZE], uint64_t room_id) {
    struct entry *row = row_of(cache, token_hash, room_id);
    /* Room 0 marks free entries and is never found. */
    for (struct entry *entry = row; entry < row + ROW; entry++)
        if (room_id != 0 && entry->room_id == room_id &&
            memcmp(entry->token_hash, token_hash, SECRET_HASH_SIZE) == 0)
            return entry;
    return NULL;
}

/* A free entry among the places, or else the first of them. */
static struct entry *free_entry(struct auth_cache *cache,
                                const unsigned char token_hash[SECRET_HASH_SIZE],
                                uint64_t room_id) {
    struct entry *row = row_of(cache, token_hash, room_id);
    for (struct entry *entry = row; entry < row + ROW; entry++)
        if (entry->room_id == 0)
            return entry;
    /* All taken: the first is overwritten, which costs its owner one query. */
    return row;
}

/* Clears the cache after a reconnect. */
static void clear_if_stale(struct auth_cache *cache, const struct db *db) {
    /* A new connection may lead to another database, such as a restored backup. */
    if (cache->connection == db_connection_number(db))
        return;
    memset(cache->entries, 0, sizeof(cache->entries));
    cache->connection = db_connection_number(db);
}

bool auth_cache_find(struct auth_cache *cache, const struct db *db,
                     const unsigned char token_hash[SECRET_HASH_SIZE], uint64_t room_id,
                     struct identity *identity) {
    clear_if_stale(cache, db);
    const struct entry *entry = find(cache, token_hash, room_id);
    if (!entry || clock_monotonic_ms() - entry->added_ms > LIFE_MS)
        return false;
    /* Only what the handler needs; the rest of the identity is zero. */
    memset(identity, 0, sizeof(*identity));
    identity->user.id = entry->user_id;
    identity->user.is_active = true;
    memcpy(identity->user.name, entry->name, sizeof(entry->name));
    identity->token_id = entry->token_id;
    return true;
}

void auth_cache_add(struct auth_cache *cache, const struct db *db,
                    const unsigned char token_hash[SECRET_HASH_SIZE], uint64_t room_id,
                    const struct identity *identity) {
    clear_if_stale(cache, db);
    /* The same token and room are not entered twice. */
    struct entry *entry = find(cache, token_hash, room_id);
    if (!entry)
        entry = free_entry(cache, token_hash, room_id);
    memcpy(entry->token_hash, token_hash, SECRET_HASH_SIZE);
    entry->room_id = room_id;
    entry->user_id = identity->user.id;
    entry->token_id = identity->token_id;
    entry->added_ms = clock_monotonic_ms();
    memcpy(entry->name, identity->user.name, sizeof(entry->name));
}

void auth_cache_remove(struct auth_cache *cache, const unsigned char token_hash[SECRET_HASH_SIZE],
                       uint64_t room_id) {
    struct entry *entry = find(cache, token_hash, room_id);
    if (entry)
        memset(entry, 0, sizeof(*entry));
}
