/* presence: several of them on a Redis made of arrays, in any order of events. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "memory.h"
#include "presence.h"
#include "shape.h"

#define NODES 4
#define ROOMS 3
#define USERS 5
#define GRACE 5000
/* A pushd takes a new id whenever its lease was lost. */
#define IDS 64

static int64_t now, grace_ms = GRACE;

static int64_t now_ms(void) {
    return now;
}

/* ---- Redis ---- */

static struct {
    uint64_t moment; /* kept when the data is lost: it is a time */
    bool lease[IDS];
    bool has[IDS][ROOMS][USERS];
    int ids; /* given so far */
} redis;

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
    bool named[USERS];
};

struct notice {
    struct notice *next;
    unsigned type;
    uint64_t moment, room, user;
};

/* One pushd, and what it has on the wire. The test's own struct bus. */
struct bus {
    int id;
    bool alive, connected;
    uint64_t epoch;
    struct presence *presence;
    struct presence_hooks hooks;
    struct command *commands, *answers;
    struct notice *notices;
    unsigned sockets[ROOMS][USERS];
    unsigned waiting[ROOMS][USERS]; /* sockets that open as soon as the room is ready */
    bool open[ROOMS];
    bool shows[ROOMS]; /* a client sees the room: `known` is what it was told */
    bool known[ROOMS][USERS];
    unsigned told;
};

static struct bus nodes[NODES];

/* Somebody listens to all rooms at each pushd (a notifications socket), so that notices come
 * also while nobody has the room open. */
static bool always_subscribed;

static const char *const NAMES[USERS] = {"ann", "bob", "cleo", "dan", "eve"};

static void append_command(struct command **list, struct command *command) {
    while (*list)
        list = &(*list)->next;
    command->next = NULL;
    *list = command;
}

static void publish(unsigned type, uint64_t room, uint64_t user) {
    for (int i = 0; i < NODES; i++) {
        struct notice **end = &nodes[i].notices;
        if (!nodes[i].connected || !(always_subscribed || nodes[i].open[room]))
            continue;
        while (*end)
            end = &(*end)->next;
        *end = memory_zeroed(1, sizeof(**end));
        **end = (struct notice){NULL, type, redis.moment, room, user};
    }
}

static void lose_data(void) {
    memset(redis.lease, 0, sizeof(redis.lease));
    memset(redis.has, 0, sizeof(redis.has));
}

static bool elsewhere(int id, uint64_t room, uint64_t user) {
    for (int i = 0; i < redis.ids; i++)
        if (i != id && redis.lease[i] && redis.has[i][room][user])
            return true;
    return false;
}

static void sweep(uint64_t room) {
    for (int i = 0; i < redis.ids; i++)
        for (uint64_t user = 0; user < USERS; user++) {
            if (redis.lease[i] || !redis.has[i][room][user])
                continue;
            redis.has[i][room][user] = false;
            if (!elsewhere(i, room, user))
                publish(EVENT_USER_LEFT, room, user);
        }
}

static void run_command(struct command *command) {
    bool *has = &redis.has[command->id][command->room][command->user];
    command->ok = true;
    command->moment = ++redis.moment;
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
        for (uint64_t user = 0; user < USERS; user++)
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
    for (uint64_t user = 0; command->visit && user < USERS; user++)
        if (command->named[user])
            command->visit(command->context, command->moment, user, text_of(NAMES[user]));
    if (command->end)
        command->end(command->context, command->ok, command->moment);
    free(command);
}

/* The next command reaches Redis; false if there is none. */
static bool execute(struct bus *bus) {
    struct command *command = bus->commands;
    if (!command || !bus->connected)
        return false;
    bus->commands = command->next;
    run_command(command);
    append_command(&bus->answers, command);
    return true;
}

static bool answer(struct bus *bus) {
    struct command *command = bus->answers;
    if (!command || !bus->connected)
        return false;
    bus->answers = command->next;
    give_answer(command);
    return true;
}

