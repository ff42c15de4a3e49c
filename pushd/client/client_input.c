/* client_input: messages from clients: their rate limit, ping, typing, watch and unwatch. A message
 * is one JSON object with a `type`. Whatever is wrong with it is answered by an error frame, and
 * the socket stays open; only a flood closes it. */
#include <json-c/json.h>
#include <string.h>

#include "base/clock.h"
#include "base/token_bucket.h"
#include "client/client_private.h"
#include "json/json_validate.h"

/* A socket is closed after this many ignored frames in a row. */
#define MAX_IGNORED_FRAMES 100

/* ---- the rate ---- */

/* Takes a token for one frame of the client. */
static bool is_over_rate(struct client *client) {
    const struct config *config = client->clients->config;
    /* rate_frames a second, and a burst; the bucket is one number in the client. */
    return config->rate_limits != CONFIG_OFF &&
           token_bucket_take(&client->frames_full_us, clock_monotonic_us(),
                             1000000 / config->rate_frames, config->rate_frames_burst) > 0;
}

/* Counts a frame; false if it is over the rate and ignored. */
static bool take_frame(struct client *client) {
    client->clients->metrics->frames_in++;
    if (!is_over_rate(client)) {
        client->frames_ignored = 0;
        return true;
    }
    client->clients->metrics->rate_limited++;
    /* The first one is answered; a client that continues regardless is closed. */
    if (client->frames_ignored++ == 0)
        client_send_error(client, text_of(""), CODE_RATE_LIMITED, "Too many frames; slow down.");
    else if (client->frames_ignored > MAX_IGNORED_FRAMES)
        client_close(client, SOCKET_CLOSE_POLICY, METRICS_DROP_FLOOD);
    return false;
}

/* ---- messages ---- */

static void refuse_message(struct client *client, struct text room_id, enum error_code code,
                           const char *detail) {
    client->clients->metrics->bad_frames++;
    client_send_error(client, room_id, code, detail);
}

static void bad_json(struct client *client, const char *detail) {
    refuse_message(client, text_of(""), CODE_BAD_JSON, detail);
}

static void unknown_type(struct client *client) {
    refuse_message(client, text_of(""), CODE_UNKNOWN_TYPE, "There is no such type.");
}

/* Reads a whole number >= 0; false if the value is anything else. */
static bool read_number(struct json_object *value, uint64_t *number) {
    return json_object_is_type(value, json_type_int) &&
           text_to_u64(text_of(json_object_to_json_string(value)), number);
}

/* A `watch` frame of a notifications client, with an optional `since`. An invalid `since` is
 * refused by the watch, after the checks that the room exists and that the user may enter it. */
static void begin_watch(struct client *client, struct text id, uint64_t room_id,
                        struct json_object *message) {
    struct json_object *value = NULL;
    uint64_t since = 0;
    const bool has_since = json_object_object_get_ex(message, "since", &value);
    const bool bad_since = has_since && !read_number(value, &since);
    if (room_id == 0 || room_id > INT64_MAX)
        refuse_message(client, id, client_error_code(client, ERROR_NOT_FOUND),
                       error_detail(ERROR_NOT_FOUND));
    else if (watch_find(client, room_id))
        refuse_message(client, id, CODE_ALREADY_WATCHED, "The room is watched already.");
    else if (idmap_count(&client->rooms.watches) >= client->clients->config->max_watched)
        refuse_message(client, id, CODE_TOO_MANY_WATCHED, "Too many rooms are watched.");
    else
        watch_begin(client, room_id, has_since, bad_since, since);
}

enum room_action { ACTION_WATCH, ACTION_UNWATCH, ACTION_TYPING, ACTION_STOP_TYPING };

/* Does what the message asks for, to a room that is watched. */
static void act(struct watch *watch, enum room_action action) {
    if (action == ACTION_UNWATCH)
        watch_end(watch);
    else if (watch->state != WATCH_CONNECTED) /* typing, sent before the answer to `watch` */
        return;
    else if (action == ACTION_TYPING)
        client_start_typing(watch);
    else
        client_stop_typing(watch);
}

