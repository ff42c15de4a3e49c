#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/xalloc.h"
#include "event/serialize.h"
#include "presence_cluster.h"

struct cluster cluster = {.grace_ms = CLUSTER_GRACE};

static int64_t now_ms(void) {
    return cluster.now;
}

/* ---- Redis ---- */

enum kind { ENTER, LEAVE, READ, SWEEP };

/* A command on its way to Redis; afterwards, its answer on its way back. */
struct command {
    struct command *next;
    enum kind kind;
    int id; /* of who sent it, at that time */
    uint64_t room, user;
    bus_presence_done *done;
    bus_presence_user *visit;
    bus_presence_end *end;
    void *context;
    bool ok, alone;
    uint64_t moment;
    bool named[CLUSTER_USERS];
};

struct notice {
    struct notice *next;
    unsigned type;
    uint64_t moment, room, user;
};

static const char *const NAMES[CLUSTER_USERS] = {"ann", "bob", "cleo", "dan", "eve"};

static void append_command(struct command **list, struct command *command) {
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
        *end = memory_zeroed(1, sizeof(**end));
        **end = (struct notice){NULL, type, cluster.redis.moment, room, user};
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
    command->moment = ++cluster.redis.moment;
    command->alone = !elsewhere(command->id, command->room, command->user);
    if (command->kind == ENTER) {
        if (command->alone && !*has)
            publish(EVENT_USER_JOINED, command->room, command->user);
        *has = true;
    } else if (command->kind == LEAVE) {
        if (command->alone && *has)
            publish(EVENT_USER_LEFT, command->room, command->user);
        *has = false;
    } else if (command->kind == READ) {
        for (uint64_t user = 0; user < CLUSTER_USERS; user++)
            command->named[user] = elsewhere(command->id, command->room, user);
    } else {
        sweep(command->room);
    }
}

/* ---- the wire ---- */

static void give_answer(struct command *command) {
    if (command->done)
        command->done(command->context, command->ok, command->ok && command->alone,
                      command->moment);
    for (uint64_t user = 0; command->visit && user < CLUSTER_USERS; user++)
        if (command->named[user])
            command->visit(command->context, command->moment, user, text_of(NAMES[user]));
    if (command->end)
        command->end(command->context, command->ok, command->moment);
    free(command);
}

/* The next command reaches Redis; false if there is none. */
bool cluster_execute(struct bus *bus) {
    struct command *command = bus->commands;
    if (!command || !bus->connected)
        return false;
    bus->commands = command->next;
    run_command(command);
    append_command(&bus->answers, command);
    return true;
}

bool cluster_answer(struct bus *bus) {
    struct command *command = bus->answers;
    if (!command || !bus->connected)
        return false;
    bus->answers = command->next;
    give_answer(command);
    return true;
}

bool cluster_hear(struct bus *bus) {
    struct notice *notice = bus->notices;
    struct buffer json = BUFFER_EMPTY;
    if (!notice || !bus->connected)
        return false;
    bus->notices = notice->next;
    shape_user_notice(&json, notice->type, notice->room, notice->user,
                      text_of(NAMES[notice->user]));
    const struct event_envelope envelope = {.type = notice->type,
                                            .actor_id = notice->user,
                                            .subject_id = notice->moment,
                                            .text = {json.data, json.len}};
    presence_notice(bus->presence, notice->room, &envelope);
    buffer_free(&json);
    free(notice);
    return true;
}

void cluster_deliver_all(void) {
    bool more = true;
    while (more) {
        more = false;
        for (int i = 0; i < CLUSTER_NODES; i++)
            while (cluster.nodes[i].alive &&
                   (cluster_execute(&cluster.nodes[i]) || cluster_answer(&cluster.nodes[i]) ||
                    cluster_hear(&cluster.nodes[i])))
                more = true;
    }
}

/* ---- the bus, as presence sees it ---- */