static bool hear(struct bus *bus) {
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

static void deliver_all(void) {
    bool more = true;
    while (more) {
        more = false;
        for (int i = 0; i < NODES; i++)
            while (nodes[i].alive && (execute(&nodes[i]) || answer(&nodes[i]) || hear(&nodes[i])))
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

struct seen {
    bool users[USERS];
};

static void see(void *context, uint64_t user, struct text name) {
    struct seen *seen = context;
    assert_true(user < USERS && text_equals(name, text_of(NAMES[user])));
    assert_false(seen->users[user]);
    seen->users[user] = true;
}

static struct seen online(const struct bus *bus, uint64_t room) {
    struct seen seen = {{false}};
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
    const struct seen seen = online(bus, room);
    assert_true(seen.users[user]);
    if (!bus->shows[room])
        memcpy(bus->known[room], seen.users, sizeof(seen.users));
    bus->shows[room] = true;
}

static void ready(void *context, uint64_t room) {
    struct bus *bus = context;
    assert_true(bus->open[room]);
    for (uint64_t user = 0; user < USERS; user++)
        for (; bus->waiting[room][user] > 0; bus->waiting[room][user]--)
            socket_ready(bus, room, user);
}

static void open_socket(struct bus *bus, uint64_t room, uint64_t user) {
    bus->open[room] = true;
    if (presence_room_opened(bus->presence, room))
        socket_ready(bus, room, user);
    else
        bus->waiting[room][user]++;
}

static bool any(const unsigned counts[USERS]) {
    for (int i = 0; i < USERS; i++)
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
    if (!always_subscribed)
        lose_notices(bus, room);
}

static void close_socket(struct bus *bus, uint64_t room, uint64_t user) {
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
    bus->id = redis.ids++;
    assert_true(redis.ids <= IDS);
    redis.lease[bus->id] = true;
}

static void start_node(int number) {
    struct bus *bus = &nodes[number];
    *bus = (struct bus){.alive = true};
    take_id(bus);
    bus->hooks = (struct presence_hooks){.bus = bus,
                                         .enter = enter,
                                         .leave = leave,
                                         .read = read_room,
                                         .sweep = sweep_room,
                                         .epoch = epoch,
                                         .now_ms = now_ms,
                                         .grace_ms = grace_ms,
                                         .context = bus,
                                         .tell = tell,
                                         .ready = ready};
    bus->presence = presence_new(&bus->hooks);
}

static void connect_node(struct bus *bus) {
    if (bus->connected || !bus->alive)
        return;
    bus->connected = true;
    if (!redis.lease[bus->id]) {
        take_id(bus);
        bus->epoch++;
    }
    presence_bus_state(bus->presence, true);
}

/* The pushd finds that its lease has run out. */
static void renew_lost_lease(struct bus *bus) {
    take_id(bus);
    bus->epoch++;
    presence_bus_state(bus->presence, false);
    presence_bus_state(bus->presence, true);
}

/* The connections break: some commands were still carried out, nothing is answered. */
static void disconnect(struct bus *bus, unsigned carried_out) {
    while (carried_out-- > 0 && execute(bus)) {
    }
    bus->connected = false;
    for (uint64_t room = 0; room < ROOMS; room++)
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

static void kill_node(struct bus *bus) {
    if (bus->connected)
        disconnect(bus, 1);
    presence_free(bus->presence);
    bus->presence = NULL;
    bus->alive = false;
    redis.lease[bus->id] = false;
}

static void tick_all(int64_t ms) {
    now += ms;
    for (int i = 0; i < NODES; i++)
        if (nodes[i].alive)
            presence_tick(nodes[i].presence);
}

static void begin(int count) {
    memset(&redis, 0, sizeof(redis));
    memset(nodes, 0, sizeof(nodes));
    now = 1000;
    for (int i = 0; i < count; i++) {
        start_node(i);
        connect_node(&nodes[i]);
    }
}

static void end(void) {
    for (int i = 0; i < NODES; i++)
        if (nodes[i].alive)
            kill_node(&nodes[i]);
}

/* ---- comparing with what is so ---- */

static bool has_sockets(uint64_t room, uint64_t user) {
    for (int i = 0; i < NODES; i++)
        if (nodes[i].alive && nodes[i].sockets[room][user] > 0)
            return true;
    return false;
}

/* What a client was told is what presence holds. */
static void compare_told(const struct bus *bus) {
    for (uint64_t room = 0; room < ROOMS; room++) {
        if (!bus->shows[room])
            continue;
        const struct seen seen = online(bus, room);
        assert_memory_equal(seen.users, bus->known[room], sizeof(seen.users));
    }
}

static void compare_all(void) {
    for (int i = 0; i < NODES; i++)
        if (nodes[i].alive)
            compare_told(&nodes[i]);
}

/* When all is quiet, every view and Redis hold those who have sockets. */
static void compare_with_truth(void) {
    for (int i = 0; i < NODES; i++)
        for (uint64_t room = 0; room < ROOMS; room++) {
            if (!nodes[i].alive)
                continue;
            const struct seen seen = online(&nodes[i], room);
            for (uint64_t user = 0; user < USERS; user++) {
                assert_int_equal(redis.has[nodes[i].id][room][user],
                                 nodes[i].sockets[room][user] > 0);
                assert_int_equal(seen.users[user], nodes[i].open[room] && has_sockets(room, user));
            }
        }
}

/* ---- one thing after the other ---- */

static void a_room_is_ready_when_redis_has_said_who_is_in_it(void **state) {
    (void)state;
    begin(2);
    open_socket(&nodes[0], 0, 0);
    deliver_all();
    open_socket(&nodes[1], 0, 1);
    assert_false(nodes[1].shows[0]);
    deliver_all();
    assert_true(nodes[1].shows[0] && nodes[1].known[0][0] && nodes[1].known[0][1]);
    assert_true(nodes[0].known[0][1]);
    assert_int_equal(nodes[0].told, 1);
    end();
}

static void a_reload_within_the_grace_is_silent(void **state) {
    (void)state;
    begin(2);
    open_socket(&nodes[0], 0, 0);
    open_socket(&nodes[1], 0, 1);
    deliver_all();
    const unsigned told = nodes[0].told;
    close_socket(&nodes[1], 0, 1);
    tick_all(GRACE - 1);
    deliver_all();
    open_socket(&nodes[1], 0, 1);
    deliver_all();
    tick_all(GRACE);
    deliver_all();
    assert_int_equal(nodes[0].told, told);
    close_socket(&nodes[1], 0, 1);
    tick_all(GRACE);
    deliver_all();
    assert_int_equal(nodes[0].told, told + 1);
    assert_false(nodes[0].known[0][1]);
    end();
}

static void a_user_leaves_with_the_last_socket_on_whichever_pushd(void **state) {
    (void)state;
    begin(3);
    open_socket(&nodes[2], 0, 4);
    deliver_all();
    open_socket(&nodes[0], 0, 1);
    open_socket(&nodes[0], 0, 1);
    deliver_all();
    open_socket(&nodes[1], 0, 1);
    deliver_all();
    for (int i = 0; i < 2; i++) {
        close_socket(&nodes[0], 0, 1);
        tick_all(GRACE);
        deliver_all();
        assert_true(nodes[2].known[0][1]);
    }
    close_socket(&nodes[1], 0, 1);
    tick_all(GRACE);
    deliver_all();
    assert_false(nodes[2].known[0][1]);
    assert_int_equal(nodes[2].told, 2);
    end();
}

static void without_redis_the_sockets_here_hear_of_each_other(void **state) {
    (void)state;
    begin(0);
    start_node(0);
    open_socket(&nodes[0], 0, 0);
    assert_true(nodes[0].shows[0]);
    open_socket(&nodes[0], 0, 1);
    assert_true(nodes[0].known[0][1]);
    close_socket(&nodes[0], 0, 1);
    tick_all(GRACE);
    assert_false(nodes[0].known[0][1]);
    connect_node(&nodes[0]);
    deliver_all();
    compare_with_truth();
    end();
}

static void who_waits_for_redis_goes_on_when_it_is_away(void **state) {
    (void)state;
    begin(1);
    open_socket(&nodes[0], 0, 0);
    assert_false(nodes[0].shows[0]);
    presence_bus_state(nodes[0].presence, false);
    assert_true(nodes[0].shows[0]);
    end();
}

static void who_left_while_redis_was_away_is_taken_out_of_it(void **state) {
    (void)state;
    begin(2);
    open_socket(&nodes[0], 0, 0);
    open_socket(&nodes[0], 0, 1);
    open_socket(&nodes[1], 0, 2);
    deliver_all();
    disconnect(&nodes[0], 0);
    close_socket(&nodes[0], 0, 1);
    tick_all(GRACE);
    assert_false(nodes[0].known[0][1]);
    assert_true(nodes[1].known[0][1] && redis.has[nodes[0].id][0][1]);
    connect_node(&nodes[0]);
    deliver_all();
    assert_false(nodes[1].known[0][1]);
    compare_with_truth();
    end();
}

/* Redis comes back empty, and one pushd finds it before the other does. */
static void nobody_flickers_when_redis_has_lost_its_data(void **state) {
    (void)state;
    begin(2);
    open_socket(&nodes[0], 0, 0);
    open_socket(&nodes[1], 0, 1);
    deliver_all();
    const unsigned told = nodes[0].told;
    disconnect(&nodes[0], 0);
    disconnect(&nodes[1], 0);
    lose_data();
    connect_node(&nodes[0]);
    deliver_all();
    tick_all(3000);
    deliver_all();
    connect_node(&nodes[1]);
    deliver_all();
    tick_all(15000);
    deliver_all();
    assert_int_equal(nodes[0].told, told);
    compare_with_truth();
    end();
}

static void the_users_of_a_dead_pushd_leave(void **state) {
    (void)state;
    begin(3);
    for (int i = 0; i < 3; i++)
        open_socket(&nodes[i], 0, (uint64_t)i);
    open_socket(&nodes[2], 0, 1);
    deliver_all();
    kill_node(&nodes[1]);
    kill_node(&nodes[2]);
    deliver_all();
    assert_true(nodes[0].known[0][1] && nodes[0].known[0][2]);
    tick_all(5000);
    deliver_all();
    assert_false(nodes[0].known[0][1] || nodes[0].known[0][2]);
    end();
}

static void who_was_taken_for_dead_comes_back(void **state) {
    (void)state;
    begin(2);
    open_socket(&nodes[0], 0, 0);
    open_socket(&nodes[1], 0, 1);
    deliver_all();
    redis.lease[nodes[1].id] = false;
    tick_all(5000);
    while (execute(&nodes[0]) || answer(&nodes[0]) || hear(&nodes[0])) {
    }
    assert_false(nodes[0].known[0][1]);
    renew_lost_lease(&nodes[1]);
    deliver_all();
    assert_true(nodes[0].known[0][1]);
    compare_with_truth();
    end();
}

/* The answer to a reading is older than a notice that came before it. */
static void a_notice_is_not_undone_by_an_older_answer(void **state) {
    (void)state;
    begin(2);
    open_socket(&nodes[1], 0, 1);
    deliver_all();
    open_socket(&nodes[0], 0, 0);
    assert_true(execute(&nodes[0]));
    close_socket(&nodes[1], 0, 1);
    tick_all(GRACE);
    assert_true(execute(&nodes[1]));
    assert_true(hear(&nodes[0]));
    deliver_all();
    assert_false(nodes[0].known[0][1]);
    compare_with_truth();
    end();
}

/* ---- everything in any order ---- */

static uint64_t seed;

static unsigned pick(unsigned below) {
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (unsigned)(seed >> 20) % below;
}

static void do_something_to_redis(struct bus *bus) {
    switch (pick(8)) {
    case 0:
        if (bus->connected)
            disconnect(bus, pick(4));
        break;
    case 1: /* hangs for a moment */
        if (bus->connected)
            presence_bus_state(bus->presence, false);
        tick_all(pick(3000));
        if (bus->connected)
            presence_bus_state(bus->presence, true);
        break;
    case 2: /* is restarted, empty */
        for (int i = 0; i < NODES; i++)
            if (nodes[i].connected)
                disconnect(&nodes[i], pick(2));
        lose_data();
        break;
    case 3: /* the lease of one runs out */
        redis.lease[bus->id] = redis.lease[bus->id] && bus->connected && pick(2);
        if (bus->connected && !redis.lease[bus->id]) {
            tick_all(5000);
            renew_lost_lease(bus);
        }
        break;
    default:
        connect_node(bus);
    }
}

static void do_something(struct bus *bus, bool calm) {
    const uint64_t room = pick(ROOMS), user = pick(USERS);
    switch (pick(12)) {
    case 0:
    case 1:
        if (bus->sockets[room][user] + bus->waiting[room][user] < 3)
            open_socket(bus, room, user);
        break;
    case 2:
    case 3:
        close_socket(bus, room, user);
        break;
    case 4:
        tick_all(pick(10) ? pick(500) : pick(2 * GRACE));
        break;
    case 5:
        if (!calm && pick(8) == 0)
            do_something_to_redis(bus);
        break;
    case 6:
        if (!calm && bus > nodes && pick(100) == 0)
            kill_node(bus);
        break;
    case 7:
        answer(bus);
        break;
    case 8:
        hear(bus);
        break;
    default:
        execute(bus);
    }
}

/* Time goes on, and nothing else happens any more. */
static void settle_down(void) {
    for (int i = 0; i < NODES; i++)
        connect_node(&nodes[i]);
    for (int i = 0; i < 30; i++) {
        deliver_all();
        compare_all();
        tick_all(1000);
    }
    deliver_all();
}

static void shuffled_events_come_to_the_truth(void **state) {
    (void)state;
    for (uint64_t round = 1; round <= 1500; round++) {
        seed = round * 0x9E3779B97F4A7C15u;
        always_subscribed = round % 2;
        grace_ms = round % 5 ? GRACE : 0;
        begin(2 + (int)(round % 3));
        for (unsigned step = 0; step < 400; step++) {
            struct bus *bus = &nodes[pick(NODES)];
            if (bus->alive)
                do_something(bus, round % 4 == 0);
            compare_all();
        }
        settle_down();
        compare_with_truth();
        for (int i = 0; i < NODES; i++)
            for (unsigned at = 0; nodes[i].alive && at < 3 * ROOMS * USERS; at++)
                close_socket(&nodes[i], at % ROOMS, at / ROOMS % USERS);
        settle_down();
        compare_with_truth();
        end();
    }
    grace_ms = GRACE;
}

/* With every word delivered at once, each view is at each moment what it should be. */
static void in_calm_each_view_is_always_right(void **state) {
    int64_t until[ROOMS][USERS];
    (void)state;
    for (uint64_t round = 1; round <= 200; round++) {
        seed = round * 0xD1342543DE82EF95u;
        memset(until, 0, sizeof(until));
        always_subscribed = round % 2;
        begin(3);
        for (unsigned step = 0; step < 300; step++) {
            struct bus *bus = &nodes[pick(3)];
            const uint64_t room = pick(ROOMS), user = pick(USERS);
            const unsigned what = pick(5);
            if (what < 2) {
                open_socket(bus, room, user);
            } else if (what < 4) {
                /* The grace is that of the pushd that was left last. */
                if (bus->sockets[room][user] == 1)
                    until[room][user] = now + GRACE;
                close_socket(bus, room, user);
            } else {
                tick_all(pick(2000));
            }
            deliver_all();
            for (int i = 0; i < 3; i++)
                for (uint64_t at = 0; at < USERS && nodes[i].open[room]; at++)
                    assert_int_equal(online(&nodes[i], room).users[at],
                                     has_sockets(room, at) || until[room][at] > now);
        }
        end();
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_room_is_ready_when_redis_has_said_who_is_in_it),
        cmocka_unit_test(a_reload_within_the_grace_is_silent),
        cmocka_unit_test(a_user_leaves_with_the_last_socket_on_whichever_pushd),
        cmocka_unit_test(without_redis_the_sockets_here_hear_of_each_other),
        cmocka_unit_test(who_waits_for_redis_goes_on_when_it_is_away),
        cmocka_unit_test(who_left_while_redis_was_away_is_taken_out_of_it),
        cmocka_unit_test(nobody_flickers_when_redis_has_lost_its_data),
        cmocka_unit_test(the_users_of_a_dead_pushd_leave),
        cmocka_unit_test(who_was_taken_for_dead_comes_back),
        cmocka_unit_test(a_notice_is_not_undone_by_an_older_answer),
        cmocka_unit_test(shuffled_events_come_to_the_truth),
        cmocka_unit_test(in_calm_each_view_is_always_right),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
