/*
 * client_private: what the files of client share; for them and their tests alone.
 */
#ifndef CONFAB_PUSHD_CLIENT_PRIVATE_H
#define CONFAB_PUSHD_CLIENT_PRIVATE_H

#include <stdint.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/idmap.h"
#include "channel/channel.h"
#include "client/client.h"
#include "client/online_profiles.h"
#include "db/auth_batch.h"
#include "event/serialize.h"
#include "net/handshake.h"
#include "presence/online_count.h"
#include "presence/presence.h"
#include "redis/pubsub.h"
#include "secrets/secret.h"
#include "store/logins/token.h"
#include "store/site/api_key.h"
#include "store/users/user.h"

/* From the handshake to the end of the socket, in this order; see client_open.c. */
enum client_state {
    CLIENT_AUTHENTICATING, /* waits for the database: whose credentials are these; a room socket
                              waits for its watch */
    /* Only of a notifications client: */
    CLIENT_WAITING_CHANNEL, /* waits for Redis to confirm the channel of the user's stream */
    CLIENT_READING,         /* waits for the database: its position, missed events, the rooms */
    CLIENT_WAITING_ROOMS,   /* waits for the channels of its rooms */
    /* Both kinds of clients: */
    CLIENT_CONNECTED,
    CLIENT_CLOSED, /* the socket is closing, or gone */
};

/* From the handshake of a room socket, or the `watch` frame, to the end, in this order; see
 * watch.c. */
enum watch_state {
    WATCH_AUTHENTICATING,   /* waits for the database: may the user enter */
    WATCH_WAITING_CHANNEL,  /* waits for Redis to confirm the channel */
    WATCH_READING,          /* waits for the database: the stream's position, missed events */
    WATCH_WAITING_PRESENCE, /* waits for the list of users online in the room */
    WATCH_CONNECTED,
    WATCH_ENDED,
};

/* A room that a notifications client is notified of, as read from the database. */
struct client_notified {
    uint64_t room_id;
    uint64_t last_seq;
    bool is_direct;
    struct room_view view;
};

/* Whether the profiles of the users online in a room are read. */
enum client_profiles { CLIENT_PROFILES_UNREAD, CLIENT_PROFILES_READING, CLIENT_PROFILES_READ };

/* What a client with a cursor in a stream needs until it is connected: of a watch, the cursor in
 * the room's stream; of a notifications client, in the user's own. */
struct client_opening {
    struct identity identity;   /* as read last */
    uint64_t queried_iteration; /* the loop iteration in which that query was sent */
    unsigned reads;             /* how often positions were read */
    bool has_since, bad_since;
    enum client_profiles profiles; /* of a watch */
    uint64_t since;                /* the client has all events up to here */
    /* Notifications clients only: */
    struct client_notified *rooms;
    size_t room_count, room_space;
    uint64_t *blocked; /* users whom the user has blocked */
    size_t blocked_count;
};

/* A room of which a client receives everything: that of a room socket, or one that a
 * notifications client watches. */
struct watch {
    struct client *client;
    uint64_t room_id;
    struct subscription *subscription;
    struct client_opening *opening; /* NULL once connected */
    uint64_t admitted_seq;          /* events up to here happened before the user was let in */
    uint64_t first_position;        /* messages up to here are not shown to the user; 0: all are */
    int64_t silenced_until;         /* a moderator has silenced the user here; 0: not silenced */
    unsigned char state;            /* enum watch_state */
    bool opened_room : 1;           /* counted in clients->open_rooms */
    bool present : 1;               /* counted in the room's presence */
    bool moderates : 1;             /* the user is a moderator of the room, */
    bool hides_members : 1;         /* only moderators see who is in the room */
    bool of_site : 1;               /* because the user is a moderator of the site */
    bool may_write : 1;             /* the role permits posts, and so typing */
    bool is_archived : 1;           /* the room: typing is not shown */
    bool is_counted : 1;            /* presence is a number, without typing */
    bool is_viewer : 1;             /* of a live or open room, not a member: is not seen */
    bool is_visitor : 1;            /* one of an open room: does not see presence either */
    bool is_guest : 1;              /* the user is one, and reads live rooms that take guests */
    uint32_t holds;                 /* freed when it has ended and this is 0 */
    struct watch *next_typing, *previous_typing;
    int64_t typing_until_ms; /* 0: the user is not typing through this watch */
};

