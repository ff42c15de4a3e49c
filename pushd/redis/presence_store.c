/*
 * presence_store: presence in Redis: the Lua scripts that change and read it, and the lease.
 *
 * A room's presence is a hash with a field "<pushd id>/<user id>" for each user of each pushd. A
 * field counts only while the lease of its pushd exists, so a pushd that was killed needs no
 * cleaning up to be right; sweeping only removes what it left. Redis runs a script without
 * interruption: what a script changes, and the notice that it publishes of that, are one step.
 * common/event/event.h has all keys.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/xalloc.h"
#include "event/serialize.h"
#include "redis/pubsub_private.h"
#include "secrets/secret.h"

/*
 * `P pushds` is a sorted set of the pushd processes that renewed their lease in the last
 * KNOWN_SECONDS, by the time of the last renewal. Entering and leaving look at these few only,
 * not at all fields of a large room; and as long as none of them is dead, there is nothing to
 * sweep.
 *
 * `P clock` is the logical clock: microseconds since 1970, or the previous value plus one if
 * that is later. So it always rises, and a Redis that lost its data continues by the time.
 */
#define LEASE_SECONDS "15"
#define KNOWN_SECONDS "90"

/* All scripts: KEYS[1] is the room's hash; ARGV[1] is the prefix of leases, ARGV[2] the id of a
 * pushd. The last three arguments are the command that publishes, the known pushd processes and the
 * logical clock. In a cluster leases and known processes are of the server that has the room: they
 * are not in KEYS, which must be of one slot. */
#define PUBLISHING "ARGV[#ARGV - 2]"
#define KNOWN "ARGV[#ARGV - 1]"
#define CLOCK "ARGV[#ARGV]"

/* Sets `logical_time` to the logical time of this script. */
#define LOGICAL_TIME                                                                    \
    "local time = redis.call('TIME') "                                                  \
    "local logical_time = string.format('%.0f', math.max(time[1] * 1000000 + time[2], " \
    "(tonumber(redis.call('GET', " CLOCK                                                \
    ")) or 0) + 1)) "                                                                   \
    "redis.call('SET', " CLOCK ", logical_time) "

/* Publishes the envelope made of ARGV[6], the logical time and ARGV[7]. */
#define PUBLISH "redis.call(" PUBLISHING ", ARGV[5], ARGV[6] .. logical_time .. ARGV[7]) "

/* Whether a living pushd other than ARGV[2] has the user ARGV[3] in the room. */
#define ELSEWHERE                                                                     \
    "local function elsewhere() "                                                     \
    "for _, id in ipairs(redis.call('ZRANGE', " KNOWN                                 \
    ", 0, -1)) do "                                                                   \
    "if id ~= ARGV[2] and redis.call('HEXISTS', KEYS[1], id .. '/' .. ARGV[3]) == 1 " \
    "and redis.call('EXISTS', ARGV[1] .. id) == 1 then return true end "              \
    "end return false end "

/* Whether a pushd is alive; each is looked up once. */
#define ALIVE                                            \
    "local known = {} "                                  \
    "local function alive(id) if known[id] == nil then " \
    "known[id] = redis.call('EXISTS', ARGV[1] .. id) == 1 end return known[id] end "

/* ARGV[4] is the user's name, [5] the room's channel, [6] and [7] the parts of the message before
 * and after the logical time. Returns whether no other living pushd has the user, and the logical
 * time. */
static const char ENTER[] = LOGICAL_TIME ELSEWHERE
    "local new = redis.call('HSET', KEYS[1], ARGV[2] .. '/' .. ARGV[3], ARGV[4]) "
    "if elsewhere() then return {0, logical_time} end "
    "if new == 1 then " PUBLISH
    "end "
    "return {1, logical_time}";

static const char LEAVE[] = LOGICAL_TIME ELSEWHERE
    "local old = redis.call('HDEL', KEYS[1], ARGV[2] .. '/' .. ARGV[3]) "
    "if elsewhere() then return {0, logical_time} end "
    "if old == 1 then " PUBLISH
    "end "
    "return {1, logical_time}";

/* The same as LEAVE for a user of a dead pushd, unless another pushd already did it. */
static const char REMOVE_DEAD[] = LOGICAL_TIME ELSEWHERE
    "if redis.call('EXISTS', ARGV[1] .. ARGV[2]) == 0 "
    "and redis.call('HDEL', KEYS[1], ARGV[2] .. '/' .. ARGV[3]) == 1 and not elsewhere() "
    "then " PUBLISH
    "end "
    "return {1, logical_time}";

