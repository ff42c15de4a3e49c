/* presence_cluster: a model of Redis, and queues of what is in flight to each pushd. */
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "event/serialize.h"
#include "presence_cluster.h"
#include "unit.h"

struct cluster cluster = {.grace_ms = CLUSTER_GRACE};

static int64_t now_ms(void) {
    return cluster.now;
}

/* ---- Redis ---- */

enum kind { ENTER, LEAVE, READ, SWEEP };

/* A command in flight to Redis; afterwards, its reply in flight back. */
struct command {
    struct command *next;
    enum kind kind;
    int id; /* of the sender, at that time */
    uint64_t room, user;
    presence_store_done *done;
    presence_store_user *visit;
    presence_store_end *end;
    void *context;
    bool ok, only_here;
    uint64_t logical_time;
    bool listed[CLUSTER_USERS];
};

struct notice {
    struct notice *next;
    unsigned type;
    uint64_t logical_time, room, user;
};

static const char *const NAMES[CLUSTER_USERS] = {"ann", "bob", "cleo", "dan", "eve"};

static void append(struct command **list, struct command *command) {
    while (*list)
        list = &(*list)->next;
    command->next = NULL;
    *list = command;
}

static void publish(unsigned type, uint64_t room, uint64_t user) {
    for (int i = 0; i < CLUSTER_NODES; i++) {
        struct notice **end = &cluster.nodes[i].notices;
        if (!cluster.nodes[i].connected ||
            !(cluster.always_subscribed || cluster.nodes[i].open[room]))
            continue;
        while (*end)
            end = &(*end)->next;
        *end = xcalloc(1, sizeof(**end));
        **end = (struct notice){NULL, type, cluster.redis.logical_time, room, user};
    }
}

void cluster_lose_data(void) {
    memset(cluster.redis.lease, 0, sizeof(cluster.redis.lease));
    memset(cluster.redis.has, 0, sizeof(cluster.redis.has));
}

static bool elsewhere(int id, uint64_t room, uint64_t user) {
    for (int i = 0; i < cluster.redis.ids; i++)
        if (i != id && cluster.redis.lease[i] && cluster.redis.has[i][room][user])
            return true;
    return false;
}

static void sweep(uint64_t room) {
    for (int i = 0; i < cluster.redis.ids; i++)
        for (uint64_t user = 0; user < CLUSTER_USERS; user++) {
            if (cluster.redis.lease[i] || !cluster.redis.has[i][room][user])
                continue;
            cluster.redis.has[i][room][user] = false;
            if (!elsewhere(i, room, user))
                publish(EVENT_USER_LEFT, room, user);
        }
}

static void run_command(struct command *command) {
    bool *has = &cluster.redis.has[command->id][command->room][command->user];
    command->ok = true;
    command->logical_time = ++cluster.redis.logical_time;
    command->only_here = !elsewhere(command->id, command->room, command->user);
    if (command->kind == ENTER) {
        if (command->only_here && !*has)
            publish(EVENT_USER_JOINED, command->room, command->user);
        *has = true;
    } else if (command->kind == LEAVE) {
        if (command->only_here && *has)
            publish(EVENT_USER_LEFT, command->room, command->user);
        *has = false;
    } else if (command->kind == READ) {
        for (uint64_t user = 0; user < CLUSTER_USERS; user++)
            command->listed[user] = elsewhere(command->id, command->room, user);
    } else {
        sweep(command->room);
    }
}

/* ---- commands, replies and notices in flight ---- */

static void deliver_reply(struct command *command) {
    if (command->done)
        command->done(command->context, command->ok, command->ok && command->only_here,
                      command->logical_time);
    for (uint64_t user = 0; command->visit && user < CLUSTER_USERS; user++)
        if (command->listed[user])
            command->visit(command->context, command->logical_time, user, text_of(NAMES[user]));
    if (command->end)
        command->end(command->context, command->ok, command->logical_time);
    free(command);
}

