/*
 * door: who may come in: how many connections there may be that have not shaken hands yet,
 * and how many sockets, of one address and in all. So nobody uses up what others need, and
 * who only knocks does not use up what sockets need.
 *
 * Plain code. The web server and trusted proxies stand for many: they knock as often as there
 * is room, and sockets are counted by the address that they name.
 */
#ifndef CONFAB_PUSHD_DOOR_H
#define CONFAB_PUSHD_DOOR_H

#include <stdbool.h>
#include <stdint.h>

#include "base/idmap.h"
#include "config/config.h"

/* Connections that there may be beyond max_sockets: those who shake hands, are told why they
 * are not let in, or are on their way out. */
#define DOOR_ROOM 128

/* The address of who comes over the Unix socket, whose file says who may: a web server of this
 * machine. */
#define DOOR_LOCAL "unix"

/* Zeroed, nobody is there. Counts by the key of an address. */
struct door {
    struct idmap knocking; /* connections */
    struct idmap sitting;  /* sockets */
    uint64_t knocking_count, sitting_count;
};

enum door_answer { DOOR_OPEN, DOOR_FULL, DOOR_CROWDED };

/* Whether a peer stands for others: a web server that passes sockets on, or a trusted proxy. */
bool door_is_proxy(const struct config *config, const char *address);

/* A connection from a peer. Returns what to give to door_leave, 0 if it is one too many. */
uint64_t door_knock(struct door *door, const struct config *config, const char *address);

/* It has shaken hands, was refused, or is gone. */
void door_leave(struct door *door, uint64_t key);

/* Whether there is room for another socket, and for one of this address. */
enum door_answer door_ask(const struct door *door, const struct config *config,
                          const char *address);

/* A socket. Returns what to give to door_rise when it is gone. */
uint64_t door_sit(struct door *door, const char *address);
void door_rise(struct door *door, uint64_t key);

/* Frees what is left. */
void door_free(struct door *door);

#endif
