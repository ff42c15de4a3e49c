#include "client/client.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/xalloc.h"
#include "event/serialize.h"
#include "net/tally.h"

/* ---- counting sockets ---- */

bool session_open_room(struct session *session) {
    session->opened_room = true;
    return tally_more(&session->shared->open_rooms, session->room.id) == 1;
}

bool session_close_room(struct session *session) {
    session->opened_room = false;
    return tally_less(&session->shared->open_rooms, session->room.id) == 0;
}

bool session_count_user(struct session *session) {
    struct sessions *shared = session->shared;
    session->counted = true;
    return tally_more(&shared->users, session->user_id) <= shared->config->max_sockets_user;
}

/* ---- ending ---- */

/* Codes on the wire and the drops they are counted as. */
static const struct refusal {
    enum error error;
    unsigned close;
    enum figures_drop drop;
    const char *code;
} REFUSALS[] = {
    {ERROR_UNAUTHENTICATED, SOCKET_CLOSE_AUTH, FIGURES_DROP_AUTH, "unauthenticated"},
    {ERROR_FORBIDDEN, SOCKET_CLOSE_FORBIDDEN, FIGURES_DROP_FORBIDDEN, "forbidden"},
    {ERROR_NOT_FOUND, SOCKET_CLOSE_NOT_FOUND, FIGURES_DROP_NOT_FOUND, "not_found"},
    {ERROR_BAD_INPUT, SOCKET_CLOSE_BAD_SINCE, FIGURES_DROP_BAD_SINCE, "bad_since"},
    {ERROR_RATE_LIMITED, SOCKET_CLOSE_POLICY, FIGURES_DROP_LIMIT, "too_many_sockets"},
    {ERROR_UNAVAILABLE, SOCKET_CLOSE_TRY_LATER, FIGURES_DROP_UNAVAILABLE, "unavailable"},
};

#define REFUSAL_COUNT (sizeof(REFUSALS) / sizeof(REFUSALS[0]))

void session_send_error(struct session *session, const char *code, const char *detail) {
    struct buffer json = BUFFER_EMPTY;
    struct jsonw w = jsonw_start(&json);
    if (!session->socket)
        return;
    jsonw_object(&w);
    jsonw_member_str(&w, "type", "error");
    jsonw_member_str(&w, "code", code);
    jsonw_member_str(&w, "detail", detail);
    jsonw_object_end(&w);
    socket_send_text(session->socket, (struct text){json.data, json.len});
    buffer_free(&json);
}

void session_close(struct session *session, unsigned code, enum figures_drop why) {
    if (session->state == SESSION_ENDED)
        return;
    session_stop_typing(session);
    session->state = SESSION_ENDED;
    if (session->socket)
        socket_close(session->socket, code, why);
}

void session_refuse(struct session *session, enum error error, const char *detail) {
    const struct refusal *refusal = &REFUSALS[REFUSAL_COUNT - 1];
    if (session->state == SESSION_ENDED)
        return;
    for (size_t i = 0; i < REFUSAL_COUNT; i++)
        if (REFUSALS[i].error == error)
            refusal = &REFUSALS[i];
    session_send_error(session, refusal->code, detail ? detail : error_detail(error));
    session_close(session, refusal->close, refusal->drop);
}

/* ---- feeds ---- */

struct subscription *session_join(struct session *session, enum event_stream kind, uint64_t id) {
    struct subscription *subscription = feed_join(session->shared->feeds, kind, id, session);
    if (!subscription->feed->joined)
        session->pending++;
    return subscription;
}

void session_leave(struct session *session, struct subscription *subscription) {
    struct session_leaving *leaving = &session->shared->leaving;
    if (leaving->count == leaving->space) {
        leaving->space = leaving->space ? leaving->space * 2 : 16;
        leaving->subscriptions =
            memory_resize(leaving->subscriptions, leaving->space, sizeof(*leaving->subscriptions));
    }
    subscription->live = false;
    subscription->session = NULL;
    leaving->subscriptions[leaving->count++] = subscription;
    if (!subscription->feed->joined)
        session_joined(session, subscription->feed); /* not waited for any more */
}

static void leave_now(struct session_leaving *leaving) {
    while (leaving->count > 0)
        feed_leave(leaving->subscriptions[--leaving->count]);
}

void session_tell_room(struct session *session, unsigned type) {
    struct buffer json = BUFFER_EMPTY;
    shape_user_notice(&json, type, session->room.id, session->user_id, text_of(session->user_name));
    const struct event_envelope envelope = {
        .type = type, .actor_id = session->user_id, .text = {json.data, json.len}};
    if (!bus_publish(session->shared->bus, session->room.id, &envelope))
        feeds_notice(session->shared->feeds, session->room.id, &envelope);
    buffer_free(&json);
}

/* ---- beginning and end ---- */

static void free_session(struct session *session) {
    struct sessions *shared = session->shared;
    session_opening_free(session);
    if (session->notifications) {
        idmap_free(&session->rooms.left);
        idmap_free(&session->rooms.arriving);
    }
    if (session->counted)
        tally_less(&shared->users, session->user_id);
    free(session);
}

void session_release(struct session *session) {
    if (!session->socket && session->jobs == 0)
        free_session(session);
}

static struct session *on_opened(void *context, struct socket *socket,
                                 const struct handshake *handshake) {
    struct sessions *shared = context;
    struct session *session = memory_zeroed(1, sizeof(*session));
    session->shared = shared;
    session->socket = socket;
    session->notifications = handshake->notifications;
    if (!handshake->notifications)
        session->room.id = handshake->room_id;
    session->has_since = handshake->has_since;
    session->bad_since = handshake->has_since && !text_to_u64(handshake->since, &session->since);
    session->by_token = handshake->has_token;
    if ((handshake->has_token || handshake->has_cookie) &&
        secret_hash_key(handshake->key, session->key_hash))
        session_begin(session);
    else
        session_refuse(session, ERROR_UNAUTHENTICATED,
                       handshake->has_token ? "Invalid token." : NULL);
    return session;
}

static void leave_rooms(struct session *session) {
    if (session->notifications)
        session_unwatch_all(session);
    else if (session->room.subscription)
        session_leave(session, session->room.subscription);
    if (!session->notifications)
        session->room.subscription = NULL;
}

static void on_closed(struct session *session) {
    session->socket = NULL;
    session_close(session, 0, FIGURES_DROP_COUNT);
    if (session->present)
        presence_socket_closed(session->shared->presence, session->room.id, session->user_id);
    session->present = false;
    if (session->opened_room && session_close_room(session))
        presence_room_closed(session->shared->presence, session->room.id);
    if (session->own)
        session_leave(session, session->own);
    session->own = NULL;
    leave_rooms(session);
    session_release(session);
}

const struct feeds_listener *session_feeds_listener(void) {
    static const struct feeds_listener LISTENER = {
        session_joined, session_soon,   session_events,
        session_notice, session_resync, session_room_gone,
    };
    return &LISTENER;
}

struct sockets_listener session_sockets_listener(struct sessions *sessions) {
    return (struct sockets_listener){sessions, on_opened, session_message, on_closed};
}

void session_tick(struct sessions *sessions) {
    const int64_t now = clock_monotonic_ms();
    struct session *next;
    leave_now(&sessions->leaving);
    for (struct session *session = sessions->typing; session; session = next) {
        next = session->room.next_typing;
        if (session->room.typing_until_ms <= now)
            session_stop_typing(session);
    }
}
