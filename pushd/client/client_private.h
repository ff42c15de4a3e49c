/*
 * client_private: what the files of client share; for them and their tests alone.
 */
#ifndef CONFAB_PUSHD_CLIENT_PRIVATE_H
#define CONFAB_PUSHD_CLIENT_PRIVATE_H

#include <stdint.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/idmap.h"
#include "base/secret.h"
#include "channel/channel.h"
#include "client/client.h"
#include "db/auth_batch.h"
#include "presence.h"
#include "redis/pubsub.h"
#include "store/token.h"
#include "store/user.h"

/* From the handshake to the end of the socket, in this order; see client_open.c. */
enum client_state {
    CLIENT_AUTHENTICATING,   /* waits for the database: whose credentials are these */
    CLIENT_JOINING,          /* waits for Redis to confirm its channels */
    CLIENT_READING,          /* waits for the database: stream positions, missed events */
    CLIENT_JOINING_ROOMS,    /* notifications: waits for the channels of its rooms */
    CLIENT_WAITING_PRESENCE, /* waits for the list of users online in the room */
    CLIENT_CONNECTED,
    CLIENT_CLOSED, /* the socket is closing, or gone */
};

/* A room that a notifications client subscribes to, as read from the database. */
struct client_watched {
    uint64_t room_id;
    uint64_t last_seq;
};

/* What a client needs until it is connected. */
struct client_opening {
    struct identity identity;   /* as read last */
    uint64_t queried_iteration; /* the loop iteration in which that query was sent */
    unsigned reads;             /* how often positions were read */
    bool read_missed;           /* missed events have to be read from the database */
    bool resync;                /* missed events cannot be replayed */
    uint64_t position;          /* the client has all events up to here */
    uint64_t replayed;          /* ... and with the events below up to here */
    struct event_list missed;   /* read from the database */
    struct client_watched *rooms;
    size_t room_count, room_space;
    struct buffer early; /* messages that came before it was connected */
};

/* Only of a room socket. */
struct client_room {
    uint64_t id;
    struct subscription *subscription;
    struct client *next_typing, **typing_at;
    int64_t typing_until_ms; /* 0: the user is not typing */
    int64_t typing_sent_ms;  /* when typing was last passed on */
};

/* Only of a notifications socket; each by room id. */
struct client_rooms {
    struct idmap watched;  /* -> subscription */
    struct idmap left;     /* -> seq up to which it was notified, as a pointer */
    struct idmap arriving; /* -> struct arrival: rooms that are about to be watched */
};

/* One for each socket, so small; what every event looks at stands first. */
struct client {
    struct socket *socket;    /* NULL once it is gone */
    struct subscription *own; /* to the user's own stream */
    unsigned char state;      /* enum client_state */
    bool notifications : 1;
    bool by_token : 1;
    bool has_since : 1;
    bool bad_since : 1;
    bool opened_room : 1; /* counted in clients->open_rooms */
    bool present : 1;     /* counted in the room's presence */
    bool counted : 1;     /* counted in clients->users */
    struct clients *clients;
    struct client_opening *opening; /* NULL once connected */
    union {
        struct client_room room;
        struct client_rooms rooms; /* of a notifications socket */
    };
    union {
        uint64_t since;        /* until it is connected: the client's position */
        uint64_t admitted_seq; /* then: events up to here happened before it was let in */
    };
    int64_t frames_full_us; /* frame rate limit */
    uint64_t user_id;
    uint32_t frames_ignored;   /* in a row, over the rate limit */
    uint32_t pending_jobs;     /* the client is freed after the last of them */
    uint32_t pending_channels; /* not confirmed by Redis yet */
    unsigned char key_hash[SECRET_HASH_SIZE];
    char user_name[USER_NAME_SIZE];
};

