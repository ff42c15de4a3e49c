/*
 * client: creating and closing clients, and connecting the parts that they use.
 *
 * A client lives from the handshake (on_opened) until its socket is gone (on_closed) and its last
 * database job has ended (client_release). Between the two it may be CLOSED for a while: the socket
 * is still sending its last frames, and nothing is done for the client any more. Subscriptions are
 * dropped one tick later, since a channel may be walked at the moment.
 */
#include "client/client.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/xalloc.h"
#include "client/client_private.h"
#include "event/serialize.h"
#include "net/handshake.h"

/* ---- closing ---- */

/* The error codes on the wire, and the counter each one adds to. */
static const struct refusal {
    enum error error;
    unsigned close_code;
    enum metrics_drop drop;
    enum error_code code;
} REFUSALS[] = {
    {ERROR_UNAUTHENTICATED, SOCKET_CLOSE_AUTH, METRICS_DROP_AUTH, CODE_UNAUTHENTICATED},
    {ERROR_FORBIDDEN, SOCKET_CLOSE_FORBIDDEN, METRICS_DROP_FORBIDDEN, CODE_FORBIDDEN},
    {ERROR_BANNED, SOCKET_CLOSE_BANNED, METRICS_DROP_FORBIDDEN, CODE_BANNED},
    {ERROR_NOT_FOUND, SOCKET_CLOSE_NOT_FOUND, METRICS_DROP_NOT_FOUND, CODE_NOT_FOUND},
    {ERROR_BAD_INPUT, SOCKET_CLOSE_BAD_SINCE, METRICS_DROP_BAD_SINCE, CODE_BAD_SINCE},
    {ERROR_RATE_LIMITED, SOCKET_CLOSE_POLICY, METRICS_DROP_LIMIT, CODE_TOO_MANY_SOCKETS},
    {ERROR_UNAVAILABLE, SOCKET_CLOSE_TRY_LATER, METRICS_DROP_UNAVAILABLE, CODE_UNAVAILABLE},
};

#define REFUSAL_COUNT (sizeof(REFUSALS) / sizeof(REFUSALS[0]))

void client_send_error(struct client *client, struct text room_id, enum error_code code,
                       const char *detail) {
    if (!client->socket)
        return;
    struct buffer json = BUFFER_EMPTY;
    struct json_writer w = json_writer_start(&json);
    json_write_object(&w);
    json_write_member_str(&w, "type", "error");
    /* The number as the client wrote it, which is valid JSON. */
    if (room_id.len > 0) {
        json_write_key(&w, "room_id");
        json_write_raw(&w, room_id.at, room_id.len);
    }
    json_write_member_str(&w, "code", error_code_word(code));
    json_write_member_str(&w, "detail", detail);
    json_write_object_end(&w);
    socket_send_text(client->socket, (struct text){json.data, json.len});
    buffer_free(&json);
}

static void stop_typing(void *context, uint64_t room_id, void *watch) {
    (void)context;
    (void)room_id;
    client_stop_typing(watch);
}

void client_close(struct client *client, unsigned code, enum metrics_drop why) {
    if (client->state == CLIENT_CLOSED)
        return;
    client->state = CLIENT_CLOSED;
    client_replay_stop(client);
    /* Once it is closed: without Redis this hands out notices, and events before them, which must
     * not end other watches of the client while they are walked. */
    if (client->notifications)
        idmap_each(&client->rooms.watches, stop_typing, NULL);
    else if (client->room)
        client_stop_typing(client->room);
    if (client->socket)
        socket_close(client->socket, code, why);
}

/* An error without a row is reported as the last one, "unavailable". */
static const struct refusal *refusal_of(enum error error) {
    const struct refusal *refusal = &REFUSALS[REFUSAL_COUNT - 1];
    for (size_t i = 0; i < REFUSAL_COUNT; i++)
        if (REFUSALS[i].error == error)
            refusal = &REFUSALS[i];
    return refusal;
}

enum error_code client_error_code(const struct client *client, enum error error) {
    const bool is_disabled = error == ERROR_UNAUTHENTICATED && client->is_disabled;
    return is_disabled ? CODE_USER_INACTIVE : refusal_of(error)->code;
}

