/*
 * redis_conn: one connection to Redis on the loop, which comes back when it is lost. With
 * redis_reply.c the only file of pushd that knows hiredis.
 *
 * hiredis reads the protocol here; sockets and queues are libuv's. The asynchronous half
 * of hiredis 0.14 is left out on purpose: on a subscribed connection it leaks a callback
 * for each PING and hands its answer to whoever was answered before; its adapter takes no
 * notice of a socket in error; and it looks up names while everything waits.
 *
 * The owner calls redis_conn_tick ten times a second, and redis_conn_flush before the loop
 * waits for anything. The process ignores SIGPIPE.
 */
#ifndef CONFAB_PUSHD_REDIS_LINK_H
#define CONFAB_PUSHD_REDIS_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "base/text.h"
#include "config/config.h"
#include "redis/redis_reply.h"

/* How often redis_conn_tick is to be called. */
#define REDIS_CONN_TICK_MS 100

struct redis_conn;

/* The answer to a command, valid during the call; NULL when the connection was lost before
 * there was one. */
typedef void redis_conn_done(void *context, const struct redis_reply *reply);

struct redis_conn_callbacks {
    void *context;
    /* It is connected: what is sent now goes first. The first PING follows, so that it is
     * well only after that was answered, too. */
    void (*opened)(void *context);
    /* It became well, or stopped being so: lost, or no answer to a PING. When it was lost,
     * all answers that were owed have been given as NULL. */
    void (*state)(void *context, bool up);
    /* Something came that nobody asked for, on a subscriber's link: always a LIST that
     * begins with a TEXT. */
    void (*pushed)(void *context, const struct redis_reply *reply);
};

/* A link to the Redis of the configuration, which must name one and must outlive it, as
 * must the listener. It connects at the next tick. A subscriber's link is for (UN)SUBSCRIBE
 * by redis_conn_send only. Never NULL. */
struct redis_conn *redis_conn_new(uv_loop_t *loop, const struct config *config,
                                  const struct redis_conn_callbacks *callbacks, bool subscriber);

/* Gives the answers owed as NULL, closes and frees; tells nothing more. Not from within
 * anything that the link calls. */
void redis_conn_close(struct redis_conn *conn);

/* Sends a command. done is called once, here and now if there is no connection. */
void redis_conn_command(struct redis_conn *conn, const struct text *args, size_t count,
                        redis_conn_done *done, void *context);

/* Sends a command that is not answered as such; lost without a connection. */
void redis_conn_send(struct redis_conn *conn, const struct text *args, size_t count);

/* Writes what was sent since the last call. */
void redis_conn_flush(struct redis_conn *conn);

/* Connects when it is time to, pings, and notices what does not answer. */
void redis_conn_tick(struct redis_conn *conn);

bool redis_conn_is_open(const struct redis_conn *conn);
bool redis_conn_is_up(const struct redis_conn *conn);

/* Bytes that wait to be written. */
size_t redis_conn_unsent(const struct redis_conn *conn);

/* Microseconds that the last PING took. */
int64_t redis_conn_latency_us(const struct redis_conn *conn);

#endif