/* Returns whether a dead pushd has users in the room, and the logical time; then id and name of
 * each user that another living pushd has. */
static const char READ[] = LOGICAL_TIME ALIVE
    "local all, seen, found = redis.call('HGETALL', KEYS[1]), {}, {0, logical_time} "
    "for i = 1, #all, 2 do "
    "local id, user = string.match(all[i], '^(.+)/(%d+)$') "
    "if id and id ~= ARGV[2] then "
    "if not alive(id) then found[1] = 1 "
    "elseif not seen[user] then "
    "seen[user] = true found[#found + 1] = user found[#found + 1] = all[i + 1] end "
    "end end "
    "return found";

/* Returns pushd, id and name of each user that only dead pushd processes have. Removes their
 * entries of users that a living pushd has, too. */
static const char SWEEP[] = ALIVE
    "local living, dead, found = {}, {}, {} "
    "for _, field in ipairs(redis.call('HKEYS', KEYS[1])) do "
    "local id, user = string.match(field, '^(.+)/(%d+)$') "
    "if id and alive(id) then living[user] = true "
    "elseif id then dead[#dead + 1] = {field, id, user} end "
    "end "
    "for _, each in ipairs(dead) do "
    "if living[each[3]] then redis.call('HDEL', KEYS[1], each[1]) "
    "else found[#found + 1] = each[2] found[#found + 1] = each[3] "
    "found[#found + 1] = redis.call('HGET', KEYS[1], each[1]) end "
    "end "
    "return found";

/* For a large room: KEYS[1] is the hash of numbers, ARGV[3] that of this pushd. Returns the sum of
 * those of other living ones. */
static const char COUNT[] =
    "if tonumber(ARGV[3]) > 0 then redis.call('HSET', KEYS[1], ARGV[2], ARGV[3]) "
    "redis.call('EXPIRE', KEYS[1], 60) "
    "else redis.call('HDEL', KEYS[1], ARGV[2]) end "
    "local others, all = 0, redis.call('HGETALL', KEYS[1]) "
    "for i = 1, #all, 2 do "
    "if all[i] ~= ARGV[2] and redis.call('EXISTS', ARGV[1] .. all[i]) == 1 then "
    "others = others + (tonumber(all[i + 1]) or 0) "
    "elseif all[i] ~= ARGV[2] then redis.call('HDEL', KEYS[1], all[i]) end end "
    "return {others}";

/* By enum pubsub_script. */
static const char *const SCRIPTS[PUBSUB_SCRIPTS] = {
    [PUBSUB_ENTER] = ENTER, [PUBSUB_LEAVE] = LEAVE, [PUBSUB_REMOVE_DEAD] = REMOVE_DEAD,
    [PUBSUB_READ] = READ,   [PUBSUB_SWEEP] = SWEEP, [PUBSUB_COUNT] = COUNT,
};

/* Here KEYS[1] is the lease, KEYS[2] the known processes, ARGV[3] is 1 if the lease is new, and
 * ARGV[4] a channel of this pushd, for nothing, which ARGV[5] publishes to: if Redis refuses it, or
 * the rest, this is found out here. Returns whether there is a lease, and the number of known pushd
 * processes that are dead. An expired lease is not renewed. After the clock was set back, leases
 * and times of renewal that lie ahead are cut to those of now. */
static const char RENEW[] =
    "local now = tonumber(redis.call('TIME')[1]) "
    "local there = redis.call('EXISTS', KEYS[1]) "
    "if there == 1 or ARGV[3] == '1' then "
    "there = 1 "
    "redis.call(ARGV[5], ARGV[4], '1') "
    "redis.call('SET', KEYS[1], '1', 'EX', " LEASE_SECONDS
    ") "
    "redis.call('ZADD', KEYS[2], now, ARGV[2]) end "
    "redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now - " KNOWN_SECONDS
    ") "
    "local dead, ids = 0, redis.call('ZRANGE', KEYS[2], 0, -1, 'WITHSCORES') "
    "for i = 1, #ids, 2 do "
    "local lease = ARGV[1] .. ids[i] "
    "if tonumber(ids[i + 1]) > now then redis.call('ZADD', KEYS[2], now, ids[i]) end "
    "if redis.call('TTL', lease) > " LEASE_SECONDS
    " then redis.call('EXPIRE', lease, " LEASE_SECONDS
    ") end "
    "if redis.call('EXISTS', lease) == 0 then dead = dead + 1 end end "
    "return {there, dead}";