/* What is wrong with an API key that is valid; false if nothing is. */
static bool explain_key(const struct client *client, enum error_code *code, const char **detail) {
    const enum api_key_refusal refusal =
        client->acting ? client->acting->refusal : API_KEY_ACCEPTED;
    if (refusal == API_KEY_ACCEPTED)
        return false;
    *code = refusal == API_KEY_WRONG_ADDRESS ? CODE_KEY_ADDRESS : CODE_KEY_NEEDS_USER;
    *detail = api_key_refusal_detail(refusal);
    return true;
}

void client_refuse(struct client *client, enum error error, const char *detail) {
    if (client->state == CLIENT_CLOSED)
        return;
    const struct refusal *refusal = refusal_of(error);
    enum error_code code = client_error_code(client, error);
    if (error != ERROR_FORBIDDEN || !explain_key(client, &code, &detail))
        detail = detail ? detail : error_detail(error);
    /* A connected client had valid credentials: that they were revoked is not an attempt to
     * guess. */
    if (error == ERROR_UNAUTHENTICATED && client->state != CLIENT_CONNECTED)
        socket_count_failure(client->socket);
    /* The error frame tells why; browsers do not show more than the close code by themselves. */
    client_send_error(client, text_of(""), code, detail);
    client_close(client, refusal->close_code, refusal->drop);
}

/* ---- subscriptions ---- */

struct subscription *client_subscribe(struct client *client, enum event_stream kind, uint64_t id,
                                      struct watch *watch) {
    struct subscription *subscription =
        channel_subscribe(client->clients->channels, kind, id, client, watch);
    /* A watch waits for its channel by itself (watch_advance). */
    if (!subscription->channel->ready && !watch)
        client->pending_channels++;
    return subscription;
}

void client_unsubscribe(struct subscription *subscription) {
    struct clients *clients = subscription->client->clients;
    clients->leaving = array_reserve(clients->leaving, &clients->leaving_space,
                                     clients->leaving_count + 1, sizeof(*clients->leaving));
    clients->leaving[clients->leaving_count++] = subscription;
    /* A channel that is being left is not waited for. */
    if (!subscription->channel->ready && !subscription->watch)
        client_channel_ready(subscription);
    /* What it was behind in is not sent any more. */
    client_replay_end(subscription);
    /* The channel skips a subscription without a client. */
    subscription->live = false;
    subscription->client = NULL;
}

/* At a tick: no channel is being walked. */
static void drop_subscriptions(struct clients *clients) {
    while (clients->leaving_count > 0)
        channel_unsubscribe(clients->leaving[--clients->leaving_count]);
}

/* ---- the life of a client ---- */

void client_release(struct client *client) {
    /* A job still points to the client; its end calls this again. */
    if (client->socket || client->pending_jobs > 0)
        return;
    client_opening_free(client->opening);
    client_replay_free(client);
    if (client->early)
        buffer_free(client->early);
    free(client->early);
    free(client->other_keys);
    client_acting_free(client->acting);
    if (client->notifications) {
        idmap_free(&client->rooms.left);
        idmap_free(&client->rooms.arriving);
    }
    if (client->counted)
        idmap_decrement(&client->clients->users, client->user_id);
    free(client);
}

/* Keeps the hashes of the session keys but the first, if there are more. */
static struct client_keys *hash_other_keys(const struct credentials_sessions *sessions) {
    if (sessions->count < 2)
        return NULL;
    struct client_keys *keys =
        xcalloc(1, sizeof(*keys) + (sessions->count - 1) * sizeof(keys->hashes[0]));
    /* The last one is tried first. */
    for (size_t i = sessions->count - 1; i > 0; i--)
        if (secret_hash_key(sessions->keys[i], keys->hashes[keys->count]))
            keys->count++;
    return keys;
}

/* A handshake is complete. Its texts are valid during this call only, so all that is needed is
 * hashed or copied. */