static struct command *send_command(struct bus *bus, enum kind kind, uint64_t room, uint64_t user,
                                    void *context) {
    struct command *command = memory_zeroed(1, sizeof(*command));
    command->kind = kind;
    command->id = bus->id;
    command->room = room;
    command->user = user;
    command->context = context;
    if (bus->connected)
        append_command(&bus->commands, command);
    return command;
}

static void enter(struct bus *bus, uint64_t room, uint64_t user, struct text name,
                  bus_presence_done *done, void *context) {
    struct command *command = send_command(bus, ENTER, room, user, context);
    command->done = done;
    assert_true(text_equals(name, text_of(NAMES[user])));
    if (!bus->connected)
        give_answer(command);
}

static void leave(struct bus *bus, uint64_t room, uint64_t user, struct text name,
                  bus_presence_done *done, void *context) {
    struct command *command = send_command(bus, LEAVE, room, user, context);
    command->done = done;
    assert_true(text_equals(name, text_of(NAMES[user])));
    if (!bus->connected)
        give_answer(command);
}

static void read_room(struct bus *bus, uint64_t room, bus_presence_user *user,
                      bus_presence_end *end, void *context) {
    struct command *command = send_command(bus, READ, room, 0, context);
    command->visit = user;
    command->end = end;
    if (!bus->connected)
        give_answer(command);
}

static void sweep_room(struct bus *bus, uint64_t room) {
    if (bus->connected)
        send_command(bus, SWEEP, room, 0, NULL);
}

static uint64_t epoch(const struct bus *bus) {
    return bus->epoch;
}

/* ---- the sockets of one pushd ---- */

static void see(void *context, uint64_t user, struct text name) {
    struct cluster_seen *seen = context;
    assert_true(user < CLUSTER_USERS && text_equals(name, text_of(NAMES[user])));
    assert_false(seen->users[user]);
    seen->users[user] = true;
}

struct cluster_seen cluster_online(const struct bus *bus, uint64_t room) {
    struct cluster_seen seen = {{false}};
    presence_online(bus->presence, room, see, &seen);
    return seen;
}

static void tell(void *context, uint64_t room, unsigned type, uint64_t user, struct text name) {
    struct bus *bus = context;
    const bool joined = type == EVENT_USER_JOINED;
    assert_true(joined || type == EVENT_USER_LEFT);
    assert_true(bus->open[room] && text_equals(name, text_of(NAMES[user])));
    if (!bus->shows[room])
        return;
    assert_int_equal(bus->known[room][user], !joined);
    bus->known[room][user] = joined;
    bus->told++;
}

/* As a session does: opened, and then the `connected` frame. */
static void socket_ready(struct bus *bus, uint64_t room, uint64_t user) {
    bus->sockets[room][user]++;
    presence_socket_opened(bus->presence, room, user, text_of(NAMES[user]));
    const struct cluster_seen seen = cluster_online(bus, room);
    assert_true(seen.users[user]);
    if (!bus->shows[room])
        memcpy(bus->known[room], seen.users, sizeof(seen.users));
    bus->shows[room] = true;
}

static void ready(void *context, uint64_t room) {
    struct bus *bus = context;
    assert_true(bus->open[room]);
    for (uint64_t user = 0; user < CLUSTER_USERS; user++)
        for (; bus->waiting[room][user] > 0; bus->waiting[room][user]--)
            socket_ready(bus, room, user);
}

void cluster_open_socket(struct bus *bus, uint64_t room, uint64_t user) {
    bus->open[room] = true;
    if (presence_room_opened(bus->presence, room))
        socket_ready(bus, room, user);
    else
        bus->waiting[room][user]++;
}

static bool any(const unsigned counts[CLUSTER_USERS]) {
    for (int i = 0; i < CLUSTER_USERS; i++)
        if (counts[i] > 0)
            return true;
    return false;
}

/* What was on its way over a subscription that has ended: whoever subscribes again hears it
 * before the confirmation. */
