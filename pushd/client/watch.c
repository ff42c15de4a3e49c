/*
 * watch: the way of a client into a room, and out of it. A room socket has one watch, for as long
 * as it is open; a notifications client begins and ends watches as it likes.
 *
 * The order matters, as it does for the client itself (client_open.c): first the channel is
 * subscribed to and Redis confirms it; then the database says whether the user may enter, and
 * the head of the stream; then missed events are replayed (client_replay.c), and live events
 * follow.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/array.h"
#include "base/idmap.h"
#include "base/xalloc.h"
#include "client/client_private.h"

/* How often positions are read when streams keep advancing during the read. */
#define MAX_READS 5

/* ---- the end ---- */

static void free_opening(struct watch *watch) {
    client_opening_free(watch->opening);
    watch->opening = NULL;
}

void watch_release(struct watch *watch) {
    if (--watch->holds > 0 || watch->state != WATCH_ENDED)
        return;
    free_opening(watch);
    free(watch);
}

/* Ends what the watch counts for in presence: first the user, then, with the last watch of it, the
 * room. */
static void leave_presence(struct watch *watch) {
    struct clients *clients = watch->client->clients;
    const uint64_t room_id = watch->room_id, user_id = watch->client->user_id;
    struct idmap *rooms = watch->is_counted ? &clients->counted_rooms : &clients->open_rooms;
    if (watch->present && watch->is_counted)
        online_count_remove(clients->online_counts, room_id, user_id);
    else if (watch->present)
        presence_socket_closed(clients->presence, room_id, user_id);
    if (watch->opened_room && idmap_decrement(rooms, room_id) == 0) {
        if (watch->is_counted)
            online_count_close(clients->online_counts, room_id);
        else
            presence_room_closed(clients->presence, room_id);
    }
    watch->present = watch->opened_room = false;
}

/* All but taking it out of the client's map. */
static void drop(struct watch *watch) {
    /* Held, since what follows may lead back here. */
    watch->holds++;
    client_stop_typing(watch);
    watch->state = WATCH_ENDED;
    leave_presence(watch);
    /* NULL for room 0. */
    if (watch->subscription)
        client_unsubscribe(watch->subscription);
    watch->subscription = NULL;
    watch_release(watch);
}

void watch_end(struct watch *watch) {
    struct client *client = watch->client;
    if (watch->state == WATCH_ENDED)
        return;
    /* Out of the client, so that it is not found any more. */
    if (client->notifications)
        idmap_remove(&client->rooms.watches, watch->room_id);
    else
        client->room = NULL;
    drop(watch);
}

static void drop_each(void *context, uint64_t room_id, void *watch) {
    (void)context;
    (void)room_id;
    drop(watch);
}

void watch_end_all(struct client *client) {
    if (!client->notifications) {
        if (client->room)
            watch_end(client->room);
        return;
    }
    /* The map must not change while it is walked, so it is freed as a whole afterwards. */
    idmap_each(&client->rooms.watches, drop_each, NULL);
    idmap_free(&client->rooms.watches);
}

void watch_close(struct watch *watch, unsigned code, enum metrics_drop why) {
    /* The watch of a room socket ends when that is gone. */
    if (watch->client->notifications)
        watch_end(watch);
    else
        client_close(watch->client, code, why);
}

void watch_refuse(struct watch *watch, enum error error, const char *detail) {
    struct client *client = watch->client;
    char room_id[24];
    /* Invalid credentials end the whole client; any other error only this watch. */
    if (!client->notifications || error == ERROR_UNAUTHENTICATED) {
        client_refuse(client, error, detail);
        return;
    }
    snprintf(room_id, sizeof(room_id), "%" PRIu64, watch->room_id);
    client_send_error(client, text_of(room_id), client_error_code(client, error),
                      detail ? detail : error_detail(error));
    watch_end(watch);
}

struct watch *watch_find(const struct client *client, uint64_t room_id) {
    if (client->notifications)
        return idmap_get(&client->rooms.watches, room_id);
    return client->room && client->room->room_id == room_id ? client->room : NULL;
}

/* ---- presence ---- */

/* Whether the online list of the room, or the number, is known; if not, client_presence_ready
 * follows. */
static bool presence_is_known(struct watch *watch) {
    struct clients *clients = watch->client->clients;
    if (watch->is_visitor)
        return true;
    /* Several clients may watch the room; the first one opens it, and the last one closes it. */
    if (!watch->opened_room)
        idmap_increment(watch->is_counted ? &clients->counted_rooms : &clients->open_rooms,
                        watch->room_id);
    watch->opened_room = true;
    return watch->is_counted ? online_count_open(clients->online_counts, watch->room_id)
                             : presence_room_opened(clients->presence, watch->room_id);
}

/* A room that is too large for lists is only counted. */
static void enter_presence(struct watch *watch) {
    struct client *client = watch->client;
    struct clients *clients = client->clients;
    const uint64_t room_id = watch->room_id;
    watch->present = true;
    if (watch->is_counted)
        online_count_add(clients->online_counts, room_id, client->user_id,
                         idmap_counter(&clients->counted_rooms, room_id) == 1);
    else
        presence_socket_opened(clients->presence, room_id, client->user_id,
                               text_of(client->user_name));
}

