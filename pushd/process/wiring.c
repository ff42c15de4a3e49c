#include "process/wiring.h"

#include "base/clock.h"
#include "event/serialize.h"

/* There is one of each in a process. */
static struct bus_listener bus_listener;
static struct presence_hooks presence_hooks;

/* ---- from the bus ---- */

static void on_subscribed(void *context, enum event_stream stream, uint64_t id) {
    const struct sessions *sessions = context;
    const struct bus_listener *feeds = feeds_bus_listener(sessions->feeds);
    feeds->subscribed(feeds->context, stream, id);
}

/* Who came and who went is for presence, which tells the sockets what they need to know. */
static void on_event(void *context, enum event_stream stream, uint64_t id,
                     const struct event_envelope *envelope) {
    const struct sessions *sessions = context;
    const struct bus_listener *feeds = feeds_bus_listener(sessions->feeds);
    if (envelope->type == EVENT_USER_JOINED || envelope->type == EVENT_USER_LEFT)
        presence_notice(sessions->presence, id, envelope);
    else
        feeds->event(feeds->context, stream, id, envelope);
}

static void on_state(void *context, bool well) {
    const struct sessions *sessions = context;
    const struct bus_listener *feeds = feeds_bus_listener(sessions->feeds);
    feeds->state(feeds->context, well);
    presence_bus_state(sessions->presence, well);
}

static void on_turn_end(void *context) {
    const struct sessions *sessions = context;
    feeds_flush(sessions->feeds);
}

/* ---- from presence ---- */

static void tell(void *context, uint64_t room_id, unsigned type, uint64_t user_id,
                 struct text name) {
    const struct sessions *sessions = context;
    struct buffer json = BUFFER_EMPTY;
    shape_user_notice(&json, type, room_id, user_id, name);
    const struct event_envelope envelope = {
        .type = type, .actor_id = user_id, .text = {json.data, json.len}};
    feeds_notice(sessions->feeds, room_id, &envelope);
    buffer_free(&json);
}

static void ready(void *context, uint64_t room_id) {
    const struct sessions *sessions = context;
    feeds_wake_room(sessions->feeds, room_id, session_presence_known);
}

void wiring_connect(uv_loop_t *loop, struct sessions *sessions) {
    bus_listener = (struct bus_listener){sessions, on_subscribed, on_event, on_state, on_turn_end};
    sessions->bus = bus_new(loop, sessions->config, sessions->figures, &bus_listener);
    feeds_set_bus(sessions->feeds, sessions->bus);
    presence_hooks =
        (struct presence_hooks){.bus = sessions->bus,
                                .enter = bus_presence_enter,
                                .leave = bus_presence_leave,
                                .read = bus_presence_read,
                                .sweep = bus_presence_sweep,
                                .epoch = bus_presence_epoch,
                                .now_ms = clock_monotonic_ms,
                                .grace_ms = (int64_t)sessions->config->presence_grace * 1000,
                                .context = sessions,
                                .tell = tell,
                                .ready = ready};
    sessions->presence = presence_new(&presence_hooks);
}
