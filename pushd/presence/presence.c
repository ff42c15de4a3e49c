/*
 * presence: views of rooms, brought in line with Redis.
 *
 * A view has an entry for each user. Whether that user is online follows from four facts: sockets
 * of this process, a grace after the last one, a leave that Redis has not answered yet, and another
 * pushd that has the user (`remote`). Every function that changes a fact compares is_online before
 * and after and notifies the sockets here of a difference.
 *
 * Redis in turn must have exactly the users that are local. `in_redis` says what is known of that;
 * it is MAYBE while commands are under way, and sync_user sends what is missing. `remote` is learnt
 * from replies, reads and notices, each with a logical time; the latest one wins.
 */
#include "presence/presence.h"

#include <stdlib.h>
#include <string.h>

#include "base/idmap.h"
#include "base/ring.h"
#include "base/xalloc.h"

/* The interval of housekeeping: sweeping, repeating failed commands, freeing idle entries. */
#define HOUSEKEEPING_MS 5000
/* An entry is freed when it was idle in this many rounds of housekeeping: not at once, since
 * older notices may still arrive, and must not count as news. */
#define IDLE_ROUNDS 3
/* When Redis is up again, users that it lacks stay online this long: their pushd may notice a
 * little later. */
#define RECONNECT_MS 10000
/* The longest user name; one that is longer is not from confab. */
#define MAX_NAME 128

/* Whether Redis has a user of this process. */
enum in_redis { NOT_IN_REDIS, MAYBE_IN_REDIS, IN_REDIS };

/* A user in a room. Online as long as there are sockets or a grace here, Redis has not yet
 * answered the leave, or another pushd has the user. */
struct entry {
    int64_t grace_end_ms;     /* 0: no grace */
    uint64_t logical_time;    /* of `remote`; what is older is ignored */
    uint32_t sockets;         /* in this process */
    uint32_t pending_replies; /* to enter and leave */
    bool leaving : 1;         /* the grace is over, and Redis has not said who else has the user */
    bool remote : 1;          /* another pushd has the user */
    bool leave_sent_last : 1; /* the last command was leave, not enter */
    unsigned char in_redis : 2;
    unsigned char idle_rounds;
    unsigned char name_len;
    char name[];
};

/* The view of a room. */
struct view {
    struct idmap entries; /* user id -> entry */
    bool open;            /* there are sockets here, or about to be: notices count */
    bool ready;           /* the view is complete */
    bool opening;         /* presence_room_opened has not returned yet */
    bool reading;         /* a read is not answered yet */
    bool complete;        /* users that the read does not return are not remote */
    bool reread;          /* another read was requested meanwhile, ... */
    bool reread_complete; /* ... complete like this */
    uint64_t reading_number;
    uint64_t logical_time; /* of the last complete read; older notices are ignored */
};

/* The end of a grace. Outdated if the user has come back since. */
struct grace {
    int64_t end_ms;
    uint64_t room_id;
    uint64_t user_id;
};

struct presence {
    const struct presence_hooks *hooks;
    struct idmap views; /* room id -> view */
    bool redis_up;
    bool sync_needed; /* a command failed */
    uint64_t epoch;   /* of what is entered in Redis */
    uint64_t readings;
    int64_t housekeeping_at_ms;
    int64_t reread_at_ms; /* all rooms are read again; 0: never */
    struct ring graces;   /* of struct grace; all are equally long, so the first ends first */
};

/* A command to Redis that has not been answered; freed with the reply. */
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

/* ---- views and entries ---- */

static struct view *find_view(const struct presence *presence, uint64_t room_id) {
    return idmap_get(&presence->views, room_id);
}

static struct entry *find_entry(const struct presence *presence, uint64_t room_id,
                                uint64_t user_id) {
    const struct view *view = find_view(presence, room_id);
    return view ? idmap_get(&view->entries, user_id) : NULL;
}

/* Finds or makes an entry; NULL if the name is too long. */
static struct entry *get_entry(struct view *view, uint64_t user_id, struct text name) {
    struct entry *entry = idmap_get(&view->entries, user_id);
    if (entry || name.len > MAX_NAME)
        return entry;
    entry = xcalloc(1, offsetof(struct entry, name) + name.len);
    entry->name_len = (unsigned char)name.len;
    if (name.len > 0) /* an envelope of version 1 may have none */
        memcpy(entry->name, name.at, name.len);
    idmap_put(&view->entries, user_id, entry);
    return entry;
}

/* The name is not terminated by a zero. */
static struct text name_of(const struct entry *entry) {
    return (struct text){entry->name, entry->name_len};
}