/* Only of a notifications socket; each by room id. */
struct client_rooms {
    struct idmap notified; /* -> subscription: the rooms of the user */
    struct idmap left;     /* -> seq up to which it was notified, as a pointer */
    struct idmap arriving; /* -> struct arrival: rooms that the user has just entered */
    struct idmap watches;  /* -> struct watch */
    struct idmap muted;    /* -> until when, monotonic milliseconds, as a pointer */
    struct idmap blocked;  /* by user id: senders whom the user has blocked */
    uint64_t block_changes; /* of the identity by which `blocked` was read */
};

/* One for each socket, so small; what every event reads comes first. */
struct client {
    struct socket *socket;    /* NULL once it is gone */
    struct subscription *own; /* to the user's own stream; NULL: of no user, or not known yet */
    unsigned char state;      /* enum client_state */
    bool notifications : 1;
    bool by_token : 1;
    bool counted : 1;     /* counted in clients->users */
    bool hides_read : 1;  /* the user does not share read receipts, nor see them */
    bool is_anonymous : 1; /* a room socket without credentials, of no user: `own` is NULL */
    bool is_disabled : 1; /* the API key is valid, but the user that it names disabled */
    struct clients *clients;
    struct client_opening *opening; /* of a notifications socket; NULL once connected */
    struct replay *replay;          /* while it is behind in a stream; else NULL */
    struct buffer *early;           /* messages that came before it was connected; NULL: none */
    union {
        struct watch *room; /* of a room socket; NULL once the socket is gone */
        struct client_rooms rooms;
    };
    uint64_t effective_seq; /* events of the user's own stream have had their effect up to here */
    int64_t frames_full_us; /* frame rate limit */
    uint64_t user_id;
    int64_t expires_ms;             /* when its token expires, monotonic clock; 0: never */
    uint32_t frames_ignored;        /* in a row, over the rate limit */
    uint32_t pending_jobs;          /* the client is freed after the last of them */
    uint32_t pending_channels;      /* of a notifications socket: not confirmed by Redis yet */
    struct client_keys *other_keys; /* to be tried after key_hash; NULL: none */
    struct client_acting *acting;   /* key_hash is that of an API key; NULL: it is not */
    unsigned char key_hash[SECRET_HASH_SIZE];
    char user_name[USER_NAME_SIZE];
};

/* A client whose credential is an API key. All but refusal and the links is constant. */
struct client_acting {
    struct client *client;
    struct client_acting *next, **at; /* the list clients->acting */
    enum api_key_refusal refusal;     /* the last answer */
    char address[FORWARDED_ADDRESS_SIZE];
    char user[API_KEY_USER_SIZE]; /* X-Confab-User; empty: none */
};

/* Keys of more than one session cookie; some may be of other applications. */
struct client_keys {
    size_t count;
    unsigned char hashes[][SECRET_HASH_SIZE];
};

struct replay_list {
    struct replay *first, *last;
    uint32_t count;
};

/* Clients that are behind in a stream (client_replay.c). */
struct replays {
    struct replay_list queue;   /* for a turn to read */
    struct replay_list blocked; /* until their socket has taken what was sent */
    struct replay_list waiting; /* until the next tick */
    struct replay_list stalled; /* about to be closed */
    uint32_t reading;           /* reads that are under way */
};

/* The notifications of the last event: the subscribers of a channel are served one after the other,
 * so that frames are made once for all of them, one for those whom the message mentions. */
struct notification_frames {
    struct frame *event; /* NULL: none yet */
    struct frame *frames[2];
    struct mentions_found mentions; /* points into the event */
};

