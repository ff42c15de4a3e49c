/*
 * presence: what happens to the views of rooms: sockets here, notices, Redis up and down, and time.
 * presence_private.h describes a view.
 */
#include "presence/presence.h"

#include <stdlib.h>

#include "base/xalloc.h"
#include "presence/presence_private.h"

/* The interval of housekeeping: sweeping, repeating failed commands, freeing idle entries. */
#define HOUSEKEEPING_MS 5000
/* An entry is freed when it was idle in this many rounds of housekeeping: not at once, since
 * older notices may still arrive, and must not count as news. */
#define IDLE_ROUNDS 3

/* The end of a grace. Outdated if the user has come back since. */
struct grace {
    int64_t end_ms;
    uint64_t room_id;
    uint64_t user_id;
};

/* ---- rooms ---- */

bool presence_room_opened(struct presence *presence, uint64_t room_id) {
    struct presence_view *view = presence_view_find(presence, room_id);
    if (!view) {
        view = xcalloc(1, sizeof(*view));
        idmap_put(&presence->views, room_id, view);
    }
    if (view->open)
        return view->ready;
    /* `opening` keeps a reply that comes at once from calling ready within this call. */
    view->open = view->opening = true;
    if (presence->redis_up)
        presence_redis_read(presence, room_id, true);
    else
        view->ready = true;
    view->opening = false;
    return view->ready;
}

/* Forgets other pushd processes: in a closed room their notices are not received any more. */
static void clear_remote(void *context, uint64_t user_id, void *value) {
    struct presence_entry *entry = value;
    (void)context;
    (void)user_id;
    entry->remote = false;
    /* So that the first notice after the room is opened again counts as newer. */
    entry->logical_time = 0;
}

void presence_room_closed(struct presence *presence, uint64_t room_id) {
    struct presence_view *view = presence_view_find(presence, room_id);
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
    struct presence_view *view = presence_view_find(presence, room_id);
    struct presence_entry *entry = view ? presence_entry_get(view, user_id, name) : NULL;
    /* The room is not open, or the name is not one of confab. */
    if (!entry)
        return;
    const bool was_online = presence_entry_is_online(entry);
    entry->sockets++;
    /* A grace or a leave under way is void; Redis may not have to be told at all. */
    entry->grace_end_ms = 0;
    entry->leaving = false;
    /* With a second socket nothing changes for Redis. */
    if (entry->sockets == 1)
        presence_redis_sync_user(presence, room_id, user_id);
    presence_notify_if_changed(presence, room_id, user_id, was_online);
}

void presence_socket_closed(struct presence *presence, uint64_t room_id, uint64_t user_id) {
    struct presence_entry *entry = presence_entry_find(presence, room_id, user_id);
    if (!entry || entry->sockets == 0 || --entry->sockets > 0)
        return;
    /* The last one: the user stays online for the grace, during which Redis keeps the entry. */
    const int64_t end_ms = presence->hooks->now_ms() + presence->hooks->grace_ms;
    entry->grace_end_ms = end_ms > 0 ? end_ms : 1; /* 0 means none */
    struct grace *grace = ring_push(&presence->graces, sizeof(*grace));
    *grace = (struct grace){entry->grace_end_ms, room_id, user_id};
}

/* The grace of a user is over: Redis is told, if nothing has changed since. */
static void end_grace(struct presence *presence, const struct grace *grace) {
    struct presence_entry *entry = presence_entry_find(presence, grace->room_id, grace->user_id);
    /* The user has come back since; a later grace has its own element in the ring. */
    if (!entry || entry->grace_end_ms != grace->end_ms)
        return;
    const bool was_online = presence_entry_is_online(entry);
    entry->grace_end_ms = 0;
    /* Still online until Redis says whether another pushd has the user. Without Redis offline at
     * once. */
    if (presence->redis_up && entry->in_redis != NOT_IN_REDIS) {
        entry->leaving = true;
        presence_redis_leave(presence, grace->room_id, grace->user_id);
    }
    presence_notify_if_changed(presence, grace->room_id, grace->user_id, was_online);
}

/* ---- notices ---- */

void presence_notice(struct presence *presence, uint64_t room_id,
                     const struct event_envelope *envelope) {
    struct presence_view *view = presence_view_find(presence, room_id);
    const uint64_t user_id = envelope->actor_id;
    const uint64_t logical_time = envelope->logical_time;
    /* The room must be open here, and the notice not older than the last complete read. */
    if (!view || !view->open || logical_time <= view->logical_time || envelope->actor.len == 0)
        return;
    struct presence_entry *entry = presence_entry_get(view, user_id, envelope->actor);
    if (!entry)
        return;
    const bool was_online = presence_entry_is_online(entry);
    /* The notice of a command of this process has the same logical time as the reply, which is
     * more exact: hence not >=. */
    if (logical_time > entry->logical_time)
        presence_entry_set_remote(entry, logical_time, envelope->type == EVENT_USER_JOINED);
    presence_notify_if_changed(presence, room_id, user_id, was_online);
}

