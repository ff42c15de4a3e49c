/*
 * client_typing: `typing` and `stop_typing`, at a limited rate for each user and room.
 *
 * A user may type through several sockets and watches, here and at other pushd processes. The first
 * one that types makes the user typing, the last one that stops ends it. `typing` is published at
 * most once in INTERVAL_MS, whatever was stopped in between; and since other processes do the same,
 * it is handed out at the same rate.
 */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/xalloc.h"
#include "client/client_private.h"
#include "event/serialize.h"

/* Repeated typing is passed on at most this often, and expires after this time. */
#define INTERVAL_MS 2000
#define EXPIRES_MS 10000

/* What was published in time may arrive a little closer. */
#define JITTER_MS 100

/* A user in a room. Freed when nothing of it matters any more. */
struct typing {
    uint64_t room_id;
    uint64_t user_id;
    uint32_t watches;     /* through which the user is typing here */
    bool published;       /* typing was published, and no stop since */
    bool received;        /* typing was handed out here, and no stop since */
    int64_t published_ms; /* when that was last; 0: never */
    int64_t received_ms;
    char user_name[USER_NAME_SIZE];
};

/* Both ids in one key; two users with the same key are improbable, and harmless. */
static uint64_t key_of(uint64_t room_id, uint64_t user_id) {
    const uint64_t key = room_id * 0x9E3779B97F4A7C15u ^ user_id;
    return key ? key : 1;
}

/* The state of a user in a room; NULL if there is none. */
static struct typing *find(const struct clients *clients, uint64_t room_id, uint64_t user_id) {
    return idmap_get(&clients->typists, key_of(room_id, user_id));
}

/* The same, made if there is none; NULL if the name is longer than user names can be. */
static struct typing *get(struct clients *clients, uint64_t room_id, uint64_t user_id,
                          struct text name) {
    struct typing *typing = find(clients, room_id, user_id);
    if (typing || name.len >= USER_NAME_SIZE)
        return typing;
    typing = xcalloc(1, sizeof(*typing));
    typing->room_id = room_id;
    typing->user_id = user_id;
    /* An envelope of version 1 has no name. */
    if (name.len > 0)
        memcpy(typing->user_name, name.at, name.len);
    idmap_put(&clients->typists, key_of(room_id, user_id), typing);
    return typing;
}

/* Sends a notice to the sockets here, or (everywhere) publishes it on the room's channel. */
static void send_notice(struct clients *clients, const struct typing *typing, unsigned type,
                        bool everywhere) {
    const struct text name = text_of(typing->user_name);
    struct buffer json = BUFFER_EMPTY;
    serialize_user_notice(&json, type, typing->room_id, typing->user_id, name);
    const struct event_envelope envelope = {
        .type = type, .actor_id = typing->user_id, .actor = name, .text = {json.data, json.len}};
    /* Without Redis at least the sockets of this process get it. */
    if (!everywhere || !pubsub_publish(clients->pubsub, typing->room_id, &envelope))
        channels_notice(clients->channels, typing->room_id, &envelope);
    buffer_free(&json);
}

/* ---- what clients send ---- */

/* Publishes typing unless that was done a moment ago; the next tick tries again. */
static void publish_typing(struct clients *clients, struct typing *typing, int64_t now_ms) {
    if (typing->published_ms && now_ms - typing->published_ms < INTERVAL_MS)
        return;
    typing->published = true;
    typing->published_ms = now_ms;
    send_notice(clients, typing, EVENT_TYPING, true);
}

/* Takes a watch out of the list of those that are typing. */
static void unlink_typing(struct clients *clients, struct watch *watch) {
    *(watch->previous_typing ? &watch->previous_typing->next_typing : &clients->first_typing) =
        watch->next_typing;
    *(watch->next_typing ? &watch->next_typing->previous_typing : &clients->last_typing) =
        watch->previous_typing;
    watch->next_typing = watch->previous_typing = NULL;
}