struct clients {
    const struct config *config;
    struct channels *channels;
    struct db_pool *db_pool;
    struct auth_batch *auth_batch;
    struct pubsub *pubsub;
    struct presence *presence;
    struct metrics_data *metrics;
    struct pubsub_callbacks pubsub_callbacks;
    struct presence_hooks presence_hooks;
    struct idmap users;      /* user id -> number of sockets */
    struct idmap open_rooms; /* room id -> number of room sockets */
    struct client *typing;   /* list of clients whose user is typing */
    /* Subscriptions to be dropped at the next tick: never while channels are walked. */
    struct subscription **leaving;
    size_t leaving_count, leaving_space;
};

/* ---- client.c ---- */

/* Subscribes to a stream; counts the channel as pending until Redis has confirmed it. The
 * subscription is given back with client_unsubscribe. */
struct subscription *client_subscribe(struct client *client, enum event_stream kind, uint64_t id);

/* Drops a subscription at the next tick; it delivers nothing from now on. */
void client_unsubscribe(struct client *client, struct subscription *subscription);

/* Sends an error frame; the socket stays open. */
void client_send_error(struct client *client, const char *code, const char *detail);

/* Sends an error frame that names the reason, and closes. detail may be NULL. */
void client_refuse(struct client *client, enum error error, const char *detail);

/* Closes with a code of RFC 6455, or one of 4400 to 4404 (net/socket.h). */
void client_close(struct client *client, unsigned code, enum metrics_drop why);

/* Publishes on the room's channel what the client's user does there (EVENT_TYPING ...). */
void client_publish_notice(struct client *client, unsigned type);

/* Frees a client whose socket is gone and which has no pending jobs. */
void client_release(struct client *client);

/* ---- client_open.c ---- */

/* Begins with a client whose credentials are set; it goes on by itself until the client is
 * connected or closed. */
void client_open(struct client *client);

/* The listeners of channels and presence: a channel is confirmed; the online list is known. */
void client_channel_joined(struct client *client, struct channel *channel);
void client_presence_ready(struct client *client);

/* Keeps a message that came before the client was connected. */
void client_keep_message(struct client *client, struct text message, bool binary);

/* Queries whether its credentials still hold, and closes it with 4401 if not. */
void client_check_credentials(struct client *client);

void client_opening_free(struct client *client);

/* ---- client_greet.c ---- */

/* The subscription whose sequence numbers are the socket's cursor. */
struct subscription *client_main_subscription(const struct client *client);

/* The last number of that stream when the client was let in. */
uint64_t client_head(const struct client *client);

/* Sends `connected`, then missed events or `resync`. The presence of its own user must be
 * known. */
void client_greet(struct client *client);

/* Hands a subscriber that has all events up to `position` the later ones from the stream's
 * tail, and makes the subscription live. False if the tail does not reach back so far. */
bool client_catch_up(struct subscription *subscription, uint64_t position);

/* The listener of channels: missed events are not available any more. */
void client_resync(struct subscription *subscription, uint64_t last_seq);

/* ---- client_notify.c ---- */

/* Subscribes an opening notifications client to a room of which it knows all events up to
 * last_seq; false if the stream has advanced since that was read. */
bool client_watch(struct client *client, uint64_t room_id, uint64_t last_seq);
void client_unwatch(struct client *client, uint64_t room_id);
void client_unwatch_all(struct client *client);

/* Subscribes to a room that the user has just entered, and notifies of messages posted there
 * since. */
void client_watch_new(struct client *client, uint64_t room_id);

/* Sends the notifications of the messages among these events. */
void client_notify(struct client *client, uint64_t room_id, const struct stream_event *events,
                   uint32_t count);

/* ---- client_events.c: the listener of channels ---- */

void client_prefetch(struct client *const *clients, uint32_t count);
void client_events(struct subscription *subscription, const struct stream_event *events,
                   uint32_t count, struct frame *frame);
void client_notice(struct subscription *subscription, const struct event_envelope *envelope,
                   struct frame *frame);
void client_room_gone(struct subscription *subscription);

/* ---- client_input.c ---- */

/* The listener of sockets: a whole message came. */
void client_message(struct client *client, struct text message, bool binary);

/* Ends typing, if the user is typing. */
void client_stop_typing(struct client *client);

#endif