/* ---- users online ---- */

struct visit {
    void (*visit)(void *context, uint64_t user_id, struct text name);
    void *context;
};

static void visit_online(void *context, uint64_t user_id, void *value) {
    const struct visit *visit = context;
    if (presence_entry_is_online(value))
        visit->visit(visit->context, user_id, presence_entry_name(value));
}

void presence_online(const struct presence *presence, uint64_t room_id,
                     void (*visit)(void *context, uint64_t user_id, struct text name),
                     void *context) {
    const struct presence_view *view = presence_view_find(presence, room_id);
    struct visit visiting = {visit, context};
    if (view)
        idmap_each(&view->entries, visit_online, &visiting);
}

/* ---- Redis up and down ---- */

/* Visits the rooms that are known at the call. */
static void for_each_room(struct presence *presence,
                          void (*fn)(struct presence *presence, uint64_t room_id)) {
    /* Walks a copy: fn calls hooks, which may open rooms. */
    const struct presence_keys rooms = presence_keys_of(&presence->views);
    for (size_t i = 0; i < rooms.count; i++)
        fn(presence, rooms.keys[i]);
    free(rooms.keys);
}

/* Redis is down: users that were leaving have left, and no view waits for a read. */
static void continue_without_redis(struct presence *presence, uint64_t room_id) {
    const struct presence_keys users =
        presence_keys_of(&presence_view_find(presence, room_id)->entries);
    for (size_t i = 0; i < users.count; i++) {
        struct presence_entry *entry = presence_entry_find(presence, room_id, users.keys[i]);
        /* Those that other pushd processes have stay online; whether they are cannot be known
         * now. */
        if (!entry->leaving)
            continue;
        entry->leaving = false;
        presence_notify_if_changed(presence, room_id, users.keys[i], true);
    }
    free(users.keys);
    presence_view_mark_ready(presence, room_id);
}

/* Redis has lost what was entered: nothing is in it now. */
static void clear_in_redis(void *context, uint64_t user_id, void *value) {
    struct presence_entry *entry = value;
    (void)context;
    (void)user_id;
    entry->in_redis = NOT_IN_REDIS;
}

static void clear_room_in_redis(void *context, uint64_t room_id, void *value) {
    const struct presence_view *view = value;
    (void)room_id;
    idmap_each(&view->entries, clear_in_redis, context);
}

/* Redis is up again: enters the users of this process, and adds those of others. */
static void merge_room(struct presence *presence, uint64_t room_id) {
    presence_redis_sync_room(presence, room_id);
    presence_redis_read(presence, room_id, false);
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
    presence->reread_at_ms = presence->hooks->now_ms() + PRESENCE_RECONNECT_MS;
    for_each_room(presence, merge_room);
}

/* ---- ticks ---- */

static void sweep_room(struct presence *presence, uint64_t room_id) {
    if (presence_view_find(presence, room_id)->open)
        presence->hooks->sweep(presence->hooks->pubsub, room_id);
}

static void reread_room(struct presence *presence, uint64_t room_id) {
    presence_redis_read(presence, room_id, true);
}

/* Housekeeping of an entry; false frees it. An entry is idle if the user is offline and no command
 * for it is under way. */
static bool keep_entry(void *context, uint64_t user_id, void *value) {
    const bool *reading = context;
    struct presence_entry *entry = value;
    (void)user_id;
    /* While a read is under way its reply may name the user. */
    if (presence_entry_is_online(entry) || entry->pending_replies > 0 ||
        entry->in_redis != NOT_IN_REDIS || *reading) {
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
    struct presence_view *view = value;
    (void)context;
    (void)room_id;
    idmap_filter(&view->entries, keep_entry, &view->reading);
    if (view->open || idmap_count(&view->entries) > 0)
        return true;
    free(view);
    return false;
}

/* Every few seconds: frees what is idle, and repairs what differs from Redis. */
static void run_housekeeping(struct presence *presence) {
    idmap_filter(&presence->views, keep_view, NULL);
    if (!presence->redis_up)
        return;
    /* Sends nothing unless a pushd has died lately. */
    for_each_room(presence, sweep_room);
    /* A command failed although Redis is up: all are compared, and sent again where they differ. */
    if (presence->sync_needed) {
        presence->sync_needed = false;
        for_each_room(presence, presence_redis_sync_room);
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
    struct presence_view *view = value;
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
