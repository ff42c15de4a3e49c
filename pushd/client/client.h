/*
 * client: one socket's life: who it is, what it listens to, what it is told.
 *
 *   opened -> who is it? -> its channels are joined -> where does it stand? -> live
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

enum client_state {
    SESSION_ASKING,   /* who is it */
    SESSION_JOINING,  /* waits for its channels */
    SESSION_READING,  /* where do they stand */
    SESSION_WATCHING, /* a notifications socket: waits for the channels of its rooms */
    SESSION_LIVE,
    SESSION_ENDED, /* its socket is closing, or gone */
};

/* Subscriptions that are given back at the next tick: never while channels are walked. */
struct client_leaving {
    struct subscription **subscriptions;
    size_t count, space;
};

/* What all clients share. */
struct clients {
    const struct config *config;
    struct channels *channels;
    struct db_pool *db_pool;
    struct auth_batch *auth_batch;
    struct pubsub *pubsub;
    struct presence *presence;
    struct metrics_data *metrics;
    struct idmap users;      /* user id -> number of sockets, as a pointer */
    struct idmap open_rooms; /* room id -> the same, of room sockets */
    struct client *typing;   /* list of those whose user types */
    struct client_leaving leaving;
};

struct client_opening;

/* What only a room socket has. */
struct client_room {
    uint64_t id;
    struct subscription *subscription;
    struct client *next_typing, **typing_at;
    int64_t typing_until_ms;  /* 0: does not type */
    int64_t typing_passed_ms; /* when it was last passed on */
};

/* What only a notifications socket has, by room id: subscriptions; how far it was notified
 * of rooms it has left (numbers as pointers); rooms it is about to watch
 * (client_notify.c). */
struct client_rooms {
    struct idmap watched, left, arriving;
};

/* There are as many of these as sockets: small things stand close together, and what each
 * event is looked at for comes first. */
struct client {
    struct socket *socket;    /* NULL once it is gone */
    struct subscription *own; /* the user's own stream */
    unsigned char state;      /* enum client_state */
    bool notifications : 1;
    bool by_token : 1;
    bool has_since : 1;
    bool bad_since : 1;
    bool opened_room : 1;     /* counted among those who have the room open */
    bool awaits_presence : 1; /* waits for who is online in the room */
    bool present : 1;         /* counted in the room's presence */
    bool counted : 1;         /* counted for its user */
    struct clients *shared;
    struct client_opening *opening; /* NULL once live */
    union {
        struct client_room room;
        struct client_rooms rooms; /* if it is one for notifications */
    };
    union {
        uint64_t since;        /* until it is live: where the client says it stands */
        uint64_t admitted_seq; /* then: it was let in after all up to here had happened */
    };
    int64_t frames_tat_us; /* rate of frames */
    uint64_t user_id;
    uint32_t ignored;      /* frames over the rate, in a row */
    uint32_t pending_jobs; /* under way; the client lives as long */
    uint32_t pending;      /* channels that are not joined yet */
    unsigned char key_hash[SECRET_HASH_SIZE];
    char user_name[USER_NAME_SIZE];
};

/* For channels_new and sockets_new. */
const struct channels_callbacks *client_channels_callbacks(void);
struct sockets_callbacks client_sockets_callbacks(struct clients *clients);

/* Ends typing that nobody goes on with; to be called twice a second. */
void client_tick(struct clients *clients);

/* ---- between the files of client ---- */

/* Asks who it is; goes on by itself until the client is live or ended. (client_open.c) */
void client_begin(struct client *client);

/* A channel it waits for is joined. (client_open.c) */
void client_joined(struct client *client, struct channel *channel);

/* Who is online in the room is known now. (client_open.c) */
void client_presence_known(struct client *client);

/* Brings a listener that has all up to `position` to where its stream stands by the tail in
 * memory, and makes it live. False if the tail does not reach back so far. (client_greet.c) */
bool client_catch_up(struct subscription *subscription, uint64_t position);

/* Counts a room socket for its room; true if it is the first. And takes one away; true if it
 * was the last. (client.c) */
bool client_open_room(struct client *client);
bool client_close_room(struct client *client);

/* Keeps what the client says while the client opens, to be taken up when it is live.
 * (client_open.c) */
void client_keep_message(struct client *client, struct text message, bool binary);

/* Frees what opening needed. (client_open.c) */
void client_opening_free(struct client *client);

/* Asks whether its credentials still hold, and ends it with 4401 if not. (client_open.c) */
void client_check_credentials(struct client *client);

/* Counts a socket for its user; false if that is one too many. (client.c) */
bool client_count_user(struct client *client);

/* Frees a client whose socket is gone and which no job works for. (client.c) */
void client_release(struct client *client);

/* Joins a channel; counts it as pending if Redis has yet to confirm it. (client.c) */
struct subscription *client_join(struct client *client, enum event_stream kind, uint64_t id);

/* Gives a subscription back at the next tick; nothing comes from it any more. (client.c) */
void client_leave(struct client *client, struct subscription *subscription);

/* Makes a notifications socket that opens watch a room, of which it knows all events up to
 * last_seq; false if the room has run away since that was read. And stop to watch one, or
 * all. (client_notify.c) */
bool client_watch(struct client *client, uint64_t room_id, uint64_t last_seq);
void client_unwatch(struct client *client, uint64_t room_id);
void client_unwatch_all(struct client *client);

/* Watches a room that the user has just come into, and notifies of what was said there
 * since. (client_notify.c) */
void client_watch_new(struct client *client, uint64_t room_id);

/* Sends the notifications of the messages of a turn. (client_notify.c) */
void client_notify(struct client *client, uint64_t room_id, const struct stream_event *events,
                   uint32_t count);

/* What the channels tell. (client_events.c) */
void client_soon(struct client *const *clients, uint32_t count);
void client_events(struct subscription *subscription, const struct stream_event *events,
                   uint32_t count, struct frame *frame);
void client_notice(struct subscription *subscription, const struct event_envelope *envelope,
                   struct frame *frame);
void client_resync(struct subscription *subscription, uint64_t last_seq);
void client_room_gone(struct subscription *subscription);

/* What the client says. (client_input.c) */
void client_message(struct client *client, struct text message, bool binary);

/* Ends typing, if it types. (client_input.c) */
void client_stop_typing(struct client *client);

/* Says why in an error frame, and closes. (client.c) */
void client_refuse(struct client *client, enum error error, const char *detail);

/* Closes without a word more than the code. (client.c) */
void client_close(struct client *client, unsigned code, enum metrics_drop why);

/* Sends an error frame; the socket stays. (client.c) */
void client_send_error(struct client *client, const char *code, const char *detail);

/* Tells the users of a room what the client's user does there, on whichever pushd.
 * (client.c) */
void client_tell_room(struct client *client, unsigned type);

#endif