static void lose_notices(struct bus *bus, uint64_t room) {
    struct notice **at = &bus->notices;
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

static void close_room_if_empty(struct bus *bus, uint64_t room) {
    bus->shows[room] = bus->shows[room] && any(bus->sockets[room]);
    if (!bus->open[room] || any(bus->sockets[room]) || any(bus->waiting[room]))
        return;
    bus->open[room] = false;
    presence_room_closed(bus->presence, room);
    if (!cluster.always_subscribed)
        lose_notices(bus, room);
}

void cluster_close_socket(struct bus *bus, uint64_t room, uint64_t user) {
    if (bus->waiting[room][user] > 0) {
        bus->waiting[room][user]--;
    } else if (bus->sockets[room][user] > 0) {
        bus->sockets[room][user]--;
        presence_socket_closed(bus->presence, room, user);
    }
    close_room_if_empty(bus, room);
}

/* ---- what happens to a pushd ---- */

static void take_id(struct bus *bus) {
    bus->id = cluster.redis.ids++;
    assert_true(cluster.redis.ids <= CLUSTER_IDS);
    cluster.redis.lease[bus->id] = true;
}

void cluster_start_node(int number) {
    struct bus *bus = &cluster.nodes[number];
    *bus = (struct bus){.alive = true};
    take_id(bus);
    bus->hooks = (struct presence_hooks){.bus = bus,
                                         .enter = enter,
                                         .leave = leave,
                                         .read = read_room,
                                         .sweep = sweep_room,
                                         .epoch = epoch,
                                         .now_ms = now_ms,
                                         .grace_ms = cluster.grace_ms,
                                         .context = bus,
                                         .tell = tell,
                                         .ready = ready};
    bus->presence = presence_new(&bus->hooks);
}

void cluster_connect_node(struct bus *bus) {
    if (bus->connected || !bus->alive)
        return;
    bus->connected = true;
    if (!cluster.redis.lease[bus->id]) {
        take_id(bus);
        bus->epoch++;
    }
    presence_bus_state(bus->presence, true);
}

/* The pushd finds that its lease has run out. */
void cluster_renew_lost_lease(struct bus *bus) {
    take_id(bus);
    bus->epoch++;
    presence_bus_state(bus->presence, false);
    presence_bus_state(bus->presence, true);
}

/* The connections break: some commands were still carried out, nothing is answered. */
void cluster_disconnect(struct bus *bus, unsigned carried_out) {
    while (carried_out-- > 0 && cluster_execute(bus)) {
    }
    bus->connected = false;
    for (uint64_t room = 0; room < CLUSTER_ROOMS; room++)
        lose_notices(bus, room);
    while (bus->answers || bus->commands) {
        struct command **first = bus->answers ? &bus->answers : &bus->commands;
        struct command *command = *first;
        *first = command->next;
        command->ok = false;
        command->visit = NULL;
        give_answer(command);
    }
    presence_bus_state(bus->presence, false);
}

void cluster_kill_node(struct bus *bus) {
    if (bus->connected)
        cluster_disconnect(bus, 1);
    presence_free(bus->presence);
    bus->presence = NULL;
    bus->alive = false;
    cluster.redis.lease[bus->id] = false;
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

/* ---- comparing with what is so ---- */

bool cluster_has_sockets(uint64_t room, uint64_t user) {
    for (int i = 0; i < CLUSTER_NODES; i++)
        if (cluster.nodes[i].alive && cluster.nodes[i].sockets[room][user] > 0)
            return true;
    return false;
}

/* What a client was told is what presence holds. */
static void compare_told(const struct bus *bus) {
    for (uint64_t room = 0; room < CLUSTER_ROOMS; room++) {
        if (!bus->shows[room])
            continue;
        const struct cluster_seen seen = cluster_online(bus, room);
        assert_memory_equal(seen.users, bus->known[room], sizeof(seen.users));
    }
}

void cluster_compare_all(void) {
    for (int i = 0; i < CLUSTER_NODES; i++)
        if (cluster.nodes[i].alive)
            compare_told(&cluster.nodes[i]);
}

/* When all is quiet, every view and Redis hold those who have sockets. */
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
