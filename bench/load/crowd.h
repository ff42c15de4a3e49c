/*
 * crowd: many WebSockets in one process, and what they receive.
 *
 * Reads frames as a client does, but inspects only their first bytes, which tell messages from
 * other frames, to save CPU time.
 */
#ifndef BENCH_LOAD_CROWD_H
#define BENCH_LOAD_CROWD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "histogram.h"

/* Messages per room whose sending times are kept. */
#define CROWD_TIMES 4096

/* The id of a message of the bench is its seq and this; others are smaller. */
#define CROWD_IDS ((uint64_t)1000000000000000)

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
    uint64_t behind; /* opens with `since` this many events back; UINT64_MAX: without */
    size_t opening;  /* handshakes under way */
    size_t live;     /* have their first frame */
    uint64_t lost;   /* closed by the other side */
    uint64_t received;
    uint64_t missed;   /* messages whose successors in the room were received, */
    uint64_t repeated; /* ... and those received again */
    struct histogram handshakes, latency;
};

/* Reads the members: lines of "room last_seq path token". NULL, with the reason on
 * standard error, if that is not what the file has. */
struct crowd *crowd_new(int epoll, uint16_t port, const char *file);

/* Begins the handshake of a member; false, with the reason on standard error. */
bool crowd_connect(struct crowd *crowd, size_t index);

/* Serves events of epoll whose data.ptr is a member. */
void crowd_serve(struct crowd *crowd, struct member *member, uint32_t events);

/* How many messages that were sent sockets have not received, since the last one they have. */
uint64_t crowd_waiting(const struct crowd *crowd);

/* Cuts all connections off. */
void crowd_drop(struct crowd *crowd);

int64_t crowd_now_us(void);

#endif
