/* Bringing a view in line with Redis: the commands enter and leave, and reading a room. A command
 * may be answered before the function that sends it returns, if there is no connection. */
#include <stdlib.h>

#include "base/xalloc.h"
#include "presence/presence_private.h"

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

/* ---- entering and leaving in Redis ---- */

/* The reply to enter or leave, or ok = false if Redis did not answer. The entry exists: it is kept
 * while replies are pending. */
static void on_command_reply(void *context, bool ok, bool only_here, uint64_t logical_time) {
    const struct request request = *(struct request *)context;
    struct presence *presence = request.presence;
    struct presence_entry *entry = presence_entry_find(presence, request.room_id, request.user_id);
    const bool was_online = presence_entry_is_online(entry);
    free(context);
    entry->pending_replies--;
    /* The only source for this: nothing is published of what other pushd processes do with a
     * user that this one has. */
    if (!ok)
        presence->sync_needed = true;
    else if (presence_view_find(presence, request.room_id)->open)
        presence_entry_set_remote(entry, logical_time, !only_here);
    /* Replies come in the order of the commands, so only the last one says what Redis has now. */
    if (entry->pending_replies == 0) {
        if (ok)
            entry->in_redis = entry->leave_sent_last ? NOT_IN_REDIS : IN_REDIS;
        entry->leaving = false;
    }
    presence_notify_if_changed(presence, request.room_id, request.user_id, was_online);
}

/* Has Redis enter the user, with this process. */
static void enter(struct presence *presence, uint64_t room_id, uint64_t user_id) {
    const struct presence_hooks *hooks = presence->hooks;
    struct presence_entry *entry = presence_entry_find(presence, room_id, user_id);
    /* Before the command, which may be answered at once if there is no connection. */
    entry->pending_replies++;
    entry->in_redis = MAYBE_IN_REDIS;
    entry->leave_sent_last = false;
    hooks->enter(hooks->pubsub, room_id, user_id, presence_entry_name(entry), on_command_reply,
                 new_request(presence, room_id, user_id, 0));
}

void presence_redis_leave(struct presence *presence, uint64_t room_id, uint64_t user_id) {
    const struct presence_hooks *hooks = presence->hooks;
    struct presence_entry *entry = presence_entry_find(presence, room_id, user_id);
    /* Before the command, as in `enter`. */
    entry->pending_replies++;
    entry->in_redis = MAYBE_IN_REDIS;
    entry->leave_sent_last = true;
    hooks->leave(hooks->pubsub, room_id, user_id, presence_entry_name(entry), on_command_reply,
                 new_request(presence, room_id, user_id, 0));
}

void presence_redis_sync_user(struct presence *presence, uint64_t room_id, uint64_t user_id) {
    const struct presence_entry *entry = presence_entry_find(presence, room_id, user_id);
    /* presence_redis_state calls this again for all users when Redis is up. */
    if (!presence->redis_up)
        return;
    /* MAYBE_IN_REDIS is sent again: both commands may be repeated. */
    if (presence_entry_is_local(entry) && entry->in_redis != IN_REDIS)
        enter(presence, room_id, user_id);
    else if (!presence_entry_is_local(entry) && !entry->leaving && entry->in_redis != NOT_IN_REDIS)
        presence_redis_leave(presence, room_id, user_id);
}

void presence_redis_sync_room(struct presence *presence, uint64_t room_id) {
    const struct presence_keys users =
        presence_keys_of(&presence_view_find(presence, room_id)->entries);
    /* Walks a copy, since replies may come at once. */
    for (size_t i = 0; i < users.count; i++)
        presence_redis_sync_user(presence, room_id, users.keys[i]);
    free(users.keys);
}

/* ---- reading a room ---- */

/* The view that a reply belongs to; NULL if the room was closed or read again since. */
static struct presence_view *reading_view(const struct request *request) {
    struct presence_view *view = presence_view_find(request->presence, request->room_id);
    return view && view->reading && view->reading_number == request->reading_number ? view : NULL;
}

/* One user of the reply to a read: another pushd has it. */
static void on_read_user(void *context, uint64_t logical_time, uint64_t user_id, struct text name) {
    const struct request *request = context;
    struct presence_view *view = reading_view(request);
    struct presence_entry *entry = view ? presence_entry_get(view, user_id, name) : NULL;
    /* The room was closed or read again, or the name is not one of confab. */
    if (!entry)
        return;
    const bool was_online = presence_entry_is_online(entry);
    presence_entry_set_remote(entry, logical_time, true);
    presence_notify_if_changed(request->presence, request->room_id, user_id, was_online);
}

/* After a complete read: no other pushd has the users that it did not return. */
static void clear_unlisted(struct presence *presence, uint64_t room_id, uint64_t logical_time) {
    struct presence_view *view = presence_view_find(presence, room_id);
    const struct presence_keys users = presence_keys_of(&view->entries);
    /* Older notices are in this reply already. */
    view->logical_time = logical_time;
    for (size_t i = 0; i < users.count; i++) {
        struct presence_entry *entry = presence_entry_find(presence, room_id, users.keys[i]);
        const bool was_online = presence_entry_is_online(entry);
        /* A notice that came meanwhile may be later than the read. */
        if (entry->logical_time < logical_time)
            presence_entry_set_remote(entry, logical_time, false);
        presence_notify_if_changed(presence, room_id, users.keys[i], was_online);
    }
    free(users.keys);
}

/* The end of a read: users that it did not name are gone, and the view is ready. */
static void on_read_end(void *context, bool ok, uint64_t logical_time) {
    const struct request request = *(struct request *)context;
    struct presence *presence = request.presence;
    struct presence_view *view = reading_view(&request);
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
        presence->reread_at_ms = presence->hooks->now_ms() + PRESENCE_RECONNECT_MS;
    if (reread && presence->redis_up)
        presence_redis_read(presence, request.room_id, reread_complete);
    /* After the second read was sent: clients need not wait for that one. */
    presence_view_mark_ready(presence, request.room_id);
}

void presence_redis_read(struct presence *presence, uint64_t room_id, bool complete) {
    const struct presence_hooks *hooks = presence->hooks;
    struct presence_view *view = presence_view_find(presence, room_id);
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