/* ---- scripts in Redis ---- */

/* Redis has a script, and answers with the SHA-1 by which EVALSHA runs it. */
static void on_loaded(void *context, const struct redis_reply *reply) {
    char *name = context;
    if (reply && reply->kind == REDIS_TEXT && reply->text.len == PUBSUB_SCRIPT_LENGTH)
        memcpy(name, reply->text.at, PUBSUB_SCRIPT_LENGTH);
}

void presence_store_load(struct pubsub_node *node) {
    /* Until the answers come, scripts are sent in full (EVAL). */
    memset(node->scripts, 0, sizeof(node->scripts));
    for (size_t i = 0; i < PUBSUB_SCRIPTS; i++) {
        const struct text args[] = {{"SCRIPT", 6}, {"LOAD", 4}, text_of(SCRIPTS[i])};
        redis_conn_command(node->commands, args, 3, on_loaded, node->scripts[i]);
    }
}

/* ---- running scripts ---- */

/* A command that has not been answered; freed with its reply. */
struct request {
    struct pubsub *pubsub;
    uint64_t room_id;
    presence_store_done *done;
    presence_store_user *user;
    presence_store_end *end;
    presence_store_counted *counted;
    void *context;
};

static struct request *new_request(struct pubsub *pubsub, uint64_t room_id, void *context) {
    struct request *request = xcalloc(1, sizeof(*request));
    request->pubsub = pubsub;
    request->room_id = room_id;
    request->context = context;
    return request;
}

static struct text as_text(const struct buffer *buffer) {
    return (struct text){buffer->data, buffer->len};
}

/* The reply if it is a list, else NULL. If Redis has forgotten the scripts (SCRIPT FLUSH), they
 * are loaded again; the caller of the failed command repeats it. */
static const struct redis_reply *expect_list(struct pubsub_node *node,
                                             const struct redis_reply *reply) {
    static const char NOSCRIPT[] = "NOSCRIPT";
    if (reply && reply->kind == REDIS_ERROR) {
        log_warn("redis: %s", reply->text.at);
        /* Many commands under way fail together: only the first one loads the scripts. */
        if (node && node->scripts[0][0] && strncmp(reply->text.at, NOSCRIPT, strlen(NOSCRIPT)) == 0)
            presence_store_load(node);
    }
    return reply && reply->kind == REDIS_LIST ? reply : NULL;
}

/* The server that a request was about; NULL: none any more. */
static struct pubsub_node *node_of(const struct request *request) {
    return pubsub_node_of(request->pubsub, request->room_id);
}

static const char *prefix_of(const struct pubsub *pubsub, uint64_t room_id,
                             char prefix[REDIS_SLOTS_PREFIX_SIZE]) {
    return redis_slots_prefix(pubsub->config->redis_prefix, pubsub->is_cluster, room_id,
                              prefix);
}

static struct text publishing(const struct pubsub *pubsub) {
    return text_of(pubsub->is_cluster ? "SPUBLISH" : "PUBLISH");
}

/* Runs a script about a room; `extra` are its arguments from ARGV[2] on. */
static void run(struct pubsub *pubsub, enum pubsub_script script, uint64_t room_id,
                const struct text *extra, size_t count, redis_conn_done *done, void *context) {
    struct pubsub_node *node = pubsub_node_of(pubsub, room_id);
    struct buffer hash = BUFFER_EMPTY, clock = BUFFER_EMPTY;
    char buffer[REDIS_SLOTS_PREFIX_SIZE];
    const char *prefix = prefix_of(pubsub, room_id, buffer);
    /* The slot of the room has no server at present: as if Redis had not answered. */
    if (!node) {
        done(context, NULL);
        return;
    }
    const bool known = node->scripts[script][0] != '\0';
    if (script == PUBSUB_COUNT)
        event_online_key(&hash, prefix, room_id);
    else
        event_presence_key(&hash, prefix, room_id);
    buffer_printf(&clock, "%sclock", prefix);
    /* The number of keys is 1; ARGV[1] is always the prefix of leases. */
    struct text args[16] = {known ? text_of("EVALSHA") : text_of("EVAL"),
                            known ? (struct text){node->scripts[script], PUBSUB_SCRIPT_LENGTH}
                                  : text_of(SCRIPTS[script]),
                            {"1", 1},
                            as_text(&hash),
                            as_text(&node->lease_prefix)};
    for (size_t i = 0; i < count; i++)
        args[5 + i] = extra[i];
    args[5 + count] = publishing(pubsub);
    args[6 + count] = as_text(&node->known_key);
    args[7 + count] = as_text(&clock);
    redis_conn_command(node->commands, args, 8 + count, done, context);
    buffer_free(&hash);
    buffer_free(&clock);
}