/* Online by this process, as Redis must know. */
static bool is_local(const struct entry *entry) {
    return entry->sockets > 0 || entry->grace_end_ms > 0;
}

static bool is_online(const struct entry *entry) {
    return is_local(entry) || entry->leaving || entry->remote;
}

/* A copy of the keys of a map: hooks called for each of them may add to the map. Only
 * housekeeping removes from it. */
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
    /* An empty map gives an array of no keys. */
    struct keys keys = {xcalloc(idmap_count(map), sizeof(*keys.keys)), 0};
    idmap_each(map, add_key, &keys);
    return keys;
}

/* To be called after any change of an entry. */
static void notify_if_changed(const struct presence *presence, uint64_t room_id, uint64_t user_id,
                              bool was_online) {
    const struct view *view = find_view(presence, room_id);
    const struct entry *entry = find_entry(presence, room_id, user_id);
    /* A closed room has no sockets to notify; its view is only kept for graces and pending
     * commands. */
    if (!view->open || is_online(entry) == was_online)
        return;
    presence->hooks->notify(presence->hooks->context, room_id,
                            was_online ? EVENT_USER_LEFT : EVENT_USER_JOINED, user_id,
                            name_of(entry));
}

/* Notes whether another pushd has the user, unless something later is known. */
static void set_remote(struct entry *entry, uint64_t logical_time, bool remote) {
    if (logical_time < entry->logical_time)
        return;
    entry->logical_time = logical_time;
    entry->remote = remote;
}

/* ---- entering and leaving in Redis ---- */

/* The reply to enter or leave, or ok = false if Redis did not answer. The entry exists: it is kept
 * while replies are pending. */
static void on_command_reply(void *context, bool ok, bool only_here, uint64_t logical_time) {
    const struct request request = *(struct request *)context;
    struct presence *presence = request.presence;
    struct entry *entry = find_entry(presence, request.room_id, request.user_id);
    const bool was_online = is_online(entry);
    free(context);
    entry->pending_replies--;
    /* The only source for this: nothing is published of what other pushd processes do with a
     * user that this one has. */
    if (!ok)
        presence->sync_needed = true;
    else if (find_view(presence, request.room_id)->open)
        set_remote(entry, logical_time, !only_here);
    /* Replies come in the order of the commands, so only the last one says what Redis has now. */
    if (entry->pending_replies == 0) {
        if (ok)
            entry->in_redis = entry->leave_sent_last ? NOT_IN_REDIS : IN_REDIS;
        entry->leaving = false;
    }
    notify_if_changed(presence, request.room_id, request.user_id, was_online);
}

/* Has Redis enter the user, with this process. */
static void enter(struct presence *presence, uint64_t room_id, uint64_t user_id) {
    const struct presence_hooks *hooks = presence->hooks;
    struct entry *entry = find_entry(presence, room_id, user_id);
    /* Before the command, which may be answered at once if there is no connection. */
    entry->pending_replies++;
    entry->in_redis = MAYBE_IN_REDIS;
    entry->leave_sent_last = false;
    hooks->enter(hooks->pubsub, room_id, user_id, name_of(entry), on_command_reply,
                 new_request(presence, room_id, user_id, 0));
}

/* Has Redis remove the user of this process. */
static void leave(struct presence *presence, uint64_t room_id, uint64_t user_id) {
    const struct presence_hooks *hooks = presence->hooks;
    struct entry *entry = find_entry(presence, room_id, user_id);
    entry->pending_replies++;
    entry->in_redis = MAYBE_IN_REDIS;
    entry->leave_sent_last = true;
    hooks->leave(hooks->pubsub, room_id, user_id, name_of(entry), on_command_reply,
                 new_request(presence, room_id, user_id, 0));
}

/* Makes Redis have the user exactly if it is online by this process. */
static void sync_user(struct presence *presence, uint64_t room_id, uint64_t user_id) {
    const struct entry *entry = find_entry(presence, room_id, user_id);
    /* presence_redis_state calls this again for all users when Redis is up. */
    if (!presence->redis_up)
        return;
    /* MAYBE_IN_REDIS is sent again: both commands may be repeated. */
    if (is_local(entry) && entry->in_redis != IN_REDIS)
        enter(presence, room_id, user_id);
    else if (!is_local(entry) && !entry->leaving && entry->in_redis != NOT_IN_REDIS)
        leave(presence, room_id, user_id);
}

