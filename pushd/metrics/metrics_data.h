/*
 * metrics_data: the counters and gauges of a process, for /metrics and for the state in the log.
 *
 * A struct of plain numbers, which each module increments directly; metrics.c has their public
 * names. Each worker has one, in memory shared by all of them, and writes its own only.
 */
#ifndef CONFAB_PUSHD_METRICS_METRICS_DATA_H
#define CONFAB_PUSHD_METRICS_METRICS_DATA_H

#include <stddef.h>
#include <stdint.h>

/* Why a socket was closed by pushd. */
enum metrics_drop {
    METRICS_DROP_AUTH,        /* 4401 */
    METRICS_DROP_FORBIDDEN,   /* 4403 */
    METRICS_DROP_NOT_FOUND,   /* 4404 */
    METRICS_DROP_BAD_SINCE,   /* 4400 */
    METRICS_DROP_SLOW,        /* 1013 */
    METRICS_DROP_PROTOCOL,    /* 1002: a frame that is not masked */
    METRICS_DROP_FLOOD,       /* 1008 */
    METRICS_DROP_TOO_BIG,     /* 1009 */
    METRICS_DROP_DRAIN,       /* 1012 */
    METRICS_DROP_DEAD,        /* no pong */
    METRICS_DROP_LIMIT,       /* 1008: over max_sockets_user */
    METRICS_DROP_UNAVAILABLE, /* 1013: the database is down */
    METRICS_DROP_COUNT
};

/* Why a handshake was refused or not completed. */
enum metrics_refusal {
    METRICS_REFUSAL_PLAIN_HTTP, /* 426 */
    METRICS_REFUSAL_PATH,       /* 404 */
    METRICS_REFUSAL_MALFORMED,  /* 400: key, Host or subprotocol */
    METRICS_REFUSAL_ORIGIN,     /* 403 */
    METRICS_REFUSAL_FULL,       /* 503: max_sockets */
    METRICS_REFUSAL_ADDRESS,    /* 429: max_sockets_address */
    METRICS_REFUSAL_FAILURES,   /* 429: rate_socket_failures */
    METRICS_REFUSAL_HANDSHAKES, /* closed at once: too many unfinished handshakes */
    METRICS_REFUSAL_INCOMPLETE, /* disconnected, too slow, or refused by head_scan */
    METRICS_REFUSAL_COUNT
};

struct metrics_data {
    /* Gauges: reset when a process ends; times in microseconds. */
    uint64_t up; /* 1: it serves sockets */
    uint64_t sockets_room;
    uint64_t sockets_notifications;
    uint64_t streams;
    uint64_t subscribers;
    uint64_t send_queue_bytes; /* a shared frame counts once for each socket */
    uint64_t redis_up;
    uint64_t redis_subscriptions;
    uint64_t redis_latency_us; /* of the last PING answered */
    uint64_t database_up;
    uint64_t db_latency_us; /* of the last ping */
    uint64_t loop_due_us;   /* when the lag timer is due, by the monotonic clock */
    uint64_t loop_lag_us;   /* how late it was last */
    uint64_t memory_bytes;
    uint64_t file_limit; /* RLIMIT_NOFILE: each socket is a file */
    uint64_t draining;   /* 1: it is about to stop */
    /* Counters: a process that replaces one that died continues them. */
    uint64_t connections;
    uint64_t handshakes;
    uint64_t abnormal_closes; /* disconnected without a close frame */
    uint64_t deliveries;      /* frames given to sockets */
    uint64_t delivered_bytes;
    uint64_t frames_in;
    uint64_t bad_frames;
    uint64_t pongs; /* sent, in answer to pings of clients */
    uint64_t rate_limited;
    uint64_t replays;
    uint64_t replayed_events;
    uint64_t resyncs;
    uint64_t gaps_filled; /* reads of missing events from the database */
    uint64_t gap_checks;
    uint64_t gap_check_events; /* found by a gap check before Redis delivered them */
    uint64_t redis_events;
    uint64_t redis_malformed;
    uint64_t redis_reconnects;
    uint64_t db_errors;
    uint64_t loop_lag_max_us;
    uint64_t slow_callbacks; /* see slow_callback.h */
    uint64_t drops[METRICS_DROP_COUNT];
    uint64_t refusals[METRICS_REFUSAL_COUNT];
};

/* The first field that is kept when a process ends. */
#define METRICS_FIRST_KEPT offsetof(struct metrics_data, connections)

/* The metrics of all processes of one pushd. */
struct metrics_data_all {
    struct metrics_data *each;
    size_t count;
};

#endif