static struct client *on_opened(void *context, struct socket *socket,
                                const struct handshake *handshake) {
    struct client *client = xcalloc(1, sizeof(*client));
    client->clients = context;
    client->socket = socket;
    client->notifications = handshake->notifications;
    client->by_token = handshake->has_token;
    /* A key of a wrong form has no hash: it cannot be in the database. */
    if ((handshake->has_token || handshake->has_cookie) &&
        secret_hash_key(handshake->key, client->key_hash)) {
        client->other_keys = hash_other_keys(&handshake->sessions);
        /* Refused later, if at all, once the database has answered. */
        client_open(client, handshake);
    } else if (handshake->has_token && secret_hash_api_key(handshake->key, client->key_hash)) {
        client_acting_begin(client, handshake);
        client_open(client, handshake);
    } else if (!handshake->has_token && !handshake->has_cookie && !handshake->notifications &&
               client->clients->config->open_sockets == CONFIG_ON) {
        client->is_anonymous = true;
        client_open(client, handshake);
    } else {
        client_refuse(client, ERROR_UNAUTHENTICATED,
                      handshake->has_token ? "Invalid token." : NULL);
    }
    return client;
}

/* The socket is gone: gives back everything that refers to the client. */
static void on_closed(struct client *client) {
    client->socket = NULL;
    /* It has no effect on the socket; stops typing and replays. */
    client_close(client, 0, METRICS_DROP_COUNT);
    watch_end_all(client);
    if (client->own)
        client_unsubscribe(client->own);
    client->own = NULL;
    if (client->notifications)
        client_notify_leave_all(client);
    client_release(client);
}

/* ---- callbacks: pubsub -> channels and presence -> clients ---- */

static void on_subscribed(void *context, enum event_stream stream, uint64_t id) {
    const struct clients *clients = context;
    const struct pubsub_callbacks *channels = channels_pubsub_callbacks(clients->channels);
    channels->subscribed(channels->context, stream, id);
}

/* user_joined and user_left go to presence, which decides what the sockets here are sent. The rate
 * of typing notices is limited. */
static void on_event(void *context, enum event_stream stream, uint64_t id,
                     const struct event_envelope *envelope) {
    struct clients *clients = context;
    const struct pubsub_callbacks *channels = channels_pubsub_callbacks(clients->channels);
    if (envelope->type == EVENT_USER_JOINED || envelope->type == EVENT_USER_LEFT)
        presence_notice(clients->presence, id, envelope);
    else if ((envelope->type != EVENT_TYPING && envelope->type != EVENT_STOP_TYPING) ||
             client_typing_passes(clients, id, envelope))
        channels->event(channels->context, stream, id, envelope);
}

/* The connection to Redis came up or went down. */
static void on_state(void *context, bool up) {
    const struct clients *clients = context;
    const struct pubsub_callbacks *channels = channels_pubsub_callbacks(clients->channels);
    /* Channels first: presence may notify the sockets of changes. */
    channels->state(channels->context, up);
    presence_redis_state(clients->presence, up);
}

static void on_iteration_end(void *context) {
    const struct clients *clients = context;
    channels_flush(clients->channels);
}

/* presence found that a user came online or went offline: sent to the sockets here as a notice. */
static void on_presence_change(void *context, uint64_t room_id, unsigned type, uint64_t user_id,
                               struct text name) {
    const struct clients *clients = context;
    struct buffer json = BUFFER_EMPTY;
    serialize_user_notice(&json, type, room_id, user_id, name);
    const struct event_envelope envelope = {
        .type = type, .actor_id = user_id, .actor = name, .text = {json.data, json.len}};
    /* Not published: each pushd finds out by itself. */
    channels_notice(clients->channels, room_id, &envelope);
    buffer_free(&json);
}

static void on_presence_ready(void *context, uint64_t room_id) {
    const struct clients *clients = context;
    channels_each_subscriber(clients->channels, room_id, client_presence_ready);
}

/* Presence in a large room has another number. Not published: each pushd adds them up. */
static void on_count_change(void *context, uint64_t room_id, uint64_t count) {
    const struct clients *clients = context;
    struct buffer json = BUFFER_EMPTY;
    serialize_online_changed(&json, room_id, count);
    const struct event_envelope envelope = {.type = EVENT_ONLINE_CHANGED,
                                            .text = {json.data, json.len}};
    channels_notice(clients->channels, room_id, &envelope);
    buffer_free(&json);
}

