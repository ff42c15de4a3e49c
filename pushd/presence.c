#include "presence.h"

#include <stdlib.h>
#include <string.h>

#include "base/idmap.h"
#include "base/xalloc.h"

/* How often Redis is asked to sweep, what it refused is asked for again, and what is of no
 * more use is forgotten. */
#define HOUSEKEEPING_MS 5000
/* What is of no use for so many times in a row is forgotten: not at once, since news that are
 * older may still come. */
#define IDLE_ROUNDS 3
/* After Redis was away those who are missing in it have so long to come back, since their
 * pushd may need a moment longer to find out that it is there again. */
#define RECONNECT_MS 10000
/* No user's name is longer; who has a longer one is none of ours. */
#define MAX_NAME 128

/* What Redis holds of a user by this process. */
enum in_redis { NOT_IN_REDIS, MAYBE_IN_REDIS, IN_REDIS };

/* A user in one room; online as long as one of the first four holds. */
struct user {
    int64_t grace_end_ms;  /* end of the grace, 0 if there is none */
    uint64_t logical_time; /* of what another pushd is said to have, by Redis; older is no news */
    uint32_t sockets;      /* here */
    uint32_t pending_replies; /* answers that are still to come, to entering and leaving */
    bool leaving : 1;         /* the grace is over, Redis has yet to say who else has the user */
    bool remote : 1;          /* another pushd has the user */
    bool leave_sent_last : 1; /* of entering and leaving, leaving was asked for last */
    unsigned char in_redis : 2;
    unsigned char idle_rounds;
    unsigned char name_len;
    char name[];
};

struct room {
    struct idmap users;
    bool open;            /* has sockets here, or is about to: notices are heard */
    bool ready;           /* the view is complete */
    bool opening;         /* presence_room_opened has not returned yet */
    bool reading;         /* an answer is to come */
    bool complete;        /* whom it does not name is not there */
    bool reread;          /* it was asked for again meanwhile, ... */
    bool reread_complete; /* ... like this */
    uint64_t reading_number;
    uint64_t logical_time; /* of the last complete reading: no older notice is news of anybody */
};

/* The end of a grace, as it was when it began: not true any more if the user came back. */
struct grace {
    int64_t grace_end_ms;
    uint64_t room_id;
    uint64_t user_id;
};

struct presence {
    const struct presence_hooks *hooks;
    struct idmap rooms;
    bool redis_up;
    bool sync_needed; /* Redis refused something */
    uint64_t epoch;   /* of what is known to be in Redis */
    uint64_t readings;
    int64_t housekeeping_at_ms;
    int64_t reread_at_ms; /* 0: no room needs to be read */
    struct grace *graces; /* a ring; all graces are equally long, so the first ends first */
    size_t graces_first, graces_count, graces_space;
};

/* What an answer of the pubsub is about. Room and user may be gone when it comes. */
struct request {
    struct presence *presence;
    uint64_t room_id;
    uint64_t user_id;
    uint64_t reading_number;
};

static struct request *new_request(struct presence *presence, uint64_t room_id, uint64_t user_id,
                                   uint64_t reading_number) {
    struct request *request = xcalloc(1, sizeof(*request));
    *request = (struct request){presence, room_id, user_id, reading_number};
    return request;
}

/* ---- looking up ---- */

static struct room *find_room(const struct presence *presence, uint64_t room_id) {
    return idmap_get(&presence->rooms, room_id);
}

static struct user *find_user(const struct presence *presence, uint64_t room_id, uint64_t user_id) {
    const struct room *room = find_room(presence, room_id);
    return room ? idmap_get(&room->users, user_id) : NULL;
}

static struct user *get_user(struct room *room, uint64_t user_id, struct text name) {
    struct user *user = idmap_get(&room->users, user_id);
    if (user || name.len > MAX_NAME)
        return user;
    user = xcalloc(1, offsetof(struct user, name) + name.len);
    user->name_len = (unsigned char)name.len;
    memcpy(user->name, name.at, name.len);
    idmap_put(&room->users, user_id, user);
    return user;
}

static struct text name_of(const struct user *user) {
    return (struct text){user->name, user->name_len};
}

static bool is_local(const struct user *user) {
    return user->sockets > 0 || user->grace_end_ms > 0;
}

