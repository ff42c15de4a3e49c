/*
 * client_open: the way of a client from its handshake to `connected`, and the check of its
 * credentials later. What a room socket does is in watch.c.
 *
 * The order matters. A client subscribes to its channels first and waits for Redis to confirm them;
 * then the database says whose credentials these are and where the streams are; then missed events
 * are replayed, and live events follow. In any other order an event could be missed or sent twice.
 */
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/idmap.h"
#include "base/xalloc.h"
#include "client/client_private.h"
#include "net/handshake.h"
#include "store/events/user_log.h"
#include "store/moderation/block.h"

/* How often positions are read when streams keep advancing during the read. */
#define MAX_READS 5

/* Bytes of messages kept while a client opens; more are dropped. */
#define EARLY_BYTES 1024

static void advance(struct client *client);

/* Ends a job that queried the identity. Returns the client, or NULL if it was refused or closed. */
static struct client *end_authentication(struct client_job *job) {
    struct client *client = job->client;
    const struct identity identity = job->identity;
    enum error error = job->error;
    if (!client_job_end(job))
        return NULL;
    const char *detail = client_job_detail(client, error, &identity);
    if (!error && client->opening->bad_since) {
        error = ERROR_BAD_INPUT;
        detail = "since must be a whole number.";
    }
    if (error) {
        client_refuse(client, error, detail);
        return NULL;
    }
    client->opening->identity = identity;
    return client;
}

bool client_identify(struct client *client, const struct identity *identity) {
    const struct user *user = &identity->user;
    if (client->is_anonymous)
        return true;
    client->user_id = user->id;
    memcpy(client->user_name, user->name, sizeof(client->user_name));
    client->hides_read = identity->hides_read;
    client_expiry_expect(client, identity->expires_at);
    /* Counted before the check, since the end of a refused client subtracts it as well. */
    client->counted = true;
    if (idmap_increment(&client->clients->users, client->user_id) >
        client->clients->config->max_sockets_user) {
        client_refuse(client, ERROR_RATE_LIMITED, "Too many sockets of this user.");
        return false;
    }
    client->own = client_subscribe(client, EVENT_STREAM_USER, client->user_id, NULL);
    return true;
}

/* ---- reading positions, missed events and rooms ---- */

/* A room whose events the client is notified of. */
static void collect_room(void *context, const struct user_room *room) {
    struct client_opening *opening = context;
    opening->rooms = array_reserve(opening->rooms, &opening->room_space, opening->room_count + 1,
                                   sizeof(*opening->rooms));
    opening->rooms[opening->room_count++] =
        (struct client_notified){room->room_id, room->last_seq, room->is_direct, room->view};
}

/* On a thread: reads the user, all rooms, and the users who are blocked. */
static void read_work(void *context, struct db *db) {
    struct client_job *job = context;
    /* The read may be a repeated one. */
    job->opening->room_count = 0;
    /* Queried again: the credential may have been revoked after the first query and before the
     * channel was confirmed. */
    client_job_find(job, db);
    if (!job->error)
        job->error = user_log_rooms(db, job->identity.user.id, collect_room, job->opening);
    free(job->opening->blocked);
    job->opening->blocked = NULL;
    job->opening->blocked_count = 0;
    /* Most users have blocked no users. */
    if (!job->error && job->identity.block_changes > 0)
        job->error = block_ids(db, job->identity.user.id, &job->opening->blocked,
                               &job->opening->blocked_count);
}

/* The positions and rooms were read. */
static void on_read(void *context) {
    struct client *client = end_authentication(context);
    if (client)
        advance(client);
}

/* Reads the position of the user's stream and the rooms. If a stream has advanced too far since,
 * all of it is read again: rooms left meanwhile are not in the list any more. */
static void read_positions(struct client *client) {
    struct client_opening *opening = client->opening;
    if (opening->reads++ == MAX_READS) {
        client_refuse(client, ERROR_UNAVAILABLE, NULL);
        return;
    }
    client->state = CLIENT_READING;
    /* Subscriptions of an earlier attempt. */
    client_notify_leave_all(client);
    db_pool_run(client->clients->db_pool, read_work, on_read, client_job_new(client, NULL));
}

/* Subscribes to the rooms; false if one of them has advanced. */
static bool join_rooms(struct client *client) {
    client->rooms.block_changes = client->opening->identity.block_changes;
    client_notify_block(client, client->opening->blocked, client->opening->blocked_count);
    for (size_t i = 0; i < client->opening->room_count; i++) {
        if (!client_notify_join(client, &client->opening->rooms[i]))
            return false;
    }
    return true;
}

/* ---- connecting ---- */

/* A message in `early`; its bytes follow. */
struct early_message {
    size_t len;
    bool binary;
};

/* Appends a header and the message to `early`; kept small, since it costs memory before the client
 * is let in. */
