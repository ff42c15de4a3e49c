/* /api/chat/rooms/: creating, reading, changing and deleting rooms; direct rooms; presence. Each
 * change is one transaction of store/rooms/room.c, which also writes the events; after it, the same
 * events are published here. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "bell_path.h"
#include "event/event.h"
#include "event/publish.h"
#include "event/serialize.h"
#include "handlers/handlers.h"
#include "limit.h"
#include "redis/redis_presence.h"
#include "rest/etag.h"
#include "rest/field.h"
#include "restriction.h"
#include "store/rooms/ban.h"

static const char TOO_MANY_ROOMS[] = "You are in too many rooms.";

/* ---- reading ---- */

/* With the address of the bell, if there is one, which is for this user only. */
static void send_room(void *context, const struct room *room) {
    struct exchange *x = context;
    struct json_writer w = json_writer_start(&x->response.body);
    bell_path_write_room(x, &w, room);
}

/* The same for users who may read the room without being members. Whether they may was read with
 * the identity. */
static void send_room_to_viewer(void *context, const struct room *room) {
    struct exchange *x = context;
    struct room shown = *room;
    shown.state.may_view = x->identity.room.may_view || x->identity.room.may_moderate;
    send_room(x, &shown);
}

enum error rooms_get(struct exchange *x) {
    /* One statement for token and room; if it finds nothing, the router serves the request
     * again. Saves a round trip for the commonest request of a client that has a token. */
    if (x->auth_pending) {
        bool found;
        const enum error error = room_get_by_token(x->service->db, x->token_hash, x->ids[0],
                                                   &x->identity, &found, send_room, x);
        exchange_end_pending(x, error, found);
        if (x->has_identity)
            etag_set_room(x, &x->identity.room);
        return error;
    }
    /* The state came with the identity: a client that has this version gets 304 without another
     * query. */
    if (etag_set_room(x, &x->identity.room))
        return ERROR_NONE;
    return room_get(x->service->db, x->ids[0], x->identity.user.id, send_room_to_viewer, x);
}

/* Visits the profile of one user who is online. */
static void write_online(void *context, const struct profile *profile) {
    serialize_online(context, profile);
}

/* The users who are online, from Redis, or only their number; without Redis the list is empty. */
enum error rooms_presence(struct exchange *x) {
    const struct room_state *state = &x->identity.room;
    /* From some number of members on only a count is kept: presence_members. */
    const bool is_counted = room_state_is_counted(state, x->service->config->presence_members);
    uint64_t *ids = NULL, online = 0;
    size_t count = 0;
    enum error error = restriction_check_hidden(x);
    if (error)
        return error;
    struct json_writer w = json_writer_start(&x->response.body);
    json_write_object(&w);
    json_write_key(&w, "online");
    json_write_array(&w);
    /* The request does not fail if Redis is unavailable. */
    if (is_counted)
        redis_presence_count(x->service->redis, x->ids[0], &online);
    else if (redis_presence_read(x->service->redis, x->ids[0], &ids, &count) && count > 0)
        error = profile_list_active(x->service->db, ids, count, write_online, &w);
    json_write_array_end(&w);
    if (is_counted)
        json_write_member_u64(&w, "online_count", online);
    json_write_object_end(&w);
    free(ids);
    return error;
}

/* ---- changing ---- */

/* Publishes an event of the own stream of a user, and frees its JSON. */
static void publish_to_user(struct exchange *x, uint64_t user_id, unsigned type, uint64_t seq,
                            uint64_t room_id, struct buffer *json) {
    publish_user_event(x->service->redis, publisher_of(x), user_id, type, seq, x->identity.user.id,
                       x->identity.user.name, room_id, (struct text){json->data, json->len});
    buffer_free(json);
}

static void publish_created(struct exchange *x, const struct room *room, uint64_t seq) {
    struct buffer json = BUFFER_EMPTY;
    serialize_room_created(&json, seq, room->state.room_id, room, x->identity.user.name);
    publish_to_user(x, x->identity.user.id, EVENT_ROOM_CREATED, seq, room->state.room_id, &json);
}

