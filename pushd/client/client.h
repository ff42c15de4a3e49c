/*
 * session: one socket's life: who it is, what it listens to, what it is told.
 *
 *   opened -> who is it? -> its feeds are joined -> where does it stand? -> live
 *
 * The channels are joined before the database is asked where they stand, and only then is
 * replayed what was missed: anything else has a hole or says something twice.
 */
#ifndef CONFAB_PUSHD_SESSION_H
#define CONFAB_PUSHD_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/idmap.h"
#include "base/secret.h"
#include "channel/channel.h"
#include "config/config.h"
#include "db/auth_batch.h"
#include "db/db_pool.h"
#include "metrics/metrics_data.h"
#include "net/socket.h"
#include "presence.h"
#include "store/user.h"

enum session_state {
    SESSION_ASKING,   /* who is it */
    SESSION_JOINING,  /* waits for its feeds */
    SESSION_READING,  /* where do they stand */
    SESSION_WATCHING, /* a notifications socket: waits for the feeds of its rooms */
    SESSION_LIVE,
    SESSION_ENDED, /* its socket is closing, or gone */
};

/* Subscriptions that are given back at the next tick: never while feeds are walked. */
struct session_leaving {
    struct subscription **subscriptions;
    size_t count, space;
};

/* What all sessions share. */
struct sessions {
    const struct config *config;
    struct feeds *feeds;
    struct jobs *jobs;
    struct callers *callers;
    struct bus *bus;
    struct presence *presence;
    struct figures *figures;
    struct idmap users;      /* user id -> number of sockets, as a pointer */
    struct idmap open_rooms; /* room id -> the same, of room sockets */
    struct session *typing;  /* list of those whose user types */
    struct session_leaving leaving;
};

struct session_opening;

/* What only a room socket has. */
struct session_room {
    uint64_t id;
    struct subscription *subscription;
    struct session *next_typing, **typing_at;
    int64_t typing_until_ms;  /* 0: does not type */
    int64_t typing_passed_ms; /* when it was last passed on */
};

/* What only a notifications socket has, by room id: subscriptions; how far it was notified
 * of rooms it has left (numbers as pointers); rooms it is about to watch
 * (session_notify.c). */
struct session_rooms {
    struct idmap watched, left, arriving;
};

/* There are as many of these as sockets: small things stand close together, and what each
 * event is looked at for comes first. */
struct session {
    struct socket *socket;    /* NULL once it is gone */
    struct subscription *own; /* the user's own stream */
    unsigned char state;      /* enum session_state */
    bool notifications : 1;
    bool by_token : 1;
    bool has_since : 1;
    bool bad_since : 1;
    bool opened_room : 1;     /* counted among those who have the room open */
    bool awaits_presence : 1; /* waits for who is online in the room */
    bool present : 1;         /* counted in the room's presence */
    bool counted : 1;         /* counted for its user */
    struct sessions *shared;
    struct session_opening *opening; /* NULL once live */
    union {
        struct session_room room;
        struct session_rooms rooms; /* if it is one for notifications */
    };
    union {
        uint64_t since;        /* until it is live: where the client says it stands */
        uint64_t admitted_seq; /* then: it was let in after all up to here had happened */
    };
    int64_t frames_tat_us; /* rate of frames */
    uint64_t user_id;
    uint32_t ignored; /* frames over the rate, in a row */
    uint32_t jobs;    /* under way; the session lives as long */
    uint32_t pending; /* feeds that are not joined yet */
    unsigned char key_hash[SECRET_HASH_SIZE];
    char user_name[USER_NAME_SIZE];
};

/* For feeds_new and sockets_new. */
const struct feeds_listener *session_feeds_listener(void);
struct sockets_listener session_sockets_listener(struct sessions *sessions);

/* Ends typing that nobody goes on with; to be called twice a second. */
void session_tick(struct sessions *sessions);

/* ---- between the files of session ---- */

/* Asks who it is; goes on by itself until the session is live or ended. (session_open.c) */
void session_begin(struct session *session);

/* A feed it waits for is joined. (session_open.c) */
void session_joined(struct session *session, struct feed *feed);

/* Who is online in the room is known now. (session_open.c) */
void session_presence_known(struct session *session);

/* Brings a listener that has all up to `position` to where its stream stands by the tail in
 * memory, and makes it live. False if the tail does not reach back so far. (session_greet.c) */
bool session_catch_up(struct subscription *subscription, uint64_t position);

/* Counts a room socket for its room; true if it is the first. And takes one away; true if it
 * was the last. (session.c) */
bool session_open_room(struct session *session);
bool session_close_room(struct session *session);

/* Keeps what the client says while the session opens, to be taken up when it is live.
 * (session_open.c) */
void session_keep_message(struct session *session, struct text message, bool binary);

/* Frees what opening needed. (session_open.c) */
void session_opening_free(struct session *session);

/* Asks whether its credentials still hold, and ends it with 4401 if not. (session_open.c) */
void session_check_credentials(struct session *session);

/* Counts a socket for its user; false if that is one too many. (session.c) */
bool session_count_user(struct session *session);

/* Frees a session whose socket is gone and which no job works for. (session.c) */
void session_release(struct session *session);

/* Joins a feed; counts it as pending if Redis has yet to confirm it. (session.c) */
struct subscription *session_join(struct session *session, enum event_stream kind, uint64_t id);

/* Gives a subscription back at the next tick; nothing comes from it any more. (session.c) */
void session_leave(struct session *session, struct subscription *subscription);

/* Makes a notifications socket that opens watch a room, of which it knows all events up to
 * last_seq; false if the room has run away since that was read. And stop to watch one, or
 * all. (session_notify.c) */
bool session_watch(struct session *session, uint64_t room_id, uint64_t last_seq);
void session_unwatch(struct session *session, uint64_t room_id);
void session_unwatch_all(struct session *session);

/* Watches a room that the user has just come into, and notifies of what was said there
 * since. (session_notify.c) */
void session_watch_new(struct session *session, uint64_t room_id);

/* Sends the notifications of the messages of a turn. (session_notify.c) */
void session_notify(struct session *session, uint64_t room_id, const struct stream_event *events,
                    uint32_t count);

/* What the feeds tell. (session_events.c) */
void session_soon(struct session *const *sessions, uint32_t count);
void session_events(struct subscription *subscription, const struct stream_event *events,
                    uint32_t count, struct frame *frame);
void session_notice(struct subscription *subscription, const struct event_envelope *envelope,
                    struct frame *frame);
void session_resync(struct subscription *subscription, uint64_t last_seq);
void session_room_gone(struct subscription *subscription);

/* What the client says. (session_input.c) */
void session_message(struct session *session, struct text message, bool binary);

/* Ends typing, if it types. (session_input.c) */
void session_stop_typing(struct session *session);

/* Says why in an error frame, and closes. (session.c) */
void session_refuse(struct session *session, enum error error, const char *detail);

/* Closes without a word more than the code. (session.c) */
void session_close(struct session *session, unsigned code, enum figures_drop why);

/* Sends an error frame; the socket stays. (session.c) */
void session_send_error(struct session *session, const char *code, const char *detail);

/* Tells the users of a room what the session's user does there, on whichever pushd.
 * (session.c) */
void session_tell_room(struct session *session, unsigned type);

#endif
