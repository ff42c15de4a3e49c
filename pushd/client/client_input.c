/* client_input: messages from clients: their rate limit, ping and typing. */
#include <json-c/json.h>
#include <string.h>

#include "base/clock.h"
#include "base/token_bucket.h"
#include "client/client_private.h"
#include "json/json_validate.h"

/* Repeated typing is published at most this often, and expires after this time. */
#define TYPING_INTERVAL_MS 2000
#define TYPING_EXPIRES_MS 10000

/* A socket is closed after this many ignored frames in a row. */
#define MAX_IGNORED_FRAMES 100

/* ---- the rate ---- */

static bool is_over_rate(struct client *client) {
    const struct config *config = client->clients->config;
    return config->rate_limits != CONFIG_OFF &&
           token_bucket_take(&client->frames_full_us, clock_monotonic_us(),
                             1000000 / config->rate_frames, config->rate_frames_burst) > 0;
}

static bool take_frame(struct client *client) {
    client->clients->metrics->frames_in++;
    if (!is_over_rate(client)) {
        client->frames_ignored = 0;
        return true;
    }
    client->clients->metrics->rate_limited++;
    if (client->frames_ignored++ == 0)
        client_send_error(client, "rate_limited", "Too many frames; slow down.");
    else if (client->frames_ignored > MAX_IGNORED_FRAMES)
        client_close(client, SOCKET_CLOSE_POLICY, METRICS_DROP_FLOOD);
    return false;
}

/* ---- typing ---- */

static void leave_typing_list(struct client *client) {
    *client->room.typing_at = client->room.next_typing;
    if (client->room.next_typing)
        client->room.next_typing->room.typing_at = client->room.typing_at;
    client->room.next_typing = NULL;
    client->room.typing_at = NULL;
}

void client_stop_typing(struct client *client) {
    if (client->notifications || !client->room.typing_until_ms)
        return;
    leave_typing_list(client);
    client->room.typing_until_ms = 0;
    client->room.typing_sent_ms = 0;
    client_publish_notice(client, EVENT_STOP_TYPING);
}

static void start_typing(struct client *client) {
    const int64_t now = clock_monotonic_ms();
    if (!client->room.typing_until_ms) {
        client->room.next_typing = client->clients->typing;
        client->room.typing_at = &client->clients->typing;
        if (client->room.next_typing)
            client->room.next_typing->room.typing_at = &client->room.next_typing;
        client->clients->typing = client;
    }
    client->room.typing_until_ms = now + TYPING_EXPIRES_MS;
    if (client->room.typing_sent_ms && now - client->room.typing_sent_ms < TYPING_INTERVAL_MS)
        return;
    client->room.typing_sent_ms = now;
    client_publish_notice(client, EVENT_TYPING);
}

/* ---- messages ---- */

static void bad_json(struct client *client, const char *detail) {
    client->clients->metrics->bad_frames++;
    client_send_error(client, "bad_json", detail);
}

static void handle_type(struct client *client, struct text type) {
    if (text_equals(type, text_of("ping"))) {
        socket_send_text(client->socket, text_of("{\"type\":\"pong\"}"));
    } else if (!client->notifications && text_equals(type, text_of("typing"))) {
        start_typing(client);
    } else if (!client->notifications && text_equals(type, text_of("stop_typing"))) {
        client_stop_typing(client);
    } else {
        client->clients->metrics->bad_frames++;
        client_send_error(client, "unknown_type", "There is no such type.");
    }
}

/* Handles a message that is valid JSON. */
static void handle_json(struct client *client, struct text message) {
    struct json_tokener *tokener = json_tokener_new_ex(JSON_VALIDATE_MAX_DEPTH + 2);
    struct json_object *object, *type = NULL;
    object = json_tokener_parse_ex(tokener, message.at, (int)message.len);
    if (!json_object_is_type(object, json_type_object)) {
        bad_json(client, "A JSON object is expected.");
    } else {
        json_object_object_get_ex(object, "type", &type);
        const bool is_text = json_object_is_type(type, json_type_string);
        handle_type(client, is_text ? text_of(json_object_get_string(type)) : text_of(""));
    }
    json_object_put(object);
    json_tokener_free(tokener);
}

void client_message(struct client *client, struct text message, bool binary) {
    if (client->state == CLIENT_CLOSED)
        return;
    if (client->state != CLIENT_CONNECTED) {
        client_keep_message(client, message, binary);
        return;
    }
    if (!take_frame(client))
        return;
    const char *why = binary ? "binary frame" : json_validate(message.at, message.len, NULL);
    if (why)
        bad_json(client, why);
    else
        handle_json(client, message);
}