static bool is_online(const struct user *user) {
    return is_local(user) || user->leaving || user->remote;
}

/* Keys of a map, so that whatever is called for each may add to the map. Nothing is taken
 * out of a map but at a tick. */
struct keys {
    uint64_t *keys;
    size_t count;
};

static void add_key(void *context, uint64_t key, void *value) {
    struct keys *keys = context;
    (void)value;
    keys->keys[keys->count++] = key;
}

static struct keys keys_of(const struct idmap *map) {
    struct keys keys = {xcalloc(idmap_count(map), sizeof(*keys.keys)), 0};
    idmap_each(map, add_key, &keys);
    return keys;
}

/* ---- telling ---- */

/* After any change: the sockets here hear of it if it shows. */
static void notify_if_changed(const struct presence *presence, uint64_t room_id, uint64_t user_id,
                              bool was_online) {
    const struct room *room = find_room(presence, room_id);
    const struct user *user = find_user(presence, room_id, user_id);
    if (!room->open || is_online(user) == was_online)
        return;
    presence->hooks->notify(presence->hooks->context, room_id,
                            was_online ? EVENT_USER_LEFT : EVENT_USER_JOINED, user_id,
                            name_of(user));
}

/* Whether another pushd has the user, as Redis had it at that moment. */
static void apply_remote(struct user *user, uint64_t logical_time, bool remote) {
    if (logical_time < user->logical_time)
        return;
    user->logical_time = logical_time;
    user->remote = remote;
}

/* ---- entering and leaving in Redis ---- */

/* The answer to entering or leaving. Of what others do while this process has the user,
 * nothing is published: so it is learned here. */
static void on_command_reply(void *context, bool ok, bool only_here, uint64_t logical_time) {
    const struct request request = *(struct request *)context;
    struct presence *presence = request.presence;
    struct user *user = find_user(presence, request.room_id, request.user_id);
    const bool was_online = is_online(user);
    free(context);
    user->pending_replies--;
    if (!ok)
        presence->sync_needed = true;
    else if (find_room(presence, request.room_id)->open)
        apply_remote(user, logical_time, !only_here);
    if (user->pending_replies == 0 && ok)
        user->in_redis = user->leave_sent_last ? NOT_IN_REDIS : IN_REDIS;
    if (user->pending_replies == 0)
        user->leaving = false;
    notify_if_changed(presence, request.room_id, request.user_id, was_online);
}

static void enter(struct presence *presence, uint64_t room_id, uint64_t user_id) {
    const struct presence_hooks *hooks = presence->hooks;
    struct user *user = find_user(presence, room_id, user_id);
    user->pending_replies++;
    user->in_redis = MAYBE_IN_REDIS;
    user->leave_sent_last = false;
    hooks->enter(hooks->pubsub, room_id, user_id, name_of(user), on_command_reply,
                 new_request(presence, room_id, user_id, 0));
}

static void leave(struct presence *presence, uint64_t room_id, uint64_t user_id) {
    const struct presence_hooks *hooks = presence->hooks;
    struct user *user = find_user(presence, room_id, user_id);
    user->pending_replies++;
    user->in_redis = MAYBE_IN_REDIS;
    user->leave_sent_last = true;
    hooks->leave(hooks->pubsub, room_id, user_id, name_of(user), on_command_reply,
                 new_request(presence, room_id, user_id, 0));
}

/* Brings Redis to what is the case here. */
static void sync_user(struct presence *presence, uint64_t room_id, uint64_t user_id) {
    const struct user *user = find_user(presence, room_id, user_id);
    if (!presence->redis_up)
        return;
    if (is_local(user) && user->in_redis != IN_REDIS)
        enter(presence, room_id, user_id);
    else if (!is_local(user) && !user->leaving && user->in_redis != NOT_IN_REDIS)
        leave(presence, room_id, user_id);
}

static void sync_room(struct presence *presence, uint64_t room_id) {
    const struct keys users = keys_of(&find_room(presence, room_id)->users);
    for (size_t i = 0; i < users.count; i++)
        sync_user(presence, room_id, users.keys[i]);
    free(users.keys);
}

/* ---- reading a room ---- */

