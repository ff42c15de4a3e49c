/* session_input: what clients say. */
#include <json-c/json.h>
#include <string.h>

#include "base/clock.h"
#include "client/client.h"
#include "json/json_validate.h"

/* Repeated typing is passed on once in so many milliseconds, and holds for so many. */
#define TYPING_EVERY_MS 2000
#define TYPING_HOLDS_MS 10000

/* Frames over the rate, in a row, after which a socket is closed. */
#define FLOOD 100

/* ---- the rate ---- */

/* The generic cell rate algorithm (ITU-T I.371) over frames. */
static bool is_over_rate(struct session *session) {
    const struct config *config = session->shared->config;
    const int64_t now = clock_monotonic_us();
    const int64_t interval = 1000000 / (int64_t)config->rate_frames;
    const int64_t span = interval * (int64_t)config->rate_frames_burst;
    const int64_t tat = session->frames_tat_us > now ? session->frames_tat_us : now;
    if (config->rate_limits == CONFIG_OFF)
        return false;
    if (tat + interval - span > now)
        return true;
    session->frames_tat_us = tat + interval;
    return false;
}

static bool take_frame(struct session *session) {
    session->shared->figures->frames_in++;
    if (!is_over_rate(session)) {
        session->ignored = 0;
        return true;
    }
    session->shared->figures->rate_limited++;
    if (session->ignored++ == 0)
        session_send_error(session, "rate_limited", "Too many frames; slow down.");
    else if (session->ignored > FLOOD)
        session_close(session, SOCKET_CLOSE_POLICY, FIGURES_DROP_FLOOD);
    return false;
}

/* ---- typing ---- */

static void leave_typing_list(struct session *session) {
    *session->room.typing_at = session->room.next_typing;
    if (session->room.next_typing)
        session->room.next_typing->room.typing_at = session->room.typing_at;
    session->room.next_typing = NULL;
    session->room.typing_at = NULL;
}

void session_stop_typing(struct session *session) {
    if (session->notifications || !session->room.typing_until_ms)
        return;
    leave_typing_list(session);
    session->room.typing_until_ms = 0;
    session->room.typing_passed_ms = 0;
    session_tell_room(session, EVENT_STOP_TYPING);
}

static void type_on(struct session *session) {
    const int64_t now = clock_monotonic_ms();
    if (!session->room.typing_until_ms) {
        session->room.next_typing = session->shared->typing;
        session->room.typing_at = &session->shared->typing;
        if (session->room.next_typing)
            session->room.next_typing->room.typing_at = &session->room.next_typing;
        session->shared->typing = session;
    }
    session->room.typing_until_ms = now + TYPING_HOLDS_MS;
    if (session->room.typing_passed_ms && now - session->room.typing_passed_ms < TYPING_EVERY_MS)
        return;
    session->room.typing_passed_ms = now;
    session_tell_room(session, EVENT_TYPING);
}

/* ---- messages ---- */

static void bad_json(struct session *session, const char *detail) {
    session->shared->figures->bad_frames++;
    session_send_error(session, "bad_json", detail);
}

static void act(struct session *session, struct text type) {
    if (text_equals(type, text_of("ping"))) {
        socket_send_text(session->socket, text_of("{\"type\":\"pong\"}"));
    } else if (!session->notifications && text_equals(type, text_of("typing"))) {
        type_on(session);
    } else if (!session->notifications && text_equals(type, text_of("stop_typing"))) {
        session_stop_typing(session);
    } else {
        session->shared->figures->bad_frames++;
        session_send_error(session, "unknown_type", "There is no such type.");
    }
}

/* Takes the type out of a JSON object. NULL object: it is none. */
static void read_type(struct session *session, struct text message) {
    struct json_tokener *tokener = json_tokener_new_ex(JSONCHECK_MAX_DEPTH + 2);
    struct json_object *object, *type = NULL;
    object = json_tokener_parse_ex(tokener, message.at, (int)message.len);
    if (!json_object_is_type(object, json_type_object)) {
        bad_json(session, "A JSON object is expected.");
    } else {
        json_object_object_get_ex(object, "type", &type);
        const bool is_text = json_object_is_type(type, json_type_string);
        act(session, is_text ? text_of(json_object_get_string(type)) : text_of(""));
    }
    json_object_put(object);
    json_tokener_free(tokener);
}

void session_message(struct session *session, struct text message, bool binary) {
    if (session->state == SESSION_ENDED)
        return;
    if (session->state != SESSION_LIVE) {
        session_keep_message(session, message, binary);
        return;
    }
    if (!take_frame(session))
        return;
    const char *why = binary ? "binary frame" : jsoncheck(message.at, message.len, NULL);
    if (why)
        bad_json(session, why);
    else
        read_type(session, message);
}