/* A message about a room: on a notifications socket it names the room, which is watched. */
static void handle_room_action(struct client *client, enum room_action action,
                               struct json_object *message) {
    struct json_object *value = NULL;
    uint64_t room_id = 0;
    /* A room socket has one room and cannot watch others. */
    if (!client->notifications) {
        if (action == ACTION_TYPING || action == ACTION_STOP_TYPING)
            act(client->room, action);
        else
            unknown_type(client);
        return;
    }
    const bool has_room = json_object_object_get_ex(message, "room_id", &value);
    /* Typing without a room is not a message that this kind of socket knows. */
    if (!has_room && (action == ACTION_TYPING || action == ACTION_STOP_TYPING)) {
        unknown_type(client);
        return;
    }
    if (!json_object_is_type(value, json_type_int)) {
        refuse_message(client, text_of(""), CODE_BAD_ROOM_ID, "room_id must be a whole number.");
        return;
    }
    /* For the error frames; a valid integer of JSON. */
    const struct text id = text_of(json_object_to_json_string(value));
    read_number(value, &room_id); /* a negative one is 0, which no room has */
    struct watch *watch = watch_find(client, room_id);
    if (action == ACTION_WATCH)
        begin_watch(client, id, room_id, message);
    else if (watch)
        act(watch, action);
    else
        refuse_message(client, id, CODE_NOT_WATCHED, "The room is not watched.");
}

/* Does what a message of this type asks for. */
static void handle_type(struct client *client, struct text type, struct json_object *message) {
    static const char *const ROOM_ACTIONS[] = {[ACTION_WATCH] = "watch",
                                               [ACTION_UNWATCH] = "unwatch",
                                               [ACTION_TYPING] = "typing",
                                               [ACTION_STOP_TYPING] = "stop_typing"};
    /* For browsers, whose scripts cannot send pings of the protocol. */
    if (text_equals(type, text_of("ping"))) {
        socket_send_text(client->socket, text_of("{\"type\":\"pong\"}"));
        return;
    }
    for (size_t i = 0; i < sizeof(ROOM_ACTIONS) / sizeof(ROOM_ACTIONS[0]); i++)
        if (text_equals(type, text_of(ROOM_ACTIONS[i]))) {
            handle_room_action(client, (enum room_action)i, message);
            return;
        }
    unknown_type(client);
}

/* Handles a message that is valid JSON. */
static void handle_json(struct client *client, struct text message) {
    /* json_validate has checked the depth; the parser needs a little more for the same text. */
    struct json_tokener *tokener = json_tokener_new_ex(JSON_VALIDATE_MAX_DEPTH + 2);
    struct json_object *object, *type = NULL;
    object = json_tokener_parse_ex(tokener, message.at, (int)message.len);
    if (!json_object_is_type(object, json_type_object)) {
        bad_json(client, "A JSON object is expected.");
    } else {
        json_object_object_get_ex(object, "type", &type);
        const bool is_text = json_object_is_type(type, json_type_string);
        handle_type(client, is_text ? text_of(json_object_get_string(type)) : text_of(""), object);
    }
    json_object_put(object);
    json_tokener_free(tokener);
}

void client_message(struct client *client, struct text message, bool binary) {
    if (client->state == CLIENT_CLOSED)
        return;
    /* It is handled once `connected` has been sent (client_open.c). */
    if (client->state != CLIENT_CONNECTED) {
        client_keep_message(client, message, binary);
        return;
    }
    if (!take_frame(client))
        return;
    /* Checked before json-c sees it, which is more lenient and slower. */
    const char *why = binary ? "binary frame" : json_validate(message.at, message.len, NULL);
    if (why)
        bad_json(client, why);
    else
        handle_json(client, message);
}