/* The room that an answer is for; NULL if it was closed or read anew since. */
static struct room *reading_room(const struct request *request) {
    struct room *room = find_room(request->presence, request->room_id);
    return room && room->reading && room->reading_number == request->reading_number ? room : NULL;
}

static void on_user(void *context, uint64_t logical_time, uint64_t user_id, struct text name) {
    const struct request *request = context;
    struct room *room = reading_room(request);
    struct user *user = room ? get_user(room, user_id, name) : NULL;
    if (!user)
        return;
    const bool was_online = is_online(user);
    apply_remote(user, logical_time, true);
    notify_if_changed(request->presence, request->room_id, user_id, was_online);
}

/* Whom a complete reading did not name no other pushd has. */
static void remove_unlisted(struct presence *presence, uint64_t room_id, uint64_t logical_time) {
    struct room *room = find_room(presence, room_id);
    const struct keys users = keys_of(&room->users);
    room->logical_time = logical_time;
    for (size_t i = 0; i < users.count; i++) {
        struct user *user = find_user(presence, room_id, users.keys[i]);
        const bool was_online = is_online(user);
        if (user->logical_time < logical_time)
            apply_remote(user, logical_time, false);
        notify_if_changed(presence, room_id, users.keys[i], was_online);
    }
    free(users.keys);
}

static void read_room(struct presence *presence, uint64_t room_id, bool complete);

static void mark_ready(struct presence *presence, uint64_t room_id) {
    struct room *room = find_room(presence, room_id);
    if (!room || !room->open || room->ready)
        return;
    room->ready = true;
    if (!room->opening)
        presence->hooks->ready(presence->hooks->context, room_id);
}

static void on_end(void *context, bool ok, uint64_t logical_time) {
    const struct request request = *(struct request *)context;
    struct presence *presence = request.presence;
    struct room *room = reading_room(&request);
    free(context);
    if (!room)
        return;
    room->reading = false;
    const bool reread = room->reread, reread_complete = room->reread_complete;
    room->reread = room->reread_complete = false;
    if (ok && room->complete)
        remove_unlisted(presence, request.room_id, logical_time);
    if (!ok)
        presence->reread_at_ms = presence->hooks->now_ms() + RECONNECT_MS;
    if (reread && presence->redis_up)
        read_room(presence, request.room_id, reread_complete);
    mark_ready(presence, request.room_id);
}

static void read_room(struct presence *presence, uint64_t room_id, bool complete) {
    const struct presence_hooks *hooks = presence->hooks;
    struct room *room = find_room(presence, room_id);
    if (!room || !room->open)
        return;
    if (room->reading) {
        room->reread = true;
        room->reread_complete |= complete;
        return;
    }
    room->reading = true;
    room->complete = complete;
    room->reading_number = ++presence->readings;
    hooks->read(hooks->pubsub, room_id, on_user, on_end,
                new_request(presence, room_id, 0, room->reading_number));
}

/* ---- rooms ---- */

bool presence_room_opened(struct presence *presence, uint64_t room_id) {
    struct room *room = find_room(presence, room_id);
    if (!room) {
        room = xcalloc(1, sizeof(*room));
        idmap_put(&presence->rooms, room_id, room);
    }
    if (room->open)
        return room->ready;
    room->open = room->opening = true;
    if (presence->redis_up)
        read_room(presence, room_id, true);
    else
        room->ready = true;
    room->opening = false;
    return room->ready;
}

static void clear_remote(void *context, uint64_t user_id, void *value) {
    struct user *user = value;
    (void)context;
    (void)user_id;
    user->remote = false;
    user->logical_time = 0;
}

void presence_room_closed(struct presence *presence, uint64_t room_id) {
    struct room *room = find_room(presence, room_id);
    if (!room || !room->open)
        return;
    room->open = room->ready = room->reading = room->reread = room->reread_complete = false;
    room->logical_time = 0;
    idmap_each(&room->users, clear_remote, NULL);
}

/* ---- sockets ---- */

void presence_socket_opened(struct presence *presence, uint64_t room_id, uint64_t user_id,
                            struct text name) {
    struct room *room = find_room(presence, room_id);
    struct user *user = room ? get_user(room, user_id, name) : NULL;
    if (!user)
        return;
    const bool was_online = is_online(user);
    user->sockets++;
    user->grace_end_ms = 0;
    user->leaving = false;
    if (user->sockets == 1)
        sync_user(presence, room_id, user_id);
    notify_if_changed(presence, room_id, user_id, was_online);
}