struct clients {
    const struct config *config;
    struct channels *channels;
    struct db_pool *db_pool;
    struct auth_batch *auth_batch;
    struct online_profiles *online_profiles;
    struct pubsub *pubsub;
    struct presence *presence;
    struct online_counts *online_counts;
    struct metrics_data *metrics;
    struct pubsub_callbacks pubsub_callbacks;
    struct presence_hooks presence_hooks;
    struct online_count_hooks online_count_hooks;
    struct idmap users;         /* user id -> number of sockets */
    struct idmap open_rooms;    /* room id -> number of watches that are not counted */
    struct idmap counted_rooms; /* room id -> number of those that are */
    struct replays replays;
    struct watch *first_typing, *last_typing; /* through which users are typing, by their end */
    struct idmap typists;                     /* room and user -> struct typing */
    struct client_acting *acting;             /* list of the clients with API keys */
    bool checking_keys;
    int64_t next_expiry_ms; /* when all login sessions and tokens that may expire are checked */
    int64_t next_due_ms;    /* when the first token expires; 0: none is known */
    bool checking_expiry;
    struct notification_frames last_notification;
    /* Subscriptions to be dropped at the next tick: never while channels are walked. */
    struct subscription **leaving;
    size_t leaving_count, leaving_space;
};

/* ---- client.c ---- */

/* Subscribes to a stream: for a watch, or for the client itself (NULL), which then counts the
 * channel as pending until Redis has confirmed it. The subscription is given back with
 * client_unsubscribe. */
struct subscription *client_subscribe(struct client *client, enum event_stream kind, uint64_t id,
                                      struct watch *watch);

/* Drops a subscription at the next tick; it delivers nothing from now on. */
void client_unsubscribe(struct subscription *subscription);

/* Sends an error frame; the socket stays open. room_id is what the client sent, or empty: then
 * the frame has none. */
void client_send_error(struct client *client, struct text room_id, enum error_code code,
                       const char *detail);

/* The code of an error in an error frame. */
enum error_code client_error_code(const struct client *client, enum error error);

/* Sends an error frame that names the reason, and closes. detail may be NULL. */
void client_refuse(struct client *client, enum error error, const char *detail);

/* Closes with a code of RFC 6455, or one of 4400 to 4404 (net/socket.h). */
void client_close(struct client *client, unsigned code, enum metrics_drop why);

/* Frees a client whose socket is gone and which has no pending jobs. */
void client_release(struct client *client);

/* ---- client_open.c ---- */

/* Begins with a client whose credentials are set; it continues by itself until the client is
 * connected or closed. The handshake's `since` and, of a room socket, the room. */
void client_open(struct client *client, const struct handshake *handshake);

/* The identity is known: counts the user's sockets, and subscribes to the user's own stream.
 * False if the client was refused. */
bool client_identify(struct client *client, const struct identity *identity);

/* The client is about to be connected: takes its place among the sockets. False if there is none,
 * and the client was refused. */
bool client_admit(struct client *client);

/* The client has its first frames: handles the messages that came before. */
void client_connected(struct client *client);

/* The listeners of channels and presence: a channel is confirmed; the online list is known. */
void client_channel_ready(struct subscription *subscription);
void client_presence_ready(struct subscription *subscription);

/* Keeps a message that came before the client was connected. */
void client_keep_message(struct client *client, struct text message, bool binary);

/* Queries whether its credentials still hold, and closes it with 4401 if not. */
void client_check_credentials(struct client *client);

/* ---- client_job.c: database work for one client or one of its watches ---- */

/* Not freed before the job has ended; neither are the client and the watch. */
struct client_job {
    struct client *client;
    struct watch *watch; /* NULL: of the client itself */
    const struct config *config;
    struct client_opening *opening; /* that of the client, if the job is the client's */
    struct identity identity;
    enum error error;
    enum api_key_refusal refusal; /* of an API key */
    db_pool_done *done;
    uint64_t room_id;    /* of the watch */
    uint64_t least_seq;  /* see struct identity_query */
    bool must_be_latest; /* the same */
    bool by_token;
    bool is_anonymous;
    const struct client_acting *acting; /* that of the client */
    unsigned char key_hash[SECRET_HASH_SIZE];
};