bool cluster_execute(struct pubsub *pubsub) {
    struct command *command = pubsub->commands;
    if (!command || !pubsub->connected)
        return false;
    pubsub->commands = command->next;
    run_command(command);
    append(&pubsub->answers, command);
    return true;
}

bool cluster_deliver_reply(struct pubsub *pubsub) {
    struct command *command = pubsub->answers;
    if (!command || !pubsub->connected)
        return false;
    pubsub->answers = command->next;
    deliver_reply(command);
    return true;
}

bool cluster_deliver_notice(struct pubsub *pubsub) {
    struct notice *notice = pubsub->notices;
    struct buffer json = BUFFER_EMPTY;
    if (!notice || !pubsub->connected)
        return false;
    pubsub->notices = notice->next;
    serialize_user_notice(&json, notice->type, notice->room, notice->user,
                          text_of(NAMES[notice->user]));
    const struct event_envelope envelope = {.type = notice->type,
                                            .actor_id = notice->user,
                                            .actor = text_of(NAMES[notice->user]),
                                            .logical_time = notice->logical_time,
                                            .text = {json.data, json.len}};
    presence_notice(pubsub->presence, notice->room, &envelope);
    buffer_free(&json);
    free(notice);
    return true;
}

void cluster_deliver_all(void) {
    bool more = true;
    while (more) {
        more = false;
        for (int i = 0; i < CLUSTER_NODES; i++)
            while (cluster.nodes[i].alive && (cluster_execute(&cluster.nodes[i]) ||
                                              cluster_deliver_reply(&cluster.nodes[i]) ||
                                              cluster_deliver_notice(&cluster.nodes[i])))
                more = true;
    }
}

/* ---- the functions of the pubsub ---- */

static struct command *send_command(struct pubsub *pubsub, enum kind kind, uint64_t room,
                                    uint64_t user, void *context) {
    struct command *command = xcalloc(1, sizeof(*command));
    command->kind = kind;
    command->id = pubsub->id;
    command->room = room;
    command->user = user;
    command->context = context;
    if (pubsub->connected)
        append(&pubsub->commands, command);
    return command;
}

static void enter(struct pubsub *pubsub, uint64_t room, uint64_t user, struct text name,
                  presence_store_done *done, void *context) {
    struct command *command = send_command(pubsub, ENTER, room, user, context);
    command->done = done;
    assert_true(text_equals(name, text_of(NAMES[user])));
    if (!pubsub->connected)
        deliver_reply(command);
}

static void leave(struct pubsub *pubsub, uint64_t room, uint64_t user, struct text name,
                  presence_store_done *done, void *context) {
    struct command *command = send_command(pubsub, LEAVE, room, user, context);
    command->done = done;
    assert_true(text_equals(name, text_of(NAMES[user])));
    if (!pubsub->connected)
        deliver_reply(command);
}

static void read_room(struct pubsub *pubsub, uint64_t room, presence_store_user *user,
                      presence_store_end *end, void *context) {
    struct command *command = send_command(pubsub, READ, room, 0, context);
    command->visit = user;
    command->end = end;
    if (!pubsub->connected)
        deliver_reply(command);
}

static void sweep_room(struct pubsub *pubsub, uint64_t room) {
    if (pubsub->connected)
        send_command(pubsub, SWEEP, room, 0, NULL);
}

static uint64_t epoch(const struct pubsub *pubsub) {
    return pubsub->epoch;
}

/* ---- the sockets of a pushd ---- */

static void see(void *context, uint64_t user, struct text name) {
    struct cluster_seen *seen = context;
    assert_true(user < CLUSTER_USERS && text_equals(name, text_of(NAMES[user])));
    assert_false(seen->users[user]);
    seen->users[user] = true;
}

struct cluster_seen cluster_online(const struct pubsub *pubsub, uint64_t room) {
    struct cluster_seen seen = {{false}};
    presence_online(pubsub->presence, room, see, &seen);
    return seen;
}