/* To the end of the list: typing lasts equally long for all, so this one ends last. */
static void append_typing(struct clients *clients, struct watch *watch) {
    watch->previous_typing = clients->last_typing;
    *(clients->last_typing ? &clients->last_typing->next_typing : &clients->first_typing) = watch;
    clients->last_typing = watch;
}

void client_start_typing(struct watch *watch) {
    const struct client *client = watch->client;
    struct clients *clients = client->clients;
    const int64_t now_ms = clock_monotonic_ms();
    if (!watch->may_write || watch->silenced_until > clock_now() || watch->is_archived ||
        watch->is_counted)
        return;
    struct typing *typing =
        get(clients, watch->room_id, client->user_id, text_of(client->user_name));
    /* Typing again only puts the end off. */
    if (watch->typing_until_ms)
        unlink_typing(clients, watch);
    else
        typing->watches++;
    watch->typing_until_ms = now_ms + EXPIRES_MS;
    append_typing(clients, watch);
    publish_typing(clients, typing, now_ms);
}

void client_stop_typing(struct watch *watch) {
    struct clients *clients = watch->client->clients;
    if (!watch->typing_until_ms)
        return;
    unlink_typing(clients, watch);
    watch->typing_until_ms = 0;
    struct typing *typing = find(clients, watch->room_id, watch->client->user_id);
    /* The user still types elsewhere, or that was never published. */
    if (--typing->watches > 0 || !typing->published)
        return;
    typing->published = false;
    send_notice(clients, typing, EVENT_STOP_TYPING, true);
}

/* ---- what arrives ---- */

bool client_typing_passes(struct clients *clients, uint64_t room_id,
                          const struct event_envelope *envelope) {
    const int64_t now_ms = clock_monotonic_ms();
    struct typing *typing;
    /* A stop passes if there is something to stop. */
    if (envelope->type == EVENT_STOP_TYPING) {
        typing = find(clients, room_id, envelope->actor_id);
        const bool passes = typing && typing->received;
        if (passes)
            typing->received = false;
        return passes;
    }
    typing = get(clients, room_id, envelope->actor_id, envelope->actor);
    if (!typing || (typing->received_ms && now_ms - typing->received_ms < INTERVAL_MS - JITTER_MS))
        return false;
    typing->received = true;
    typing->received_ms = now_ms;
    return true;
}

/* ---- time ---- */

struct tick {
    struct clients *clients;
    int64_t now_ms;
};

/* What was received and is not renewed has ended with its pushd. */
static bool keep(void *context, uint64_t key, void *value) {
    const struct tick *tick = context;
    struct typing *typing = value;
    (void)key;
    /* It was too soon when the user began. */
    if (typing->watches > 0 && !typing->published)
        publish_typing(tick->clients, typing, tick->now_ms);
    /* The pushd of the user renews typing while it lasts, so it has died. */
    if (typing->received && tick->now_ms - typing->received_ms > EXPIRES_MS + INTERVAL_MS) {
        typing->received = false;
        send_notice(tick->clients, typing, EVENT_STOP_TYPING, false);
    }
    /* Kept while something is pending, or the interval of one of the two is not over. */
    if (typing->watches > 0 || typing->received ||
        (typing->published_ms && tick->now_ms - typing->published_ms < INTERVAL_MS) ||
        (typing->received_ms && tick->now_ms - typing->received_ms < INTERVAL_MS))
        return true;
    free(typing);
    return false;
}

void client_typing_tick(struct clients *clients) {
    struct tick tick = {clients, clock_monotonic_ms()};
    /* Always the first one: without Redis the notice is handed out at once, with events that may
     * end other watches. */
    while (clients->first_typing && clients->first_typing->typing_until_ms <= tick.now_ms)
        client_stop_typing(clients->first_typing);
    idmap_filter(&clients->typists, keep, &tick);
}

static void free_typing(void *context, uint64_t key, void *value) {
    (void)context;
    (void)key;
    free(value);
}

void client_typing_free(struct clients *clients) {
    idmap_each(&clients->typists, free_typing, NULL);
    idmap_free(&clients->typists);
}
