#include "client/client.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/idmap.h"
#include "base/log.h"
#include "base/xalloc.h"
#include "event/serialize.h"
#include "net/handshake.h"

/* ---- counting sockets ---- */

bool client_open_room(struct client *client) {
    client->opened_room = true;
    return idmap_increment(&client->shared->open_rooms, client->room.id) == 1;
}

bool client_close_room(struct client *client) {
    client->opened_room = false;
    return idmap_decrement(&client->shared->open_rooms, client->room.id) == 0;
}

bool client_count_user(struct client *client) {
    struct clients *shared = client->shared;
    client->counted = true;
    return idmap_increment(&shared->users, client->user_id) <= shared->config->max_sockets_user;
}

/* ---- ending ---- */

/* Codes on the wire and the drops they are counted as. */
static const struct refusal {
    enum error error;
    unsigned close;
    enum metrics_drop drop;
    const char *code;
} REFUSALS[] = {
    {ERROR_UNAUTHENTICATED, SOCKET_CLOSE_AUTH, METRICS_DROP_AUTH, "unauthenticated"},
    {ERROR_FORBIDDEN, SOCKET_CLOSE_FORBIDDEN, METRICS_DROP_FORBIDDEN, "forbidden"},
    {ERROR_NOT_FOUND, SOCKET_CLOSE_NOT_FOUND, METRICS_DROP_NOT_FOUND, "not_found"},
    {ERROR_BAD_INPUT, SOCKET_CLOSE_BAD_SINCE, METRICS_DROP_BAD_SINCE, "bad_since"},
    {ERROR_RATE_LIMITED, SOCKET_CLOSE_POLICY, METRICS_DROP_LIMIT, "too_many_sockets"},
    {ERROR_UNAVAILABLE, SOCKET_CLOSE_TRY_LATER, METRICS_DROP_UNAVAILABLE, "unavailable"},
};

#define REFUSAL_COUNT (sizeof(REFUSALS) / sizeof(REFUSALS[0]))

void client_send_error(struct client *client, const char *code, const char *detail) {
    struct buffer json = BUFFER_EMPTY;
    struct json_writer w = json_writer_start(&json);
    if (!client->socket)
        return;
    json_write_object(&w);
    json_write_member_str(&w, "type", "error");
    json_write_member_str(&w, "code", code);
    json_write_member_str(&w, "detail", detail);
    json_write_object_end(&w);
    socket_send_text(client->socket, (struct text){json.data, json.len});
    buffer_free(&json);
}

void client_close(struct client *client, unsigned code, enum metrics_drop why) {
    if (client->state == SESSION_ENDED)
        return;
    client_stop_typing(client);
    client->state = SESSION_ENDED;
    if (client->socket)
        socket_close(client->socket, code, why);
}

void client_refuse(struct client *client, enum error error, const char *detail) {
    const struct refusal *refusal = &REFUSALS[REFUSAL_COUNT - 1];
    if (client->state == SESSION_ENDED)
        return;
    for (size_t i = 0; i < REFUSAL_COUNT; i++)
        if (REFUSALS[i].error == error)
            refusal = &REFUSALS[i];
    client_send_error(client, refusal->code, detail ? detail : error_detail(error));
    client_close(client, refusal->close, refusal->drop);
}

/* ---- channels ---- */

struct subscription *client_join(struct client *client, enum event_stream kind, uint64_t id) {
    struct subscription *subscription =
        channel_subscribe(client->shared->channels, kind, id, client);
    if (!subscription->channel->ready)
        client->pending++;
    return subscription;
}

void client_leave(struct client *client, struct subscription *subscription) {
    struct client_leaving *leaving = &client->shared->leaving;
    if (leaving->count == leaving->space) {
        leaving->space = leaving->space ? leaving->space * 2 : 16;
        leaving->subscriptions =
            xreallocarray(leaving->subscriptions, leaving->space, sizeof(*leaving->subscriptions));
    }
    subscription->live = false;
    subscription->client = NULL;
    leaving->subscriptions[leaving->count++] = subscription;
    if (!subscription->channel->ready)
        client_joined(client, subscription->channel); /* not waited for any more */
}

static void leave_now(struct client_leaving *leaving) {
    while (leaving->count > 0)
        channel_unsubscribe(leaving->subscriptions[--leaving->count]);
}

void client_tell_room(struct client *client, unsigned type) {
    struct buffer json = BUFFER_EMPTY;
    serialize_user_notice(&json, type, client->room.id, client->user_id,
                          text_of(client->user_name));
    const struct event_envelope envelope = {
        .type = type, .actor_id = client->user_id, .text = {json.data, json.len}};
    if (!pubsub_publish(client->shared->pubsub, client->room.id, &envelope))
        channels_notice(client->shared->channels, client->room.id, &envelope);
    buffer_free(&json);
}

/* ---- beginning and end ---- */

static void free_session(struct client *client) {
    struct clients *shared = client->shared;
    client_opening_free(client);
    if (client->notifications) {
        idmap_free(&client->rooms.left);
        idmap_free(&client->rooms.arriving);
    }
    if (client->counted)
        idmap_decrement(&shared->users, client->user_id);
    free(client);
}

void client_release(struct client *client) {
    if (!client->socket && client->pending_jobs == 0)
        free_session(client);
}

static struct client *on_opened(void *context, struct socket *socket,
                                const struct handshake *handshake) {
    struct clients *shared = context;
    struct client *client = xcalloc(1, sizeof(*client));
    client->shared = shared;
    client->socket = socket;
    client->notifications = handshake->notifications;
    if (!handshake->notifications)
        client->room.id = handshake->room_id;
    client->has_since = handshake->has_since;
    client->bad_since = handshake->has_since && !text_to_u64(handshake->since, &client->since);
    client->by_token = handshake->has_token;
    if ((handshake->has_token || handshake->has_cookie) &&
        secret_hash_key(handshake->key, client->key_hash))
        client_begin(client);
    else
        client_refuse(client, ERROR_UNAUTHENTICATED,
                      handshake->has_token ? "Invalid token." : NULL);
    return client;
}

static void leave_rooms(struct client *client) {
    if (client->notifications)
        client_unwatch_all(client);
    else if (client->room.subscription)
        client_leave(client, client->room.subscription);
    if (!client->notifications)
        client->room.subscription = NULL;
}

static void on_closed(struct client *client) {
    client->socket = NULL;
    client_close(client, 0, METRICS_DROP_COUNT);
    if (client->present)
        presence_socket_closed(client->shared->presence, client->room.id, client->user_id);
    client->present = false;
    if (client->opened_room && client_close_room(client))
        presence_room_closed(client->shared->presence, client->room.id);
    if (client->own)
        client_leave(client, client->own);
    client->own = NULL;
    leave_rooms(client);
    client_release(client);
}

const struct channels_callbacks *client_channels_callbacks(void) {
    static const struct channels_callbacks LISTENER = {
        client_joined, client_soon, client_events, client_notice, client_resync, client_room_gone,
    };
    return &LISTENER;
}

struct sockets_callbacks client_sockets_callbacks(struct clients *clients) {
    return (struct sockets_callbacks){clients, on_opened, client_message, on_closed};
}

void client_tick(struct clients *clients) {
    const int64_t now = clock_monotonic_ms();
    struct client *next;
    leave_now(&clients->leaving);
    for (struct client *client = clients->typing; client; client = next) {
        next = client->room.next_typing;
        if (client->room.typing_until_ms <= now)
            client_stop_typing(client);
    }
}