void client_keep_message(struct client *client, struct text message, bool binary) {
    const struct early_message early = {message.len, binary};
    if (!client->early)
        client->early = xcalloc(1, sizeof(*client->early));
    if (client->early->len + sizeof(early) + message.len > EARLY_BYTES)
        return;
    buffer_append(client->early, &early, sizeof(early));
    buffer_append(client->early, message.at, message.len);
}

bool client_admit(struct client *client) {
    if (socket_admit(client->socket, client->key_hash))
        return true;
    client_refuse(client, ERROR_UNAVAILABLE, "Too many sockets.");
    return false;
}

void client_connected(struct client *client) {
    struct buffer *kept = client->early;
    /* First: handling a message may close the client, and more may arrive. */
    client->early = NULL;
    if (!kept)
        return;
    for (size_t at = 0; at < kept->len;) {
        struct early_message early;
        memcpy(&early, kept->data + at, sizeof(early));
        at += sizeof(early);
        client_message(client, (struct text){kept->data + at, early.len}, early.binary);
        at += early.len;
    }
    buffer_free(kept);
    free(kept);
}

/* An event of the user's own stream since its position was read. */
static void have_effect(void *client, const struct stream_event *event) {
    client_have_effects(client, event, 1);
}

/* Sends `connected` and missed events, and lets live events in. */
static void connect_client(struct client *client) {
    struct stream *stream = &client->own->channel->stream;
    const uint64_t head = client->opening->identity.last_seq;
    if (!client_admit(client))
        return;
    /* Events of this iteration go out before the subscription becomes live. */
    channels_flush(client->clients->channels);
    stream_start(stream, head);
    client->state = CLIENT_CONNECTED;
    client->effective_seq = head;
    /* Those that came since, although it may have to be sent others first. */
    stream_recent(stream, head, have_effect, client);
    client_greet(client, NULL, head);
    client_opening_free(client->opening);
    client->opening = NULL;
    client_connected(client);
}

/* Takes a notifications client as far as possible: called whenever what its state waits for has
 * come. */
static void advance(struct client *client) {
    if (client->pending_channels > 0 && client->state != CLIENT_READING)
        return;
    /* The channel of the user's stream is confirmed: from now on the database cannot be ahead
     * unnoticed. */
    if (client->state == CLIENT_WAITING_CHANNEL) {
        read_positions(client);
        return;
    }
    if (client->state == CLIENT_READING) {
        /* A room has advanced too far since it was read: again from the beginning. */
        if (!join_rooms(client)) {
            read_positions(client);
            return;
        }
        client->state = CLIENT_WAITING_ROOMS;
    }
    if (client->state == CLIENT_WAITING_ROOMS && client->pending_channels == 0)
        connect_client(client);
}

/* The credentials of a notifications client were queried. */
static void on_first_answer(void *context) {
    struct client *client = end_authentication(context);
    if (!client || !client_identify(client, &client->opening->identity))
        return;
    client->state = CLIENT_WAITING_CHANNEL;
    advance(client);
}

void client_open(struct client *client, const struct handshake *handshake) {
    uint64_t since = 0;
    const bool bad_since = handshake->has_since && !text_to_u64(handshake->since, &since);
    client->state = CLIENT_AUTHENTICATING;
    /* A room socket opens by its watch, which asks for the identity and the room in one query. */
    if (!client->notifications) {
        watch_begin(client, handshake->room_id, handshake->has_since, bad_since, since);
        return;
    }
    client->opening = client_opening_new(handshake->has_since, bad_since, since);
    client_job_authenticate(client, NULL, on_first_answer);
}

void client_channel_ready(struct subscription *subscription) {
    struct client *client = subscription->client;
    if (subscription->watch) {
        watch_advance(subscription->watch);
        return;
    }
    if (client->pending_channels == 0)
        return;
    /* A channel of the client itself: its own stream, or a room of which it is notified. */
    client->pending_channels--;
    if (!client->notifications && client->room)
        watch_advance(client->room);
    else if (client->state == CLIENT_WAITING_CHANNEL || client->state == CLIENT_WAITING_ROOMS)
        advance(client);
    else if (client->state == CLIENT_CONNECTED)
        /* A room entered later: events may have come before Redis confirmed its channel. */
        channels_check_gaps(client->clients->channels);
}

void client_presence_ready(struct subscription *subscription) {
    if (subscription->watch)
        watch_advance(subscription->watch);
}

/* ---- later ---- */

/* The credentials of a connected client were queried again. */
static void on_checked(void *context) {
    struct client_job *job = context;
    struct client *client = job->client;
    const enum error error = job->error;
    const char *detail = client_job_detail(client, error, &job->identity);
    /* The same event tells that this was changed. */
    const struct identity identity = job->identity;
    if (!error)
        client->hides_read = identity.hides_read;
    /* A client that cannot be checked is closed too; it is checked when it comes back. */
    if (!client_job_end(job))
        return;
    if (error)
        client_refuse(client, error, detail);
    else
        client_notify_check_blocks(client, &identity);
}

void client_check_credentials(struct client *client) {
    client_job_authenticate_again(client, on_checked);
}