/* Brings all users of a room in line; of a copy, since replies may come at once. */
static void sync_room(struct presence *presence, uint64_t room_id) {
    const struct keys users = keys_of(&find_view(presence, room_id)->entries);
    for (size_t i = 0; i < users.count; i++)
        sync_user(presence, room_id, users.keys[i]);
    free(users.keys);
}

/* ---- reading a room ---- */

/* The view that a reply belongs to; NULL if the room was closed or read again since. */
static struct view *reading_view(const struct request *request) {
    struct view *view = find_view(request->presence, request->room_id);
    return view && view->reading && view->reading_number == request->reading_number ? view : NULL;
}

/* One user of the reply to a read: another pushd has it. */
static void on_read_user(void *context, uint64_t logical_time, uint64_t user_id, struct text name) {
    const struct request *request = context;
    struct view *view = reading_view(request);
    struct entry *entry = view ? get_entry(view, user_id, name) : NULL;
    /* The room was closed or read again, or the name is not one of confab. */
    if (!entry)
        return;
    const bool was_online = is_online(entry);
    set_remote(entry, logical_time, true);
    notify_if_changed(request->presence, request->room_id, user_id, was_online);
}

/* After a complete read: no other pushd has the users that it did not return. */
static void clear_unlisted(struct presence *presence, uint64_t room_id, uint64_t logical_time) {
    struct view *view = find_view(presence, room_id);
    const struct keys users = keys_of(&view->entries);
    /* Older notices are in this reply already. */
    view->logical_time = logical_time;
    for (size_t i = 0; i < users.count; i++) {
        struct entry *entry = find_entry(presence, room_id, users.keys[i]);
        const bool was_online = is_online(entry);
        /* A notice that came meanwhile may be later than the read. */
        if (entry->logical_time < logical_time)
            set_remote(entry, logical_time, false);
        notify_if_changed(presence, room_id, users.keys[i], was_online);
    }
    free(users.keys);
}

/* The view is complete, or as complete as it gets without Redis: clients that wait can go on. */
static void mark_ready(struct presence *presence, uint64_t room_id) {
    struct view *view = find_view(presence, room_id);
    if (!view || !view->open || view->ready)
        return;
    view->ready = true;
    /* Within presence_room_opened its return value says so. */
    if (!view->opening)
        presence->hooks->ready(presence->hooks->context, room_id);
}

static void read_room(struct presence *presence, uint64_t room_id, bool complete);

static void on_read_end(void *context, bool ok, uint64_t logical_time) {
    const struct request request = *(struct request *)context;
    struct presence *presence = request.presence;
    struct view *view = reading_view(&request);
    free(context);
    if (!view)
        return;
    /* Reset first: the read that may follow sets them again. */
    const bool reread = view->reread, reread_complete = view->reread_complete;
    view->reading = view->reread = view->reread_complete = false;
    if (ok && view->complete)
        clear_unlisted(presence, request.room_id, logical_time);
    /* Redis did not answer: the view is used as it is, and all rooms are read again later. */
    if (!ok)
        presence->reread_at_ms = presence->hooks->now_ms() + RECONNECT_MS;
    if (reread && presence->redis_up)
        read_room(presence, request.room_id, reread_complete);
    /* After the second read was sent: clients need not wait for that one. */
    mark_ready(presence, request.room_id);
}

/* Reads the users of an open room that other pushd processes have. */
static void read_room(struct presence *presence, uint64_t room_id, bool complete) {
    const struct presence_hooks *hooks = presence->hooks;
    struct view *view = find_view(presence, room_id);
    if (!view || !view->open)
        return;
    /* One read at a time. The reply under way may predate this request, so another read follows
     * it. */
    if (view->reading) {
        view->reread = true;
        view->reread_complete |= complete;
        return;
    }
    view->reading = true;
    view->complete = complete;
    view->reading_number = ++presence->readings;
    hooks->read(hooks->pubsub, room_id, on_read_user, on_read_end,
                new_request(presence, room_id, 0, view->reading_number));
}

/* ---- rooms ---- */

bool presence_room_opened(struct presence *presence, uint64_t room_id) {
    struct view *view = find_view(presence, room_id);
    if (!view) {
        view = xcalloc(1, sizeof(*view));
        idmap_put(&presence->views, room_id, view);
    }
    if (view->open)
        return view->ready;
    /* `opening` keeps a reply that comes at once from calling ready within this call. */
    view->open = view->opening = true;
    if (presence->redis_up)
        read_room(presence, room_id, true);
    else
        view->ready = true;
    view->opening = false;
    return view->ready;
}