static void add_grace(struct presence *presence, const struct grace *grace) {
    if (presence->graces_count == presence->graces_space) {
        const size_t space = presence->graces_space ? presence->graces_space * 2 : 16;
        struct grace *graces = xcalloc(space, sizeof(*graces));
        for (size_t i = 0; i < presence->graces_count; i++)
            graces[i] = presence->graces[(presence->graces_first + i) % presence->graces_space];
        free(presence->graces);
        presence->graces = graces;
        presence->graces_first = 0;
        presence->graces_space = space;
    }
    const size_t at = presence->graces_first + presence->graces_count++;
    presence->graces[at % presence->graces_space] = *grace;
}

void presence_socket_closed(struct presence *presence, uint64_t room_id, uint64_t user_id) {
    struct user *user = find_user(presence, room_id, user_id);
    if (!user || user->sockets == 0 || --user->sockets > 0)
        return;
    const int64_t grace_end_ms = presence->hooks->now_ms() + presence->hooks->grace_ms;
    user->grace_end_ms = grace_end_ms > 0 ? grace_end_ms : 1;
    add_grace(presence, &(struct grace){user->grace_end_ms, room_id, user_id});
}

static void end_grace(struct presence *presence, const struct grace *grace) {
    struct user *user = find_user(presence, grace->room_id, grace->user_id);
    if (!user || user->grace_end_ms != grace->grace_end_ms)
        return;
    const bool was_online = is_online(user);
    user->grace_end_ms = 0;
    if (presence->redis_up && user->in_redis != NOT_IN_REDIS) {
        user->leaving = true;
        leave(presence, grace->room_id, grace->user_id);
    }
    notify_if_changed(presence, grace->room_id, grace->user_id, was_online);
}

/* ---- notices ---- */

void presence_notice(struct presence *presence, uint64_t room_id,
                     const struct event_envelope *envelope) {
    struct room *room = find_room(presence, room_id);
    const uint64_t user_id = envelope->actor_id;
    const uint64_t logical_time = envelope->logical_time;
    if (!room || !room->open || logical_time <= room->logical_time || envelope->actor.len == 0)
        return;
    struct user *user = get_user(room, user_id, envelope->actor);
    if (!user)
        return;
    const bool was_online = is_online(user);
    /* The notice of what this process did itself is as old as the answer, and less exact. */
    if (logical_time > user->logical_time)
        apply_remote(user, logical_time, envelope->type == EVENT_USER_JOINED);
    notify_if_changed(presence, room_id, user_id, was_online);
}

/* ---- who is online ---- */

struct visit {
    void (*visit)(void *context, uint64_t user_id, struct text name);
    void *context;
};

static void visit_online(void *context, uint64_t user_id, void *value) {
    const struct visit *visit = context;
    if (is_online(value))
        visit->visit(visit->context, user_id, name_of(value));
}

void presence_online(const struct presence *presence, uint64_t room_id,
                     void (*visit)(void *context, uint64_t user_id, struct text name),
                     void *context) {
    const struct room *room = find_room(presence, room_id);
    struct visit visiting = {visit, context};
    if (room)
        idmap_each(&room->users, visit_online, &visiting);
}

/* ---- Redis comes and goes ---- */

static void for_each_room(struct presence *presence,
                          void (*fn)(struct presence *presence, uint64_t room_id)) {
    const struct keys rooms = keys_of(&presence->rooms);
    for (size_t i = 0; i < rooms.count; i++)
        fn(presence, rooms.keys[i]);
    free(rooms.keys);
}

/* Who was leaving has left, and nobody waits any longer for what Redis would say. */
static void continue_without_redis(struct presence *presence, uint64_t room_id) {
    const struct keys users = keys_of(&find_room(presence, room_id)->users);
    for (size_t i = 0; i < users.count; i++) {
        struct user *user = find_user(presence, room_id, users.keys[i]);
        if (!user->leaving)
            continue;
        user->leaving = false;
        notify_if_changed(presence, room_id, users.keys[i], true);
    }
    free(users.keys);
    mark_ready(presence, room_id);
}

