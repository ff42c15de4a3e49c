/*
 * presence_cluster: presence of several pushd processes, on a Redis made of arrays. A test opens
 * and closes sockets, breaks connections, kills a pushd, and delivers commands, replies and
 * notices one by one, in any order. There is one static `cluster`. Each notification to a client
 * is checked: no user joins or leaves twice.
 */
#ifndef CONFAB_TESTS_PRESENCE_CLUSTER_H
#define CONFAB_TESTS_PRESENCE_CLUSTER_H

#include <stdbool.h>
#include <stdint.h>

#include "presence/presence.h"

#define CLUSTER_NODES 4
#define CLUSTER_ROOMS 3
#define CLUSTER_USERS 5
#define CLUSTER_GRACE 5000 /* in milliseconds, unless a test sets grace_ms */
/* A pushd takes a new id when it lost its lease. */
#define CLUSTER_IDS 64

/* One pushd, and what it has in flight; stands in for the struct pubsub of pushd. */
struct pubsub {
    int id;
    bool alive, connected;
    uint64_t epoch;
    struct presence *presence;
    struct presence_hooks hooks;
    struct command *commands, *answers;
    struct notice *notices;
    unsigned sockets[CLUSTER_ROOMS][CLUSTER_USERS];
    /* Sockets that wait for the room to be ready. */
    unsigned waiting[CLUSTER_ROOMS][CLUSTER_USERS];
    bool open[CLUSTER_ROOMS];
    bool showing[CLUSTER_ROOMS]; /* a client shows the room: `shown` is what it was sent */
    bool shown[CLUSTER_ROOMS][CLUSTER_USERS];
    unsigned notified;
};

struct cluster {
    int64_t now, grace_ms; /* milliseconds; grace_ms holds for what starts afterwards */
    /* Each pushd has a subscriber of all rooms (a notifications socket), so that notices arrive
     * also while the room is not open. */
    bool always_subscribed;
    struct {
        uint64_t logical_time; /* kept when the data is lost */
        bool lease[CLUSTER_IDS];
        bool has[CLUSTER_IDS][CLUSTER_ROOMS][CLUSTER_USERS];
        int ids; /* given so far */
    } redis;
    struct pubsub nodes[CLUSTER_NODES];
};

struct cluster_seen {
    bool users[CLUSTER_USERS];
};

extern struct cluster cluster;

/* Starts `count` connected pushd processes, and an empty Redis. */
void cluster_begin(int count);

/* Kills what is alive, and frees all of it. */
void cluster_end(void);

/* Starts the pushd of an index of nodes, not connected. */
void cluster_start_node(int number);

void cluster_connect_node(struct pubsub *pubsub);

/* The connections break: `carried_out` commands in flight are still executed, none is
 * answered. */
void cluster_disconnect(struct pubsub *pubsub, unsigned carried_out);

/* As by SIGKILL; its lease expires at once. */
void cluster_kill_node(struct pubsub *pubsub);

/* The pushd notices that its lease has expired. */
void cluster_renew_lost_lease(struct pubsub *pubsub);

/* Redis loses its data. */
void cluster_lose_data(void);

/* The next command is executed, the next reply or notice is delivered; false if there is none. */
bool cluster_execute(struct pubsub *pubsub);
bool cluster_deliver_reply(struct pubsub *pubsub);
bool cluster_deliver_notice(struct pubsub *pubsub);

/* All of that, for all living pushd processes, until nothing is in flight. */
void cluster_deliver_all(void);

void cluster_tick_all(int64_t ms);

/* A socket of the user to the room opens, at once or when the room is ready. */
void cluster_open_socket(struct pubsub *pubsub, uint64_t room, uint64_t user);

/* Closes a socket if there is one. */
void cluster_close_socket(struct pubsub *pubsub, uint64_t room, uint64_t user);

/* Whether the user has an open socket to the room on any pushd. */
bool cluster_has_sockets(uint64_t room, uint64_t user);

/* The users that presence has as online. */
struct cluster_seen cluster_online(const struct pubsub *pubsub, uint64_t room);

/* Fails the test unless all clients were sent what presence has. */
void cluster_compare_all(void);

/* With nothing in flight: fails the test unless each view, and Redis, have the users with open
 * sockets. */
void cluster_compare_with_truth(void);

#endif