/* Runs a script that enters or removes a user and publishes that. The script inserts the logical
 * time, which only it knows, into the envelope. */
static void run_change(struct pubsub *pubsub, enum pubsub_script script, unsigned type,
                       uint64_t room_id, struct text pushd_id, uint64_t user_id, struct text name,
                       redis_conn_done *done, void *context) {
    struct buffer user = BUFFER_EMPTY, channel = BUFFER_EMPTY, json = BUFFER_EMPTY;
    struct buffer before = BUFFER_EMPTY, after = BUFFER_EMPTY;
    serialize_user_notice(&json, type, room_id, user_id, name);
    /* The notice as others will receive it; the text is split where the logical time goes. */
    const struct event_envelope envelope = {
        .type = type, .actor_id = user_id, .actor = name, .text = as_text(&json)};
    /* ARGV[2] to ARGV[7], as ENTER describes them. */
    buffer_append_u64(&user, user_id);
    char prefix[REDIS_SLOTS_PREFIX_SIZE];
    event_channel(&channel, prefix_of(pubsub, room_id, prefix), EVENT_STREAM_ROOM, room_id);
    event_write_around_time(&before, &after, &envelope);
    const struct text extra[] = {pushd_id,          as_text(&user),   name,
                                 as_text(&channel), as_text(&before), as_text(&after)};
    run(pubsub, script, room_id, extra, 6, done, context);
    buffer_free(&user);
    buffer_free(&channel);
    buffer_free(&json);
    buffer_free(&before);
    buffer_free(&after);
}

static struct text own_id(const struct pubsub *pubsub) {
    return (struct text){pubsub->id, PUBSUB_ID_LENGTH};
}

/* ---- entering and leaving ---- */

/* Reads the logical time, which scripts return as text: numbers from Lua have 53 bits. */
static bool read_logical_time(const struct redis_reply *reply, uint64_t *logical_time) {
    return reply && reply->count >= 2 && reply->items[0]->kind == REDIS_NUMBER &&
           reply->items[1]->kind == REDIS_TEXT && text_to_u64(reply->items[1]->text, logical_time);
}

/* A change has been answered: tells presence, and frees the request. */
static void on_changed(void *context, const struct redis_reply *reply) {
    struct request *request = context;
    uint64_t logical_time = 0;
    reply = expect_list(node_of(request), reply);
    const bool ok = read_logical_time(reply, &logical_time);
    /* only_here is the first item: 1 if no other living pushd has the user. */
    if (request->done)
        request->done(request->context, ok, ok && reply->items[0]->number == 1, logical_time);
    free(request);
}

/* Enters or leaves, by a script that says in one step whether the user is new or was the last. */
static void change(struct pubsub *pubsub, enum pubsub_script script, unsigned type,
                   uint64_t room_id, uint64_t user_id, struct text name, presence_store_done *done,
                   void *context) {
    struct request *request = new_request(pubsub, room_id, context);
    request->done = done;
    run_change(pubsub, script, type, room_id, own_id(pubsub), user_id, name, on_changed, request);
}

void presence_store_enter(struct pubsub *pubsub, uint64_t room_id, uint64_t user_id,
                          struct text name, presence_store_done *done, void *context) {
    change(pubsub, PUBSUB_ENTER, EVENT_USER_JOINED, room_id, user_id, name, done, context);
}

void presence_store_leave(struct pubsub *pubsub, uint64_t room_id, uint64_t user_id,
                          struct text name, presence_store_done *done, void *context) {
    change(pubsub, PUBSUB_LEAVE, EVENT_USER_LEFT, room_id, user_id, name, done, context);
}

/* ---- sweeping ---- */

