/*
 * redis_conn: one connection to Redis on the loop, which reconnects when it is lost. Besides
 * redis_reply.c its files are the only ones of pushd that include hiredis.
 *
 * Only the protocol parser of hiredis is used; sockets and queues are libuv's. The asynchronous
 * API of hiredis 0.14 is avoided on purpose: on a subscribed connection it leaks a callback for
 * each PING and gives its reply to the previous callback; its libuv adapter ignores socket
 * errors; and it resolves names synchronously.
 *
 * The owner calls redis_conn_tick every REDIS_CONN_TICK_MS, and redis_conn_flush before the loop
 * waits for events. The process must ignore SIGPIPE.
 */
#ifndef CONFAB_PUSHD_REDIS_REDIS_CONN_H
#define CONFAB_PUSHD_REDIS_REDIS_CONN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "base/text.h"
#include "config/config.h"
#include "os/host_list.h"
#include "redis/redis_reply.h"

#define REDIS_CONN_TICK_MS 100

struct redis_conn;

/* The reply to a command, valid during the call; NULL if the connection was lost before. */
typedef void redis_conn_done(void *context, const struct redis_reply *reply);

struct redis_conn_callbacks {
    void *context;
    /* It is connected: commands sent now go first. The first PING follows, so that the connection
     * is up only after they were answered. */
    void (*opened)(void *context);
    /* It is up, or not any more: lost, or a PING is not answered. When it was lost, all pending
     * commands have been called back with NULL. */
    void (*state)(void *context, bool up);
    /* A message on a subscriber's connection: always a LIST whose first item is a TEXT. */
    void (*pushed)(void *context, const struct redis_reply *reply);
};

/* A connection to the Redis of the configuration, which must name one. It connects at the next
 * tick. config and callbacks must outlive it. On a subscriber's connection only
 * redis_conn_send with (UN)SUBSCRIBE is allowed. Never NULL. */
struct redis_conn *redis_conn_new(uv_loop_t *loop, const struct config *config,
                                  const struct redis_conn_callbacks *callbacks, bool subscriber);

/* The same to a server whose address redis_conn_set_address gives; it does not connect before. The
 * server must be a primary, or with of_sentinel a Sentinel. */
struct redis_conn *redis_conn_new_at(uv_loop_t *loop, const struct config *config,
                                     const struct redis_conn_callbacks *callbacks, bool subscriber,
                                     bool of_sentinel);

/* Gives the address. If it is another one than before, the connection is closed, and the next tick
 * connects to it. Not from within a callback of this connection. */
void redis_conn_set_address(struct redis_conn *conn, const struct host_address *address);

/* Calls back pending commands with NULL, closes and frees; calls nothing after that. Not from
 * within a callback of this connection. */
void redis_conn_close(struct redis_conn *conn);

/* Sends a command. done is called once; from within this call if there is no connection. */
void redis_conn_command(struct redis_conn *conn, const struct text *args, size_t count,
                        redis_conn_done *done, void *context);

/* Sends a command that has no reply of its own; dropped if there is no connection. */
void redis_conn_send(struct redis_conn *conn, const struct text *args, size_t count);

/* Writes the commands sent since the last call. */
void redis_conn_flush(struct redis_conn *conn);

/* Connects after a backoff, sends PINGs, and detects a Redis that does not answer. */
void redis_conn_tick(struct redis_conn *conn);

/* Whether commands can be sent; and whether Redis has answered the last PING in time. */
bool redis_conn_is_open(const struct redis_conn *conn);
bool redis_conn_is_up(const struct redis_conn *conn);

/* Bytes that are not written yet. */
size_t redis_conn_unsent(const struct redis_conn *conn);

/* The round trip of the last PING, in microseconds. */
int64_t redis_conn_latency_us(const struct redis_conn *conn);

#endif
