/*
 * client_opening: what a client needs until it is live; of client_open.c, which fills it,
 * and client_greet.c, which says what is in it.
 */
#ifndef CONFAB_PUSHD_SESSION_OPENING_H
#define CONFAB_PUSHD_SESSION_OPENING_H

#include "client/client.h"
#include "store/token.h"

/* A room to watch, as read for a notifications socket. */
struct watched {
    uint64_t room_id;
    uint64_t last_seq;
};

/* What opening a client needs until it is live. */
struct client_opening {
    struct identity identity; /* as read last */
    uint64_t asked_turn;      /* the turn in which that was asked */
    enum error error;
    unsigned reads;
    bool want_replay;
    bool resync;              /* what was missed cannot be had */
    uint64_t position;        /* the client has all up to here */
    uint64_t replayed;        /* ... and with the frames below up to here */
    struct event_list missed; /* what was replayed from the database */
    struct watched *rooms;
    size_t room_count, room_space;
    struct buffer early; /* what the client said already */
};

/* The subscription whose numbers are the socket's cursor. (client_greet.c) */
struct subscription *client_main(const struct client *client);

/* How far that stream went when the client was let in. (client_greet.c) */
uint64_t client_head(const struct client *client);

/* Says that it is connected, and what was missed, or that it cannot be had. The presence of
 * its own user must be known. (client_greet.c) */
void client_greet(struct client *client);

#endif