static void clear_in_redis(void *context, uint64_t user_id, void *value) {
    struct user *user = value;
    (void)context;
    (void)user_id;
    user->in_redis = NOT_IN_REDIS;
}

static void clear_room_in_redis(void *context, uint64_t room_id, void *value) {
    const struct room *room = value;
    (void)room_id;
    idmap_each(&room->users, clear_in_redis, context);
}

static void resync_room(struct presence *presence, uint64_t room_id) {
    sync_room(presence, room_id);
    read_room(presence, room_id, false);
}

void presence_redis_state(struct presence *presence, bool redis_up) {
    presence->redis_up = redis_up;
    if (!redis_up) {
        for_each_room(presence, continue_without_redis);
        return;
    }
    const uint64_t epoch = presence->hooks->epoch(presence->hooks->pubsub);
    if (epoch != presence->epoch)
        idmap_each(&presence->rooms, clear_room_in_redis, NULL);
    presence->epoch = epoch;
    presence->sync_needed = false;
    presence->reread_at_ms = presence->hooks->now_ms() + RECONNECT_MS;
    for_each_room(presence, resync_room);
}

/* ---- ticks ---- */

static void sweep_room(struct presence *presence, uint64_t room_id) {
    if (find_room(presence, room_id)->open)
        presence->hooks->sweep(presence->hooks->pubsub, room_id);
}

static void reread_room(struct presence *presence, uint64_t room_id) {
    read_room(presence, room_id, true);
}

static bool keep_user(void *context, uint64_t user_id, void *value) {
    const bool *reading = context;
    struct user *user = value;
    (void)user_id;
    if (is_online(user) || user->pending_replies > 0 || user->in_redis != NOT_IN_REDIS || *reading)
        user->idle_rounds = 0;
    else if (++user->idle_rounds == IDLE_ROUNDS) {
        free(user);
        return false;
    }
    return true;
}

static bool keep_room(void *context, uint64_t room_id, void *value) {
    struct room *room = value;
    (void)context;
    (void)room_id;
    idmap_filter(&room->users, keep_user, &room->reading);
    if (room->open || idmap_count(&room->users) > 0)
        return true;
    free(room);
    return false;
}

static void run_housekeeping(struct presence *presence) {
    idmap_filter(&presence->rooms, keep_room, NULL);
    if (!presence->redis_up)
        return;
    for_each_room(presence, sweep_room);
    if (presence->sync_needed) {
        presence->sync_needed = false;
        for_each_room(presence, sync_room);
    }
}

static void end_graces(struct presence *presence, int64_t now) {
    while (presence->graces_count > 0 &&
           presence->graces[presence->graces_first].grace_end_ms <= now) {
        const struct grace grace = presence->graces[presence->graces_first];
        presence->graces_first = (presence->graces_first + 1) % presence->graces_space;
        presence->graces_count--;
        end_grace(presence, &grace);
    }
}

void presence_tick(struct presence *presence) {
    const int64_t now = presence->hooks->now_ms();
    end_graces(presence, now);
    if (presence->redis_up && presence->reread_at_ms != 0 && now >= presence->reread_at_ms) {
        presence->reread_at_ms = 0;
        for_each_room(presence, reread_room);
    }
    if (now >= presence->housekeeping_at_ms) {
        presence->housekeeping_at_ms = now + HOUSEKEEPING_MS;
        run_housekeeping(presence);
    }
}

/* ---- beginning and end ---- */

struct presence *presence_new(const struct presence_hooks *hooks) {
    struct presence *presence = xcalloc(1, sizeof(*presence));
    presence->hooks = hooks;
    return presence;
}

static void free_user(void *context, uint64_t user_id, void *value) {
    (void)context;
    (void)user_id;
    free(value);
}

static void free_room(void *context, uint64_t room_id, void *value) {
    struct room *room = value;
    (void)room_id;
    idmap_each(&room->users, free_user, context);
    idmap_free(&room->users);
    free(room);
}

void presence_free(struct presence *presence) {
    idmap_each(&presence->rooms, free_room, NULL);
    idmap_free(&presence->rooms);
    free(presence->graces);
    free(presence);
}