enum error rooms_create(struct exchange *x) {
    /* All fields are read first, so that all errors are reported. */
    struct room_change change;
    struct room room = {0};
    bool is_private = true;
    /* Private unless the request says otherwise. */
    field_text(x, "name", &room.name);
    field_bool(x, "is_private", &is_private);
    if (!field_errors_none(&x->field_errors))
        return ERROR_BAD_INPUT;
    enum error error = limit_take_user(x, LIMIT_ROOMS, x->identity.user.id);
    if (error)
        return error;
    /* Room, membership and event in one transaction; which also checks the limit of rooms. */
    error = room_create(x->service->db, x->identity.user.id, room.name, is_private,
                        x->service->config->max_rooms_user, &change);
    /* No room was made: it does not count. */
    if (error)
        limit_give_back_user(x, LIMIT_ROOMS, x->identity.user.id);
    if (error == ERROR_FORBIDDEN)
        return exchange_fail(x, error, CODE_TOO_MANY_ROOMS, TOO_MANY_ROOMS);
    if (error)
        return error;
    /* A new room is known without reading it: its creator is its only member, and admin. */
    room.created_by_id = x->identity.user.id;
    room.state = (struct room_state){.exists = true,
                                     .is_private = is_private,
                                     .is_member = true,
                                     .is_admin = true,
                                     .role = ROLE_ADMIN,
                                     .members_visible = true,
                                     .room_id = change.room_id,
                                     .members_count = 1,
                                     .created_at = change.at};
    send_room(x, &room);
    x->response.status = 201;
    publish_created(x, &room, change.actor_seq);
    return ERROR_NONE;
}

/* A direct room that was created or found. The user gets room_created, the other user an invitation
 * to a room with the name of the user. */
struct direct {
    struct exchange *x;
    uint64_t other_id;
    struct room_change change;
};

/* The direct room with another user, which was found or made, and the events of it for both. */
static void send_direct(void *context, const struct room *room) {
    const struct direct *direct = context;
    struct exchange *x = direct->x;
    struct buffer json = BUFFER_EMPTY;
    send_room(x, room);
    /* It existed: 200. If it was hidden, opening it shows it again, and the user's devices get an
     * event. */
    if (!direct->change.changed) {
        if (direct->change.actor_seq) {
            serialize_preferences_changed(&json, direct->change.actor_seq, room->state.room_id,
                                          &room->state.view);
            publish_to_user(x, x->identity.user.id, EVENT_PREFERENCES_CHANGED,
                            direct->change.actor_seq, room->state.room_id, &json);
        }
        return;
    }
    x->response.status = 201;
    /* room_created for the user, an invitation for the other user. */
    publish_created(x, room, direct->change.actor_seq);
    /* Seen from the other side the room has the name of this user. */
    const struct text name = text_of(x->identity.user.name);
    serialize_room_invitation(&json, direct->change.other_seq, room->state.room_id, &name,
                              x->identity.user.name);
    publish_to_user(x, direct->other_id, EVENT_ROOM_INVITATION, direct->change.other_seq,
                    room->state.room_id, &json);
}

/* Finds the direct room or creates it. Only a new one is an invitation, and counts as one. */
static enum error find_or_create(struct exchange *x, struct direct *direct) {
    struct db *db = x->service->db;
    const uint64_t user_id = x->identity.user.id;
    /* Without a write first: opening an existing room is the usual case. Both orders of the two
     * users find the same room: it is stored with the lower id first. */
    enum error error = room_find_direct(db, user_id, direct->other_id, &direct->change);
    if (error != ERROR_NOT_FOUND)
        return error;
    error = limit_take_user(x, LIMIT_INVITATIONS, user_id);
    if (error)
        return error;
    /* The unique key of the pair decides between two requests at the same time: one makes the
     * room, the other finds it. direct_from = shared_room: only users who share a room may
     * write to each other. */
    error = room_direct(db, user_id, direct->other_id, x->service->config->max_rooms_user,
                        x->service->config->direct_from == CONFIG_SHARED_ROOM, &direct->change);
    /* No new room was made, perhaps because another request made it first: nothing to count. */
    if (error || !direct->change.changed)
        limit_give_back_user(x, LIMIT_INVITATIONS, user_id);
    /* A block and no shared room are both ERROR_NOT_ALLOWED: the answer does not tell which. */
    return error == ERROR_FORBIDDEN ? exchange_fail(x, error, CODE_TOO_MANY_ROOMS, TOO_MANY_ROOMS)
                                    : error;
}

enum error rooms_direct(struct exchange *x) {
    struct direct direct = {.x = x};
    field_id(x, "user_id", &direct.other_id);
    if (!field_errors_none(&x->field_errors))
        return ERROR_BAD_INPUT;
    enum error error = find_or_create(x, &direct);
    /* The other user may be disabled by a ban that is over by now. */
    if (error == ERROR_BAD_INPUT && ban_end_due(x->service->db, direct.other_id))
        error = find_or_create(x, &direct);
    /* The store refuses both with the same number: the user itself, and one who does not exist
     * or is disabled. */
    if (error == ERROR_BAD_INPUT) {
        if (direct.other_id == x->identity.user.id)
            field_errors_add(&x->field_errors, "user_id", CODE_OWN_USER,
                             "A direct room needs another user.");
        else
            field_errors_add_missing(&x->field_errors, "user_id", direct.other_id);
    }
    if (error)
        return error;
    return room_get(x->service->db, direct.change.room_id, x->identity.user.id, send_direct,
                    &direct);
}