/* Only to log an error; the next sweep finds what is left. */
static void on_dead_removed(void *context, const struct redis_reply *reply) {
    struct request *request = context;
    expect_list(node_of(request), reply);
    free(request);
}

/* Reads a user as scripts return it: id and name, from item `at` on. */
static bool read_user(const struct redis_reply *reply, size_t at, uint64_t *user_id,
                      struct text *name) {
    const struct redis_reply *id = reply->items[at], *user = reply->items[at + 1];
    if (id->kind != REDIS_TEXT || user->kind != REDIS_TEXT || !text_to_u64(id->text, user_id) ||
        !text_is_valid(user->text.at, user->text.len))
        return false;
    *name = user->text;
    return true;
}

/* Users that only dead pushd processes have: three items each. Each is removed by a script of its
 * own, which checks again and publishes user_left. */
static void on_swept(void *context, const struct redis_reply *reply) {
    struct request *request = context;
    reply = expect_list(node_of(request), reply);
    /* A triple that is cut short is dropped; the next sweep finds it again. */
    for (size_t i = 0; reply && i + 2 < reply->count; i += 3) {
        uint64_t user_id;
        struct text name;
        if (reply->items[i]->kind == REDIS_TEXT && read_user(reply, i + 1, &user_id, &name))
            run_change(request->pubsub, PUBSUB_REMOVE_DEAD, EVENT_USER_LEFT, request->room_id,
                       reply->items[i]->text, user_id, name, on_dead_removed,
                       new_request(request->pubsub, request->room_id, NULL));
    }
    free(request);
}

static void sweep(struct pubsub *pubsub, uint64_t room_id) {
    const struct text extra[] = {own_id(pubsub)};
    run(pubsub, PUBSUB_SWEEP, room_id, extra, 1, on_swept, new_request(pubsub, room_id, NULL));
}

void presence_store_sweep(struct pubsub *pubsub, uint64_t room_id) {
    const struct pubsub_node *node = pubsub_node_of(pubsub, room_id);
    /* If no pushd has died, nothing is left behind, and the script need not run. */
    if (node && node->others_died && redis_conn_is_open(node->commands))
        sweep(pubsub, room_id);
}

/* ---- reading ---- */

/* Hands on the users of a room that other processes have. */
static void on_users(void *context, const struct redis_reply *reply) {
    struct request *request = context;
    uint64_t logical_time = 0, user_id;
    struct text name;
    reply = expect_list(node_of(request), reply);
    const bool ok = read_logical_time(reply, &logical_time);
    /* After the first two items: pairs of id and name. */
    for (size_t i = 2; ok && i + 1 < reply->count; i += 2)
        if (read_user(reply, i, &user_id, &name))
            request->user(request->context, logical_time, user_id, name);
    request->end(request->context, ok, logical_time);
    /* A dead pushd has users in this room; the view does not count them, but others must be
     * told. */
    if (ok && reply->items[0]->number == 1)
        sweep(request->pubsub, request->room_id);
    free(request);
}

void presence_store_read(struct pubsub *pubsub, uint64_t room_id, presence_store_user *user,
                         presence_store_end *end, void *context) {
    struct request *request = new_request(pubsub, room_id, context);
    const struct text extra[] = {own_id(pubsub)};
    request->user = user;
    request->end = end;
    run(pubsub, PUBSUB_READ, room_id, extra, 1, on_users, request);
}

/* ---- large rooms ---- */

static void on_counted(void *context, const struct redis_reply *reply) {
    struct request *request = context;
    reply = expect_list(node_of(request), reply);
    const bool ok = reply && reply->count == 1 && reply->items[0]->kind == REDIS_NUMBER &&
                    reply->items[0]->number >= 0;
    request->counted(request->context, ok, ok ? (uint64_t)reply->items[0]->number : 0);
    free(request);
}

void presence_store_count(struct pubsub *pubsub, uint64_t room_id, uint64_t own,
                          presence_store_counted *done, void *context) {
    struct request *request = new_request(pubsub, room_id, context);
    char number[24];
    request->counted = done;
    /* As text, in which Redis takes all arguments. */
    snprintf(number, sizeof(number), "%" PRIu64, own);
    const struct text extra[] = {own_id(pubsub), text_of(number)};
    run(pubsub, PUBSUB_COUNT, room_id, extra, 2, on_counted, request);
}

