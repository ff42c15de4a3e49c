/* One script reads the hash of a room, a field PUSHD/USER for each online user, and the leases of
 * the pushd processes in it. */
#include "redis/redis_presence.h"

#include "base/xalloc.h"
#include "event/event.h"
#include "redis/redis_client_private.h"

/* Fields of pushd processes whose lease has expired are ignored. */
static const char PRESENCE[] =
    "local alive, seen, users = {}, {}, {} "
    "for _, field in ipairs(redis.call('HKEYS', KEYS[1])) do "
    /* Other fields are not of this form and are skipped. */
    "local pushd, user = string.match(field, '^(.+)/(%d+)$') "
    "if pushd then "
    /* Each lease is looked up once, and each user listed once, even with several processes. */
    "if alive[pushd] == nil then alive[pushd] = redis.call('EXISTS', ARGV[1] .. pushd) == 1 end "
    "if alive[pushd] and not seen[user] then seen[user] = true users[#users + 1] = user end "
    "end end "
    "return users";

/* Reads a list of ids, which the caller frees. False if the reply is not a list. */
static bool read_ids(const redisReply *reply, uint64_t **ids, size_t *count) {
    if (reply->type != REDIS_REPLY_ARRAY)
        return false;
    /* One more, so that an empty list is not a null pointer. */
    *ids = xcalloc(reply->elements + 1, sizeof(**ids));
    *count = 0;
    for (size_t i = 0; i < reply->elements; i++) {
        const redisReply *element = reply->element[i];
        if (element->type == REDIS_REPLY_STRING &&
            text_to_u64((struct text){element->str, (size_t)element->len}, &(*ids)[*count]))
            ++*count;
    }
    return true;
}

/* Runs a script about a room: KEYS[1] is `key`, ARGV[1] the prefix of the keys of leases. */
static redisReply *run(struct redis_client *client, const char *script, struct buffer *key) {
    const struct config *config = redis_client_config(client);
    struct buffer pushd = BUFFER_EMPTY;
    char prefix[REDIS_SLOTS_PREFIX_SIZE];
    /* In a cluster each server that has such hashes has the leases as well, under its own
     * prefix. */
    event_pushd_key(&pushd, redis_client_prefix(client, buffer_str(key), prefix), text_of(""));
    const char *argv[] = {"EVAL", script, "1", buffer_str(key), buffer_str(&pushd)};
    redisReply *reply = redis_client_run(client, config->redis_timeout, 5, argv);
    buffer_free(&pushd);
    buffer_free(key);
    return reply;
}

bool redis_presence_read(struct redis_client *client, uint64_t room_id, uint64_t **ids,
                         size_t *count) {
    const struct config *config = redis_client_config(client);
    struct buffer key = BUFFER_EMPTY;
    char prefix[REDIS_SLOTS_PREFIX_SIZE];
    event_presence_key(
        &key,
        redis_slots_prefix(config->redis_prefix, redis_slots_are_used(config), room_id, prefix),
        room_id);
    redisReply *reply = run(client, PRESENCE, &key);
    const bool valid = reply && read_ids(reply, ids, count);
    freeReplyObject(reply);
    return valid;
}

bool redis_presence_count(struct redis_client *client, uint64_t room_id, uint64_t *count) {
    /* A field for each pushd: how many users are online there. Without a lease it is ignored. */
    static const char COUNT[] =
        "local sum, all = 0, redis.call('HGETALL', KEYS[1]) "
        "for i = 1, #all, 2 do "
        "if redis.call('EXISTS', ARGV[1] .. all[i]) == 1 then "
        "sum = sum + (tonumber(all[i + 1]) or 0) end end "
        "return sum";
    const struct config *config = redis_client_config(client);
    struct buffer key = BUFFER_EMPTY;
    char prefix[REDIS_SLOTS_PREFIX_SIZE];
    event_online_key(
        &key,
        redis_slots_prefix(config->redis_prefix, redis_slots_are_used(config), room_id, prefix),
        room_id);
    redisReply *reply = run(client, COUNT, &key);
    const bool valid = reply && reply->type == REDIS_REPLY_INTEGER && reply->integer >= 0;
    *count = valid ? (uint64_t)reply->integer : 0;
    freeReplyObject(reply);
    return valid;
}