static void on_notify(void *context, uint64_t room, unsigned type, uint64_t user,
                      struct text name) {
    struct pubsub *pubsub = context;
    const bool joined = type == EVENT_USER_JOINED;
    assert_true(joined || type == EVENT_USER_LEFT);
    assert_true(pubsub->open[room] && text_equals(name, text_of(NAMES[user])));
    if (!pubsub->showing[room])
        return;
    assert_int_equal(pubsub->shown[room][user], !joined);
    pubsub->shown[room][user] = joined;
    pubsub->notified++;
}

/* As a client does: first the socket, then the `connected` frame. */
static void socket_ready(struct pubsub *pubsub, uint64_t room, uint64_t user) {
    pubsub->sockets[room][user]++;
    presence_socket_opened(pubsub->presence, room, user, text_of(NAMES[user]));
    const struct cluster_seen seen = cluster_online(pubsub, room);
    assert_true(seen.users[user]);
    if (!pubsub->showing[room])
        memcpy(pubsub->shown[room], seen.users, sizeof(seen.users));
    pubsub->showing[room] = true;
}

static void ready(void *context, uint64_t room) {
    struct pubsub *pubsub = context;
    assert_true(pubsub->open[room]);
    for (uint64_t user = 0; user < CLUSTER_USERS; user++)
        for (; pubsub->waiting[room][user] > 0; pubsub->waiting[room][user]--)
            socket_ready(pubsub, room, user);
}

void cluster_open_socket(struct pubsub *pubsub, uint64_t room, uint64_t user) {
    pubsub->open[room] = true;
    if (presence_room_opened(pubsub->presence, room))
        socket_ready(pubsub, room, user);
    else
        pubsub->waiting[room][user]++;
}

static bool any(const unsigned counts[CLUSTER_USERS]) {
    for (int i = 0; i < CLUSTER_USERS; i++)
        if (counts[i] > 0)
            return true;
    return false;
}

/* Drops notices in flight over a subscription that has ended: a new subscriber receives
 * them before the confirmation, when the room is not open yet. */
static void lose_notices(struct pubsub *pubsub, uint64_t room) {
    struct notice **at = &pubsub->notices;
    while (*at) {
        struct notice *notice = *at;
        if (notice->room != room) {
            at = &notice->next;
            continue;
        }
        *at = notice->next;
        free(notice);
    }
}

static void close_room_if_empty(struct pubsub *pubsub, uint64_t room) {
    pubsub->showing[room] = pubsub->showing[room] && any(pubsub->sockets[room]);
    if (!pubsub->open[room] || any(pubsub->sockets[room]) || any(pubsub->waiting[room]))
        return;
    pubsub->open[room] = false;
    presence_room_closed(pubsub->presence, room);
    if (!cluster.always_subscribed)
        lose_notices(pubsub, room);
}

void cluster_close_socket(struct pubsub *pubsub, uint64_t room, uint64_t user) {
    if (pubsub->waiting[room][user] > 0) {
        pubsub->waiting[room][user]--;
    } else if (pubsub->sockets[room][user] > 0) {
        pubsub->sockets[room][user]--;
        presence_socket_closed(pubsub->presence, room, user);
    }
    close_room_if_empty(pubsub, room);
}

/* ---- start and failure of a pushd ---- */

static void new_id(struct pubsub *pubsub) {
    pubsub->id = cluster.redis.ids++;
    assert_true(cluster.redis.ids <= CLUSTER_IDS);
    cluster.redis.lease[pubsub->id] = true;
}

void cluster_start_node(int number) {
    struct pubsub *pubsub = &cluster.nodes[number];
    *pubsub = (struct pubsub){.alive = true};
    new_id(pubsub);
    pubsub->hooks = (struct presence_hooks){.pubsub = pubsub,
                                            .enter = enter,
                                            .leave = leave,
                                            .read = read_room,
                                            .sweep = sweep_room,
                                            .epoch = epoch,
                                            .now_ms = now_ms,
                                            .grace_ms = cluster.grace_ms,
                                            .context = pubsub,
                                            .notify = on_notify,
                                            .ready = ready};
    pubsub->presence = presence_new(&pubsub->hooks);
}

