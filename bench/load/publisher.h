/*
 * publisher: messages for a crowd: published on Redis as fcgi-api would, or posted to it.
 */
#ifndef BENCH_LOAD_PUBLISHER_H
#define BENCH_LOAD_PUBLISHER_H

#include <stdbool.h>
#include <stdint.h>

#include "crowd.h"

struct publisher;

/* Connects to Redis; prefix is the redis_prefix of the subscribers. NULL, with the reason on
 * standard error, if it cannot. */
struct publisher *publisher_new(const char *redis_socket, const char *prefix);

/* Its connection, to be watched for reading, and a function that drops the answers read
 * from it. */
int publisher_fd(const struct publisher *publisher);
void publisher_drain(struct publisher *publisher);

/* Publishes the next `count` messages of a room, with one write. */
bool publisher_send(struct publisher *publisher, struct room *room, unsigned count);

/* A connection for HTTP to a port of this machine; -1, with the reason on standard error. */
int publisher_dial(uint16_t port);

/* Sends the request that posts the next message of a room. */
bool publisher_post(int fd, struct room *room, const char *token);

#endif
