#include "process/wiring.h"

#include "base/clock.h"
#include "event/serialize.h"

/* There is one of each in a process. */
static struct pubsub_callbacks pubsub_callbacks;
static struct presence_hooks presence_hooks;

/* ---- from the pubsub ---- */

static void on_subscribed(void *context, enum event_stream stream, uint64_t id) {
    const struct clients *clients = context;
    const struct pubsub_callbacks *channels = channels_pubsub_callbacks(clients->channels);
    channels->subscribed(channels->context, stream, id);
}

/* Who came and who went is for presence, which tells the sockets what they need to know. */
static void on_event(void *context, enum event_stream stream, uint64_t id,
                     const struct event_envelope *envelope) {
    const struct clients *clients = context;
    const struct pubsub_callbacks *channels = channels_pubsub_callbacks(clients->channels);
    if (envelope->type == EVENT_USER_JOINED || envelope->type == EVENT_USER_LEFT)
        presence_notice(clients->presence, id, envelope);
    else
        channels->event(channels->context, stream, id, envelope);
}

static void on_state(void *context, bool up) {
    const struct clients *clients = context;
    const struct pubsub_callbacks *channels = channels_pubsub_callbacks(clients->channels);
    channels->state(channels->context, up);
    presence_redis_state(clients->presence, up);
}

static void on_iteration_end(void *context) {
    const struct clients *clients = context;
    channels_flush(clients->channels);
}

/* ---- from presence ---- */

static void notify(void *context, uint64_t room_id, unsigned type, uint64_t user_id,
                   struct text name) {
    const struct clients *clients = context;
    struct buffer json = BUFFER_EMPTY;
    serialize_user_notice(&json, type, room_id, user_id, name);
    const struct event_envelope envelope = {
        .type = type, .actor_id = user_id, .text = {json.data, json.len}};
    channels_notice(clients->channels, room_id, &envelope);
    buffer_free(&json);
}

static void ready(void *context, uint64_t room_id) {
    const struct clients *clients = context;
    channels_each_client(clients->channels, room_id, client_presence_known);
}

void wiring_connect(uv_loop_t *loop, struct clients *clients) {
    pubsub_callbacks =
        (struct pubsub_callbacks){clients, on_subscribed, on_event, on_state, on_iteration_end};
    clients->pubsub = pubsub_new(loop, clients->config, clients->metrics, &pubsub_callbacks);
    channels_set_pubsub(clients->channels, clients->pubsub);
    presence_hooks =
        (struct presence_hooks){.pubsub = clients->pubsub,
                                .enter = presence_store_enter,
                                .leave = presence_store_leave,
                                .read = presence_store_read,
                                .sweep = presence_store_sweep,
                                .epoch = presence_store_epoch,
                                .now_ms = clock_monotonic_ms,
                                .grace_ms = (int64_t)clients->config->presence_grace * 1000,
                                .context = clients,
                                .notify = notify,
                                .ready = ready};
    clients->presence = presence_new(&presence_hooks);
}