/* ---- the lease ---- */

/* The key in Redis by which other nodes see that this pushd is alive. */
static void set_lease(struct pubsub_node *node) {
    /* A new id needs a new lease: until it is taken, the node has none. */
    buffer_clear(&node->lease_key);
    event_pushd_key(&node->lease_key, node->prefix, own_id(node->pubsub));
    node->has_lease = false;
}

/* A new identity: a pushd never uses the id of a former process, whose fields may still be
 * there. */
static void new_id(struct pubsub *pubsub) {
    secret_random_hex(pubsub->id, PUBSUB_ID_LENGTH / 2);
    for (unsigned i = 0; i < pubsub->node_count; i++)
        set_lease(pubsub->nodes[i]);
}

void presence_store_init(struct pubsub *pubsub) {
    new_id(pubsub);
}

void presence_store_add_node(struct pubsub_node *node, unsigned tag) {
    const struct pubsub *pubsub = node->pubsub;
    char prefix[REDIS_SLOTS_PREFIX_SIZE];
    snprintf(node->prefix, sizeof(node->prefix), "%s",
             redis_slots_prefix(pubsub->config->redis_prefix, pubsub->is_cluster, tag, prefix));
    event_pushd_key(&node->lease_prefix, node->prefix, text_of(""));
    buffer_printf(&node->known_key, "%spushds", node->prefix);
    /* Kept for good: the subscriber's connection is subscribed to it. */
    buffer_printf(&node->try_channel, "%stry:%s", node->prefix, pubsub->id);
    set_lease(node);
}

void presence_store_free_node(struct pubsub_node *node) {
    buffer_free(&node->lease_key);
    buffer_free(&node->lease_prefix);
    buffer_free(&node->known_key);
    buffer_free(&node->try_channel);
}

/* A pushd whose lease expired stays dead, whether others have noticed or not: its users are
 * swept, and it continues under a new id. */
static void on_renewed(void *context, const struct redis_reply *reply) {
    struct pubsub_node *node = context;
    struct pubsub *pubsub = node->pubsub;
    /* An error here is one of rights, of a replica, or of memory: Redis is of no use until that is
     * fixed. */
    if (reply)
        pubsub_set_refused(node, reply->kind == REDIS_ERROR);
    reply = expect_list(node, reply);
    if (!reply || reply->count < 2)
        return;
    /* While none is dead, presence_store_sweep has nothing to do. */
    node->others_died = reply->items[1]->number > 0;
    /* The lease exists, new or renewed. */
    if (reply->items[0]->number == 1) {
        node->has_lease = true;
    } else if (node->has_lease) {
        log_warn("redis: presence lease expired, or data lost; entering all users again");
        new_id(pubsub);
        /* presence sees the new epoch in the state callbacks below, and enters all users again. */
        pubsub->epoch++;
        for (unsigned i = 0; i < pubsub->node_count; i++)
            presence_store_renew(pubsub->nodes[i]);
        pubsub_interrupted(pubsub);
    }
}

void presence_store_renew(struct pubsub_node *node) {
    /* Only the first renewal makes the lease (ARGV[3]); one that was lost is not made again. */
    const struct text args[] = {{"EVAL", 4},
                                text_of(RENEW),
                                {"2", 1},
                                as_text(&node->lease_key),
                                as_text(&node->known_key),
                                as_text(&node->lease_prefix),
                                own_id(node->pubsub),
                                text_of(node->has_lease ? "0" : "1"),
                                as_text(&node->try_channel),
                                publishing(node->pubsub)};
    redis_conn_command(node->commands, args, 10, on_renewed, node);
}

/* The process ends without waiting for the answer. */
static void on_retired(void *context, const struct redis_reply *reply) {
    (void)context;
    (void)reply;
}

void presence_store_retire(struct pubsub_node *node) {
    char seconds[24];
    const uint64_t grace = node->pubsub->config->presence_grace;
    /* EXPIRE with 0 would end the lease at once. */
    snprintf(seconds, sizeof(seconds), "%" PRIu64, grace > 0 ? grace : 1);
    const struct text args[] = {{"EXPIRE", 6}, as_text(&node->lease_key), text_of(seconds)};
    redis_conn_command(node->commands, args, 3, on_retired, NULL);
}

uint64_t presence_store_epoch(const struct pubsub *pubsub) {
    return pubsub->epoch;
}