/* Forgets other pushd processes: in a closed room their notices are not received any more. */
static void clear_remote(void *context, uint64_t user_id, void *value) {
    struct entry *entry = value;
    (void)context;
    (void)user_id;
    entry->remote = false;
    entry->logical_time = 0;
}

void presence_room_closed(struct presence *presence, uint64_t room_id) {
    struct view *view = find_view(presence, room_id);
    if (!view || !view->open)
        return;
    /* A read under way belongs to the past: reading_view ignores its reply. */
    view->open = view->ready = view->reading = view->reread = view->reread_complete = false;
    view->logical_time = 0;
    idmap_each(&view->entries, clear_remote, NULL);
}

/* ---- sockets ---- */

void presence_socket_opened(struct presence *presence, uint64_t room_id, uint64_t user_id,
                            struct text name) {
    struct view *view = find_view(presence, room_id);
    struct entry *entry = view ? get_entry(view, user_id, name) : NULL;
    if (!entry)
        return;
    const bool was_online = is_online(entry);
    entry->sockets++;
    /* A grace or a leave under way is void; Redis may not have to be told at all. */
    entry->grace_end_ms = 0;
    entry->leaving = false;
    /* With a second socket nothing changes for Redis. */
    if (entry->sockets == 1)
        sync_user(presence, room_id, user_id);
    notify_if_changed(presence, room_id, user_id, was_online);
}

void presence_socket_closed(struct presence *presence, uint64_t room_id, uint64_t user_id) {
    struct entry *entry = find_entry(presence, room_id, user_id);
    if (!entry || entry->sockets == 0 || --entry->sockets > 0)
        return;
    /* The last one: the user stays online for the grace, during which Redis keeps the entry. */
    const int64_t end_ms = presence->hooks->now_ms() + presence->hooks->grace_ms;
    entry->grace_end_ms = end_ms > 0 ? end_ms : 1; /* 0 means none */
    struct grace *grace = ring_push(&presence->graces, sizeof(*grace));
    *grace = (struct grace){entry->grace_end_ms, room_id, user_id};
}

static void end_grace(struct presence *presence, const struct grace *grace) {
    struct entry *entry = find_entry(presence, grace->room_id, grace->user_id);
    /* The user has come back since; a later grace has its own element in the ring. */
    if (!entry || entry->grace_end_ms != grace->end_ms)
        return;
    const bool was_online = is_online(entry);
    entry->grace_end_ms = 0;
    /* Still online until Redis says whether another pushd has the user. Without Redis offline at
     * once. */
    if (presence->redis_up && entry->in_redis != NOT_IN_REDIS) {
        entry->leaving = true;
        leave(presence, grace->room_id, grace->user_id);
    }
    notify_if_changed(presence, grace->room_id, grace->user_id, was_online);
}

/* ---- notices ---- */

void presence_notice(struct presence *presence, uint64_t room_id,
                     const struct event_envelope *envelope) {
    struct view *view = find_view(presence, room_id);
    const uint64_t user_id = envelope->actor_id;
    const uint64_t logical_time = envelope->logical_time;
    /* The room must be open here, and the notice not older than the last complete read. */
    if (!view || !view->open || logical_time <= view->logical_time || envelope->actor.len == 0)
        return;
    struct entry *entry = get_entry(view, user_id, envelope->actor);
    if (!entry)
        return;
    const bool was_online = is_online(entry);
    /* The notice of a command of this process has the same logical time as the reply, which is
     * more exact: hence not >=. */
    if (logical_time > entry->logical_time)
        set_remote(entry, logical_time, envelope->type == EVENT_USER_JOINED);
    notify_if_changed(presence, room_id, user_id, was_online);
}

/* ---- users online ---- */

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
    const struct view *view = find_view(presence, room_id);
    struct visit visiting = {visit, context};
    if (view)
        idmap_each(&view->entries, visit_online, &visiting);
}

/* ---- Redis up and down ---- */

static void for_each_room(struct presence *presence,
                          void (*fn)(struct presence *presence, uint64_t room_id)) {
    /* Of a copy: fn calls hooks, which may open rooms. */
    const struct keys rooms = keys_of(&presence->views);
    for (size_t i = 0; i < rooms.count; i++)
        fn(presence, rooms.keys[i]);
    free(rooms.keys);
}