void cluster_connect_node(struct pubsub *pubsub) {
    if (pubsub->connected || !pubsub->alive)
        return;
    pubsub->connected = true;
    if (!cluster.redis.lease[pubsub->id]) {
        new_id(pubsub);
        pubsub->epoch++;
    }
    presence_redis_state(pubsub->presence, true);
}

void cluster_renew_lost_lease(struct pubsub *pubsub) {
    new_id(pubsub);
    pubsub->epoch++;
    presence_redis_state(pubsub->presence, false);
    presence_redis_state(pubsub->presence, true);
}

void cluster_disconnect(struct pubsub *pubsub, unsigned carried_out) {
    while (carried_out-- > 0 && cluster_execute(pubsub)) {
    }
    pubsub->connected = false;
    for (uint64_t room = 0; room < CLUSTER_ROOMS; room++)
        lose_notices(pubsub, room);
    while (pubsub->answers || pubsub->commands) {
        struct command **first = pubsub->answers ? &pubsub->answers : &pubsub->commands;
        struct command *command = *first;
        *first = command->next;
        command->ok = false;
        command->visit = NULL;
        deliver_reply(command);
    }
    presence_redis_state(pubsub->presence, false);
}

void cluster_kill_node(struct pubsub *pubsub) {
    if (pubsub->connected)
        cluster_disconnect(pubsub, 1);
    presence_free(pubsub->presence);
    pubsub->presence = NULL;
    pubsub->alive = false;
    cluster.redis.lease[pubsub->id] = false;
}

void cluster_tick_all(int64_t ms) {
    cluster.now += ms;
    for (int i = 0; i < CLUSTER_NODES; i++)
        if (cluster.nodes[i].alive)
            presence_tick(cluster.nodes[i].presence);
}

void cluster_begin(int count) {
    memset(&cluster.redis, 0, sizeof(cluster.redis));
    memset(cluster.nodes, 0, sizeof(cluster.nodes));
    cluster.now = 1000;
    for (int i = 0; i < count; i++) {
        cluster_start_node(i);
        cluster_connect_node(&cluster.nodes[i]);
    }
}

void cluster_end(void) {
    for (int i = 0; i < CLUSTER_NODES; i++)
        if (cluster.nodes[i].alive)
            cluster_kill_node(&cluster.nodes[i]);
}

/* ---- comparing ---- */

bool cluster_has_sockets(uint64_t room, uint64_t user) {
    for (int i = 0; i < CLUSTER_NODES; i++)
        if (cluster.nodes[i].alive && cluster.nodes[i].sockets[room][user] > 0)
            return true;
    return false;
}

/* What clients were sent is what presence has. */
static void compare_view(const struct pubsub *pubsub) {
    for (uint64_t room = 0; room < CLUSTER_ROOMS; room++) {
        if (!pubsub->showing[room])
            continue;
        const struct cluster_seen seen = cluster_online(pubsub, room);
        assert_memory_equal(seen.users, pubsub->shown[room], sizeof(seen.users));
    }
}

void cluster_compare_all(void) {
    for (int i = 0; i < CLUSTER_NODES; i++)
        if (cluster.nodes[i].alive)
            compare_view(&cluster.nodes[i]);
}

void cluster_compare_with_truth(void) {
    for (int i = 0; i < CLUSTER_NODES; i++)
        for (uint64_t room = 0; room < CLUSTER_ROOMS; room++) {
            if (!cluster.nodes[i].alive)
                continue;
            const struct cluster_seen seen = cluster_online(&cluster.nodes[i], room);
            for (uint64_t user = 0; user < CLUSTER_USERS; user++) {
                assert_int_equal(cluster.redis.has[cluster.nodes[i].id][room][user],
                                 cluster.nodes[i].sockets[room][user] > 0);
                assert_int_equal(seen.users[user],
                                 cluster.nodes[i].open[room] && cluster_has_sockets(room, user));
            }
        }
}
