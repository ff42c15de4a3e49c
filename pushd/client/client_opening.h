/*
 * session_opening: what a session needs until it is live; of session_open.c, which fills it,
 * and session_greet.c, which says what is in it.
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

/* What opening a session needs until it is live. */
struct session_opening {
    struct caller caller; /* as read last */
    uint64_t asked_turn;  /* the turn in which that was asked */
    enum error error;
    unsigned reads;
    bool want_replay;
    bool resync;               /* what was missed cannot be had */
    uint64_t position;         /* the client has all up to here */
    uint64_t replayed;         /* ... and with the frames below up to here */
    struct stream_list missed; /* what was replayed from the database */
    struct watched *rooms;
    size_t room_count, room_space;
    struct buffer early; /* what the client said already */
};

/* The subscription whose numbers are the socket's cursor. (session_greet.c) */
struct subscription *session_main(const struct session *session);

/* How far that stream went when the session was let in. (session_greet.c) */
uint64_t session_head(const struct session *session);

/* Says that it is connected, and what was missed, or that it cannot be had. The presence of
 * its own user must be known. (session_greet.c) */
void session_greet(struct session *session);

#endif