/* In the order of the struct: ready, prefetch, events, behind, notice, resync, room_gone. */
static const struct channels_callbacks CHANNELS_LISTENER = {
    client_channel_ready, client_prefetch, client_events,    client_behind,
    client_notice,        client_resync,   client_room_gone,
};

struct clients *clients_new(uv_loop_t *loop, const struct config *config, struct db_pool *db_pool,
                            struct metrics_data *metrics) {
    struct clients *clients = xcalloc(1, sizeof(*clients));
    clients->config = config;
    clients->db_pool = db_pool;
    clients->metrics = metrics;
    clients->channels = channels_new(loop, config, db_pool, metrics, &CHANNELS_LISTENER);
    clients->auth_batch = auth_batch_new(db_pool, config);
    clients->online_profiles = online_profiles_new(db_pool);
    clients->pubsub_callbacks =
        (struct pubsub_callbacks){clients, on_subscribed, on_event, on_state, on_iteration_end};
    /* channels and pubsub need each other: one is made first and then given the other. */
    clients->pubsub = pubsub_new(loop, config, metrics, &clients->pubsub_callbacks);
    channels_set_pubsub(clients->channels, clients->pubsub);
    /* presence is plain code: all that it does outside goes through this table. */
    clients->presence_hooks = (struct presence_hooks){
        .pubsub = clients->pubsub,
        .enter = presence_store_enter,
        .leave = presence_store_leave,
        .read = presence_store_read,
        .sweep = presence_store_sweep,
        .epoch = presence_store_epoch,
        .now_ms = clock_monotonic_ms,
        .grace_ms = (int64_t)config->presence_grace * 1000,
        .context = clients,
        .notify = on_presence_change,
        .ready = on_presence_ready,
    };
    clients->presence = presence_new(&clients->presence_hooks);
    clients->online_count_hooks = (struct online_count_hooks){
        clients->pubsub, presence_store_count, clock_monotonic_ms,
        clients,         on_count_change,      on_presence_ready,
    };
    clients->online_counts = online_counts_new(&clients->online_count_hooks);
    return clients;
}

struct sockets_callbacks clients_sockets_callbacks(struct clients *clients) {
    return (struct sockets_callbacks){clients, on_opened, client_message, client_drained,
                                      on_closed};
}

bool clients_redis_is_up(const struct clients *clients) {
    return pubsub_is_up(clients->pubsub);
}

void clients_tick(struct clients *clients) {
    /* First, while no channel is walked. */
    drop_subscriptions(clients);
    client_typing_tick(clients);
    client_expiry_tick(clients);
    client_acting_tick(clients);
    client_replay_tick(&clients->replays);
    presence_tick(clients->presence);
    online_counts_tick(clients->online_counts);
}

/* A line of SIGUSR1. */
static void log_channel(void *context, const struct channel *channel) {
    (void)context;
    const struct stream *stream = &channel->stream;
    log_info("state: %s %" PRIu64 " last_seq=%" PRIu64 " subscribers=%u tail=%u waiting=%u%s%s",
             stream->kind == EVENT_STREAM_ROOM ? "room" : "user", stream->id, stream->last_seq,
             channel->count, stream->recent.count, stream->pending.count,
             channel->ready ? "" : " not ready", stream->fetching ? " fetching" : "");
}

void clients_log_state(const struct clients *clients) {
    channels_each(clients->channels, log_channel, NULL);
}

void clients_disconnect(struct clients *clients) {
    drop_subscriptions(clients);
    pubsub_close(clients->pubsub);
    clients->pubsub = NULL;
}

void clients_free(struct clients *clients) {
    /* Jobs that ended meanwhile may have dropped more. */
    drop_subscriptions(clients);
    presence_free(clients->presence);
    online_counts_free(clients->online_counts);
    client_typing_free(clients);
    client_notify_free(clients);
    channels_close(clients->channels);
    auth_batch_free(clients->auth_batch);
    online_profiles_free(clients->online_profiles);
    free(clients->leaving);
    free(clients);
}
