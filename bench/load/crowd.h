/*
 * crowd: many WebSockets of one process, and what comes over them.
 *
 * Reads frames as a client does, but looks only at how each begins: that is enough to tell
 * a message from everything else, and costs the machine as little as can be.
 */
#ifndef BENCH_LOAD_CROWD_H
#define BENCH_LOAD_CROWD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "histogram.h"

/* Messages of one room whose sending times are remembered. */
#define CROWD_TIMES 4096

/* A room: what was sent into it, and how many of the crowd's sockets listen. */
struct room {
    uint64_t id;
    uint64_t seq;       /* of the last message sent, on record or by the bench */
    uint64_t first_seq; /* what is on record */
    uint32_t listeners;
    int64_t times[CROWD_TIMES]; /* microseconds, by seq */
};

struct member;

struct crowd {
    int epoll;
    uint16_t port;
    struct member *members;
    size_t member_count;
    struct room **rooms;
    size_t room_count;
    uint64_t behind; /* opens with `since` so many events back; UINT64_MAX: without */
    size_t opening;  /* handshakes under way */
    size_t live;     /* have their first frame */
    uint64_t lost;   /* closed by the other side */
    uint64_t received;
    struct histogram handshakes, latency;
};

/* Reads who there is: lines of "room last_seq path token". NULL, with the reason on
 * standard error, if that is not what the file has. */
struct crowd *crowd_new(int epoll, uint16_t port, const char *file);

/* Begins the handshake of a member; false, with the reason on standard error. */
bool crowd_connect(struct crowd *crowd, size_t index);

/* Serves events of epoll whose data.ptr is a member. */
void crowd_serve(struct crowd *crowd, struct member *member, uint32_t events);

/* Cuts all connections off. */
void crowd_drop(struct crowd *crowd);

int64_t crowd_now_us(void);

#endif