void watch_join(struct watch *watch) {
    if (watch->is_viewer)
        watch->may_write = true;
    watch->is_viewer = watch->is_visitor = false;
    if (watch->state != WATCH_CONNECTED || watch->present)
        return;
    /* A visitor's socket did not open the room; the list of users it was sent is empty. */
    presence_is_known(watch);
    enter_presence(watch);
}

/* Presence in the room is a number from now on: takes a watch out of the list of users online, and
 * counts it. */
static void count_watch(struct subscription *subscription) {
    struct watch *watch = subscription->watch;
    if (!watch || watch->is_counted || watch->state == WATCH_ENDED)
        return;
    const bool was_open = watch->opened_room, was_present = watch->present;
    client_stop_typing(watch);
    leave_presence(watch);
    watch->is_counted = true;
    const bool is_known = was_open && presence_is_known(watch);
    if (was_present)
        enter_presence(watch);
    else if (is_known && watch->state == WATCH_WAITING_PRESENCE)
        watch_advance(watch);
}

/* ---- what the database says ---- */

/* Ends a job that queried the identity, and checks in the order of docs/api-notes.md: the
 * credentials, whether the room exists, whether the user may enter it, and whether `since` is
 * valid. Returns the watch, or NULL if it was refused or has ended. */
static struct watch *end_authentication(struct client_job *job) {
    struct watch *watch = job->watch;
    const struct identity identity = job->identity;
    enum error error = job->error;
    /* From here on the job is freed. */
    if (!client_job_end(job))
        return NULL;
    const char *detail = client_job_detail(watch->client, error, &identity);
    if (!error)
        error = room_state_may_read(&identity.room);
    /* Last, since an error about a number must not reveal that a room exists. */
    if (!error && watch->opening->bad_since) {
        error = ERROR_BAD_INPUT;
        detail = "since must be a whole number.";
    }
    if (error) {
        watch_refuse(watch, error, detail);
        return NULL;
    }
    watch->moderates = identity.room.may_moderate;
    watch->hides_members = !identity.room.members_visible;
    watch->is_archived = identity.room.is_archived;
    watch->first_position = identity.room.first_position;
    watch->of_site = identity.user.is_moderator && watch->moderates;
    watch->silenced_until = identity.room.silenced_until;
    watch->may_write = identity.room.role > ROLE_READER || watch->moderates;
    watch->is_viewer = identity.room.may_view && !watch->moderates;
    watch->is_guest = identity.user.is_guest;
    watch->is_visitor = watch->is_viewer && (watch->client->is_anonymous || !identity.room.is_live);
    watch->opening->identity = identity;
    /* The room has grown, or is live, since the first sockets to it were opened. It stays counted
     * for those that are open. */
    if (!room_state_is_counted(&identity.room, watch->client->clients->config->presence_members))
        return watch;
    /* Held, since what sockets are sent may close them. */
    watch->holds++;
    channels_each_subscriber(watch->client->clients->channels, watch->room_id, count_watch);
    const bool has_ended = watch->state == WATCH_ENDED;
    watch_release(watch);
    return has_ended ? NULL : watch;
}

/* The position was read again. */
static void on_read(void *context) {
    struct watch *watch = end_authentication(context);
    if (!watch)
        return;
    watch->state = WATCH_WAITING_PRESENCE;
    watch_advance(watch);
}

/* Begins to read the position from which events are sent, some times at most. */
static void read_position(struct watch *watch) {
    struct client_opening *opening = watch->opening;
    /* The streams advance faster than they are read: the client tries again later. */
    if (opening->reads++ == MAX_READS) {
        watch_refuse(watch, ERROR_UNAVAILABLE, NULL);
        return;
    }
    watch->state = WATCH_READING;
    /* The query is sent in this iteration; see first_answer_is_valid. */
    opening->queried_iteration = channels_iteration(watch->client->clients->channels);
    client_job_authenticate(watch->client, watch, on_read);
}

/* ---- connecting ---- */

/* True when the first answer of the database can be used: the channels were confirmed before it
 * was queried. */
static bool first_answer_is_valid(const struct watch *watch) {
    const uint64_t queried_iteration = watch->opening->queried_iteration;
    const struct subscription *own = watch->client->own;
    return watch->subscription->channel->ready_iteration < queried_iteration &&
           (!own || own->channel->ready_iteration < queried_iteration);
}

/* ---- the profiles of `online` ---- */

struct ids {
    uint64_t *list;
    size_t count, space;
};

static void add_id(void *context, uint64_t user_id, struct text name) {
    struct ids *ids = context;
    (void)name;
    ids->list = array_reserve(ids->list, &ids->space, ids->count + 1, sizeof(*ids->list));
    ids->list[ids->count++] = user_id;
}

/* The profiles of the users online were read. */
static void on_profiles(void *context) {
    struct watch *watch = context;
    if (watch->state == WATCH_ENDED) {
        watch_release(watch);
        return;
    }
    watch->holds--; /* of the request; it is in its client's map */
    watch->opening->profiles = CLIENT_PROFILES_READ;
    watch_advance(watch);
}

