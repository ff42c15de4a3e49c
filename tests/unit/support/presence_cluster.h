/*
 * cluster: presence of several pushd, on a Redis made of arrays. A test opens and closes
 * sockets, breaks connections, kills a pushd, and lets commands, answers and notices
 * arrive one by one, in the order it likes. All is one static `cluster`, of one thread.
 * What a client is told is checked as it is told: nobody joins or leaves twice.
 */
#ifndef CONFAB_TESTS_CLUSTER_H
#define CONFAB_TESTS_CLUSTER_H

#include <stdbool.h>
#include <stdint.h>

#include "presence.h"

#define CLUSTER_NODES 4
#define CLUSTER_ROOMS 3
#define CLUSTER_USERS 5
#define CLUSTER_GRACE 5000 /* milliseconds, unless a test sets grace_ms */
/* A pushd takes a new id whenever its lease was lost. */
#define CLUSTER_IDS 64

/* One pushd, and what it has on the wire; stands in for the struct pubsub of pushd. */
struct pubsub {
    int id;
    bool alive, connected;
    uint64_t epoch;
    struct presence *presence;
    struct presence_hooks hooks;
    struct command *commands, *answers;
    struct notice *notices;
    unsigned sockets[CLUSTER_ROOMS][CLUSTER_USERS];
    /* Sockets that open as soon as the room is ready. */
    unsigned waiting[CLUSTER_ROOMS][CLUSTER_USERS];
    bool open[CLUSTER_ROOMS];
    bool shows[CLUSTER_ROOMS]; /* a client sees the room: `known` is what it was told */
    bool known[CLUSTER_ROOMS][CLUSTER_USERS];
    unsigned told;
};

struct cluster {
    int64_t now, grace_ms; /* milliseconds; grace_ms holds for what starts afterwards */
    /* Somebody listens to all rooms at each pushd (a notifications socket), so that notices
     * come also while nobody has the room open. */
    bool always_subscribed;
    struct {
        uint64_t logical_time; /* kept when the data is lost: it is a time */
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

/* So many connected pushd, and an empty Redis. */
void cluster_begin(int count);

/* Kills what is alive, and frees all of it. */
void cluster_end(void);

/* Starts the pushd of that place in nodes, not yet connected. */
void cluster_start_node(int number);

void cluster_connect_node(struct pubsub *pubsub);

/* The connections break: so many commands on their way were still carried out, nothing is
 * answered. */
void cluster_disconnect(struct pubsub *pubsub, unsigned carried_out);

/* As by SIGKILL; its lease has run out at once. */
void cluster_kill_node(struct pubsub *pubsub);

/* The pushd finds that its lease has run out. */
void cluster_renew_lost_lease(struct pubsub *pubsub);

/* Redis forgets everything. */
void cluster_lose_data(void);

/* The next command reaches Redis, the next answer or notice reaches the pushd; false if
 * there is none. */
bool cluster_execute(struct pubsub *pubsub);
bool cluster_answer(struct pubsub *pubsub);
bool cluster_hear(struct pubsub *pubsub);

/* All of that, of all that live, until there is none. */
void cluster_deliver_all(void);

void cluster_tick_all(int64_t ms);

/* A socket of the user to the room opens, at once or when the room is ready. */
void cluster_open_socket(struct pubsub *pubsub, uint64_t room, uint64_t user);

/* Closes one if there is one. */
void cluster_close_socket(struct pubsub *pubsub, uint64_t room, uint64_t user);

/* Whether the user has an open socket to the room, at whichever pushd. */
bool cluster_has_sockets(uint64_t room, uint64_t user);

/* Whom presence takes for online. */
struct cluster_seen cluster_online(const struct pubsub *pubsub, uint64_t room);

/* Fails the test unless what clients were told is what presence holds, everywhere. */
void cluster_compare_all(void);

/* When all is quiet: fails it unless every view and Redis hold those who have sockets. */
void cluster_compare_with_truth(void);

#endif