/* A job for the client, or for one of its watches (else NULL); both stay until client_job_end. */
struct client_job *client_job_new(struct client *client, struct watch *watch);

/* Frees a job; false if its client was closed or its watch ended meanwhile (they may have been
 * freed). */
bool client_job_end(struct client_job *job);

/* Queries the identity, together with those of others, and the state of the watch's room; then
 * calls done(job) on the loop. */
void client_job_authenticate(struct client *client, struct watch *watch, db_pool_done *done);

/* The same, as of now: the credential may have ended a moment ago at another node of a cluster. */
void client_job_authenticate_again(struct client *client, db_pool_done *done);

/* On a thread: the same query for this job alone, without a room. */
void client_job_find(struct client_job *job, struct db *db);

/* ERROR_UNAUTHENTICATED if the account is disabled; the identity tells it from an unknown one. */
enum error client_job_check_active(enum error error, const struct identity *identity);

/* The detail for credentials that do not hold; NULL: that of the error. */
const char *client_job_detail(const struct client *client, enum error error,
                              const struct identity *identity);

/* ---- watch.c ---- */

/* Begins to watch a room; it continues by itself until it is connected or refused. has_since: the
 * client has all events up to `since`, unless that is invalid (bad_since). */
void watch_begin(struct client *client, uint64_t room_id, bool has_since, bool bad_since,
                 uint64_t since);

/* The client's watch of a room; NULL: none. */
struct watch *watch_find(const struct client *client, uint64_t room_id);

/* Takes an opening watch as far as possible: to be called when what it waits for may have come. */
void watch_advance(struct watch *watch);

/* The user, perhaps a viewer until now, has become a member of the room. */
void watch_join(struct watch *watch);

/* Ends the watch without a frame. It is freed, unless it is held. */
void watch_end(struct watch *watch);
void watch_end_all(struct client *client);

/* Ends the watch, and a room socket with it: closes with the code. */
void watch_close(struct watch *watch, unsigned code, enum metrics_drop why);

/* The user is not let in, or not any more: sends an error frame; then as watch_close. detail may be
 * NULL. */
void watch_refuse(struct watch *watch, enum error error, const char *detail);

/* Gives a watch back that was held by adding to `holds`. */
void watch_release(struct watch *watch);

/* ---- client_greet.c ---- */

/* The part of a client or watch that only its opening needs; see client_open and watch_begin. */
struct client_opening *client_opening_new(bool has_since, bool bad_since, uint64_t since);
void client_opening_free(struct client_opening *opening);

/* Sends `connected`, then missed events or `resync`, of a watch, or of the client itself (NULL);
 * then live events follow. head: the last number of the stream when the client was let in. The
 * presence of the user must be known, and the stream started. */
void client_greet(struct client *client, struct watch *watch, uint64_t head);

/* The listener of channels: missed events are not available any more. */
void client_resync(struct subscription *subscription, uint64_t last_seq);

/* ---- client_replay.c ---- */

/* Sends a subscriber all events after subscription->delivered_seq, as fast as the socket takes
 * them; then the subscription is live. Until then it is `behind`. */
void client_replay_begin(struct subscription *subscription);

/* The subscription ends; no effect if it is not behind. */
void client_replay_end(struct subscription *subscription);

/* The client is closed: nothing more is replayed; and freed. */
void client_replay_stop(struct client *client);
void client_replay_free(struct client *client);

/* The listener of sockets: one that was blocked has taken all that was sent. */
void client_drained(struct client *client);

/* Closes clients that do not read, and continues with those that waited. To be called twice a
 * second. */
void client_replay_tick(struct replays *replays);

/* Hands a subscriber that has all events up to `position` the later ones from the stream's
 * recent events, all at once, and makes the subscription live: for streams of which little or
 * nothing is sent. False if these do not reach back so far. */