/* Whether the profiles of the users online are read; if not, on_profiles follows. */
static bool profiles_are_known(struct watch *watch) {
    struct client_opening *opening = watch->opening;
    const struct clients *clients = watch->client->clients;
    struct ids ids = {0};
    if (watch->is_counted || watch->is_visitor)
        return true;
    if (opening->profiles != CLIENT_PROFILES_UNREAD)
        return opening->profiles == CLIENT_PROFILES_READ;
    /* The user itself is about to be one of them. */
    presence_online(clients->presence, watch->room_id, add_id, &ids);
    add_id(&ids, watch->client->user_id, text_of(""));
    const bool is_read =
        !online_profiles_read(clients->online_profiles, ids.list, ids.count, on_profiles, watch);
    opening->profiles = is_read ? CLIENT_PROFILES_READ : CLIENT_PROFILES_READING;
    if (!is_read)
        watch->holds++;
    free(ids.list);
    return is_read;
}

/* ---- connected ---- */

/* Sends `connected` and missed events, and lets live events in. */
static void connect_watch(struct watch *watch) {
    struct client *client = watch->client;
    const uint64_t own_seq = watch->opening->identity.last_seq;
    /* A room socket takes its place of max_sockets now; a notifications client has one already. */
    if (!client->notifications && !client_admit(client))
        return;
    /* Before the greeting, whose `online` includes the user. Presence is that of members. */
    if (!watch->is_viewer)
        enter_presence(watch);
    watch->state = WATCH_CONNECTED;
    watch->admitted_seq = watch->opening->identity.room.last_seq;
    /* A room socket becomes connected with its watch. */
    if (!client->notifications) {
        client->state = CLIENT_CONNECTED;
        client->effective_seq = own_seq;
    }
    client_greet(client, watch, watch->admitted_seq);
    /* An event that was just delivered may have closed the client. */
    if (!client->notifications && client->own && client->state == CLIENT_CONNECTED)
        client_catch_up(client->own, own_seq);
    free_opening(watch);
    if (!client->notifications)
        client_connected(client);
}

/* Starts the streams and connects. A room socket reads again if the user's own stream has advanced
 * beyond what is in memory since it was read. */
static void start(struct watch *watch) {
    const struct identity *identity = &watch->opening->identity;
    struct subscription *own = watch->client->own;
    /* No effect on a stream that has started already. */
    stream_start(&watch->subscription->channel->stream, identity->room.last_seq);
    if (!own) {
        connect_watch(watch);
        return;
    }
    struct stream *own_stream = &own->channel->stream;
    stream_start(own_stream, identity->last_seq);
    /* A notifications client follows its own stream anyway. */
    if (own->live || own->behind || stream_reaches(own_stream, identity->last_seq))
        connect_watch(watch);
    else
        read_position(watch);
}

void watch_advance(struct watch *watch) {
    if (watch->client->state == CLIENT_CLOSED)
        return;
    /* Both channels must be confirmed before the database is read; if that was not so at the first
     * query, it is read again. */
    if (watch->state == WATCH_WAITING_CHANNEL) {
        const struct subscription *own = watch->client->own;
        if (!watch->subscription->channel->ready || (own && !own->channel->ready))
            return;
        if (!first_answer_is_valid(watch)) {
            read_position(watch);
            return;
        }
        watch->state = WATCH_WAITING_PRESENCE;
    }
    if (watch->state != WATCH_WAITING_PRESENCE || !presence_is_known(watch) ||
        !profiles_are_known(watch))
        return;
    /* Events that are handed out now may end the watch. */
    watch->holds++;
    channels_flush(watch->client->clients->channels);
    if (watch->state == WATCH_WAITING_PRESENCE && watch->client->state != CLIENT_CLOSED)
        start(watch);
    watch_release(watch);
}

/* Identity and room were queried, together. */
static void on_first_answer(void *context) {
    struct watch *watch = end_authentication(context);
    if (!watch)
        return;
    struct client *client = watch->client;
    /* The user of a room socket is known only now. */
    if (!client->notifications && !client_identify(client, &watch->opening->identity))
        return;
    watch->state = WATCH_WAITING_CHANNEL;
    watch_advance(watch);
}

void watch_begin(struct client *client, uint64_t room_id, bool has_since, bool bad_since,
                 uint64_t since) {
    struct watch *watch = xcalloc(1, sizeof(*watch));
    watch->client = client;
    watch->room_id = room_id;
    watch->opening = client_opening_new(has_since, bad_since, since);
    if (client->notifications)
        idmap_put(&client->rooms.watches, room_id, watch);
    else
        client->room = watch;
    /* 0 is a room that does not exist: it is refused by the answer of the database. */
    if (room_id)
        watch->subscription = client_subscribe(client, EVENT_STREAM_ROOM, room_id, watch);
    /* Subscribed and queried at once: if the channel is confirmed already, no second query is
     * needed. */
    watch->opening->queried_iteration = channels_iteration(client->clients->channels);
    client_job_authenticate(client, watch, on_first_answer);
}