/* Redis is down: users that were leaving have left, and no view waits for a read. */
static void continue_without_redis(struct presence *presence, uint64_t room_id) {
    const struct keys users = keys_of(&find_view(presence, room_id)->entries);
    for (size_t i = 0; i < users.count; i++) {
        struct entry *entry = find_entry(presence, room_id, users.keys[i]);
        /* Those that other pushd processes have stay online; whether they are cannot be known
         * now. */
        if (!entry->leaving)
            continue;
        entry->leaving = false;
        notify_if_changed(presence, room_id, users.keys[i], true);
    }
    free(users.keys);
    mark_ready(presence, room_id);
}

/* Redis has lost what was entered: nothing is in it now. */
static void clear_in_redis(void *context, uint64_t user_id, void *value) {
    struct entry *entry = value;
    (void)context;
    (void)user_id;
    entry->in_redis = NOT_IN_REDIS;
}

static void clear_room_in_redis(void *context, uint64_t room_id, void *value) {
    const struct view *view = value;
    (void)room_id;
    idmap_each(&view->entries, clear_in_redis, context);
}

/* Redis is up again: enters the users of this process, and adds those of others. */
static void merge_room(struct presence *presence, uint64_t room_id) {
    sync_room(presence, room_id);
    read_room(presence, room_id, false);
}

void presence_redis_state(struct presence *presence, bool up) {
    presence->redis_up = up;
    if (!up) {
        for_each_room(presence, continue_without_redis);
        return;
    }
    /* A new epoch means that Redis has lost the entries of this process, or its lease expired. */
    const uint64_t epoch = presence->hooks->epoch(presence->hooks->pubsub);
    if (epoch != presence->epoch)
        idmap_each(&presence->views, clear_room_in_redis, NULL);
    presence->epoch = epoch;
    presence->sync_needed = false;
    /* The first read only adds users; the complete one follows when others have reconnected. */
    presence->reread_at_ms = presence->hooks->now_ms() + RECONNECT_MS;
    for_each_room(presence, merge_room);
}

/* ---- ticks ---- */

static void sweep_room(struct presence *presence, uint64_t room_id) {
    if (find_view(presence, room_id)->open)
        presence->hooks->sweep(presence->hooks->pubsub, room_id);
}

static void reread_room(struct presence *presence, uint64_t room_id) {
    read_room(presence, room_id, true);
}

/* Housekeeping of an entry; false frees it. An entry is idle if the user is offline and no command
 * for it is under way. */
static bool keep_entry(void *context, uint64_t user_id, void *value) {
    const bool *reading = context;
    struct entry *entry = value;
    (void)user_id;
    /* While a read is under way its reply may name the user. */
    if (is_online(entry) || entry->pending_replies > 0 || entry->in_redis != NOT_IN_REDIS ||
        *reading) {
        entry->idle_rounds = 0;
        return true;
    }
    if (++entry->idle_rounds < IDLE_ROUNDS)
        return true;
    free(entry);
    return false;
}

/* Housekeeping of a view; false frees it: it is closed, and has no entries left. */
static bool keep_view(void *context, uint64_t room_id, void *value) {
    struct view *view = value;
    (void)context;
    (void)room_id;
    idmap_filter(&view->entries, keep_entry, &view->reading);
    if (view->open || idmap_count(&view->entries) > 0)
        return true;
    free(view);
    return false;
}

static void run_housekeeping(struct presence *presence) {
    idmap_filter(&presence->views, keep_view, NULL);
    if (!presence->redis_up)
        return;
    /* Sends nothing unless a pushd has died lately. */
    for_each_room(presence, sweep_room);
    /* A command failed although Redis is up: all are compared, and sent again where they differ. */
    if (presence->sync_needed) {
        presence->sync_needed = false;
        for_each_room(presence, sync_room);
    }
}

void presence_tick(struct presence *presence) {
    const int64_t now = presence->hooks->now_ms();
    /* All graces are equally long, so the ring is sorted by their ends. */
    while (presence->graces.count > 0) {
        const struct grace grace = *(struct grace *)ring_at(&presence->graces, 0);
        if (grace.end_ms > now)
            break;
        ring_pop(&presence->graces);
        end_grace(presence, &grace);
    }
    /* Others have had time to reconnect: users that Redis does not have now are offline. */
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

static void free_entry(void *context, uint64_t user_id, void *value) {
    (void)context;
    (void)user_id;
    free(value);
}

static void free_view(void *context, uint64_t room_id, void *value) {
    struct view *view = value;
    (void)room_id;
    idmap_each(&view->entries, free_entry, context);
    idmap_free(&view->entries);
    free(view);
}

void presence_free(struct presence *presence) {
    idmap_each(&presence->views, free_view, NULL);
    idmap_free(&presence->views);
    ring_free(&presence->graces);
    free(presence);
}