bool client_catch_up(struct subscription *subscription, uint64_t position);

/* ---- client_notify.c ---- */

/* Subscribes an opening notifications client to a room of which it knows all events up to
 * room->last_seq; false if the stream has advanced since that was read. */
bool client_notify_join(struct client *client, const struct client_notified *room);

/* Ends the subscription to a room that the user has left. A read that may still find the user a
 * member is repeated. */
void client_notify_leave(struct client *client, uint64_t room_id);

/* Ends the subscriptions to all rooms, when the client is freed. */
void client_notify_leave_all(struct client *client);

/* Subscribes to a room that the user has just entered, and notifies of messages posted there
 * since. */
void client_notify_enter(struct client *client, uint64_t room_id);

/* Sets the senders of whose messages the user is not notified. */
void client_notify_block(struct client *client, const uint64_t *ids, size_t count);

/* Reads them again if they have changed, as this identity of the user says. */
void client_notify_check_blocks(struct client *client, const struct identity *identity);

/* The user has set something for a room, as this event of the own stream says. */
void client_notify_set(struct client *client, const struct stream_event *event);

/* Releases the frames of the last event. */
void client_notify_free(struct clients *clients);

/* Sends the notifications of the messages among these events. */
void client_notify(struct client *client, uint64_t room_id, const struct stream_event *events,
                   uint32_t count);

/* ---- client_events.c: the listener of channels ---- */

/* The callbacks of channels (channel/channel.h), in client.c's table: events follow; events of one
 * iteration. */
void client_prefetch(struct client *const *clients, uint32_t count);
void client_events(struct subscription *subscription, const struct stream_event *events,
                   uint32_t count, struct frame *frame);

/* What events of the user's own stream cause, each once: rooms that it is notified of, watches
 * that end, credentials that are checked. */
void client_have_effects(struct client *client, const struct stream_event *events, uint32_t count);

/* Further callbacks: new events for a subscriber that is behind; a notice; the room was deleted. */
void client_behind(struct subscription *subscription, const struct stream_event *events,
                   uint32_t count);
void client_notice(struct subscription *subscription, const struct event_envelope *envelope,
                   struct frame *frame);
void client_room_gone(struct subscription *subscription);

/* ---- client_input.c ---- */

/* The listener of sockets: a whole message came. */
void client_message(struct client *client, struct text message, bool binary);

/* ---- client_typing.c ---- */

/* The user types through this watch, for some seconds; or stops, if the user was typing. */
void client_start_typing(struct watch *watch);
void client_stop_typing(struct watch *watch);

/* Whether typing or stop_typing that has arrived goes to the sockets here. */
bool client_typing_passes(struct clients *clients, uint64_t room_id,
                          const struct event_envelope *envelope);

/* Ends typing that is not renewed. To be called twice a second. */
void client_typing_tick(struct clients *clients);

/* Frees the state of all typing users, without notices. */
void client_typing_free(struct clients *clients);

/* ---- client_acting.c ---- */

/* Notes that the credential of a new client is an API key, whose hash is set. */
void client_acting_begin(struct client *client, const struct handshake *handshake);

/* Frees it, and takes it out of the list of clients; NULL does nothing. */
void client_acting_free(struct client_acting *acting);

/* On a thread: finds the key and the user, with the state of a room (0: none). */
enum error client_acting_find(const struct client_acting *acting, struct db *db,
                              const unsigned char key_hash[SECRET_HASH_SIZE],
                              const struct config *config, uint64_t room_id,
                              struct identity *identity, enum api_key_refusal *refusal);

/* Closes, with 4401, sockets whose API key was revoked or has expired. To be called twice a
 * second. */
void client_acting_tick(struct clients *clients);

/* ---- client_expiry.c ---- */

/* Closes, with 4401, sockets whose login session or token has expired. To be called twice a
 * second. */
void client_expiry_tick(struct clients *clients);

/* The token of this client expires at this time, microseconds since 1970 (0: never). */
void client_expiry_expect(struct client *client, int64_t expires_at);

#endif