struct update {
    struct exchange *x;
    struct room_change change;
};

/* Answers with the changed room, and publishes it. */
static void send_updated(void *context, const struct room *room) {
    const struct update *update = context;
    struct exchange *x = update->x;
    send_room(x, room);
    if (!update->change.changed)
        return;
    /* The event shows the room without what is only this user's. */
    const struct room_event event = room_event_of(x, EVENT_ROOM_UPDATED, update->change.seq, 0);
    publish_room_event(x->service->redis, publisher_of(x), &event, room);
}

/* A number of days, or null; at most that of the site. */
static void read_retention(struct exchange *x, struct room_patch *patch) {
    /* 0: the site has no limit, and a room may keep its messages forever. */
    const uint64_t most = x->service->config->message_retention;
    patch->has_retention = field_is_null(x, "retention_days") ||
                           field_number(x, "retention_days", &patch->retention_days);
    if (patch->has_retention && most > 0 && patch->retention_days > most)
        field_errors_add(&x->field_errors, "retention_days", CODE_MAX_VALUE,
                         "Ensure this value is less than or equal to %" PRIu64 ".", most);
}

/* What the room allows. Words are checked by the rules of the fields, so that the conversions
 * cannot fail. */
static void read_rules(struct exchange *x, struct room_patch *patch) {
    struct text policy;
    field_text(x, "topic", &patch->topic);
    patch->has_policy = field_text(x, "post_policy", &policy);
    if (patch->has_policy)
        patch->post_policy = post_policy_of(policy);
    patch->has_slow = field_number(x, "slow_seconds", &patch->slow_seconds);
    patch->has_archived = field_bool(x, "is_archived", &patch->is_archived);
    patch->has_visible = field_bool(x, "members_visible", &patch->members_visible);
    patch->has_live = field_bool(x, "is_live", &patch->is_live);
    struct text history, guests;
    patch->has_history = field_text(x, "history", &history);
    if (patch->has_history)
        patch->history = room_history_of(history);
    patch->has_guests = field_text(x, "guests", &guests);
    if (patch->has_guests)
        patch->guests = room_guests_of(guests);
    patch->has_open = field_bool(x, "is_open", &patch->is_open);
    read_retention(x, patch);
}

enum error rooms_update(struct exchange *x) {
    struct update update = {.x = x};
    struct room_patch patch = {0};
    struct text may_pin;
    /* Missing fields stay as they are: name has no pointer, has_private is false. */
    field_text(x, "name", &patch.name);
    patch.has_private = field_bool(x, "is_private", &patch.is_private);
    patch.has_may_pin = field_text(x, "may_pin", &may_pin);
    if (patch.has_may_pin)
        patch.may_pin = text_equals(may_pin, text_of(room_may_pin_name(ROOM_PINS_OF_ALL)))
                            ? ROOM_PINS_OF_ALL
                            : ROOM_PINS_OF_ADMINS;
    read_rules(x, &patch);
    if (!field_errors_none(&x->field_errors))
        return ERROR_BAD_INPUT;
    /* A change is an event of the room, also if it turns out to change nothing. */
    enum error error = limit_take_user(x, LIMIT_MESSAGES, x->identity.user.id);
    if (!error)
        error = room_update(x->service->db, x->ids[0], x->identity.user.id, &patch, &update.change);
    if (error)
        return error;
    /* Read back, with its counters, for the response and the event. */
    return room_get(x->service->db, x->ids[0], x->identity.user.id, send_updated, &update);
}

/* Its rows are removed by housekeeping, in slices; for users it is gone with the transaction. */
enum error rooms_delete(struct exchange *x) {
    struct buffer streams = BUFFER_EMPTY;
    const enum error error =
        room_delete(x->service->db, x->ids[0], x->identity.user.id, false, &streams);
    /* Published once the room is gone: each member's stream, and the room's sockets. */
    if (!error) {
        publish_room_deleted(x->service->redis, publisher_of(x), x->ids[0], x->identity.user.id,
                             x->identity.user.name, (struct text){streams.data, streams.len});
        x->response.status = 204;
    }
    buffer_free(&streams);
    return error;
}
