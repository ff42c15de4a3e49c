/*
 * metrics: what pushd counts, for /metrics and for the state it writes to the log.
 *
 * One struct of plain numbers; whoever has something to count adds to it. Names on the
 * outside are in metrics.c. With several workers there is one for each, in memory that all
 * of them read; each writes its own only.
 */
#ifndef CONFAB_PUSHD_FIGURES_H
#define CONFAB_PUSHD_FIGURES_H

#include <stddef.h>
#include <stdint.h>

/* Why a socket was closed by pushd. */
enum metrics_drop {
    METRICS_DROP_AUTH,        /* 4401 */
    METRICS_DROP_FORBIDDEN,   /* 4403 */
    METRICS_DROP_NOT_FOUND,   /* 4404 */
    METRICS_DROP_BAD_SINCE,   /* 4400 */
    METRICS_DROP_SLOW,        /* 1013 */
    METRICS_DROP_FLOOD,       /* 1008 */
    METRICS_DROP_TOO_BIG,     /* 1009 */
    METRICS_DROP_DRAIN,       /* 1012 */
    METRICS_DROP_DEAD,        /* did not answer a ping */
    METRICS_DROP_LIMIT,       /* over max_sockets_user */
    METRICS_DROP_UNAVAILABLE, /* the database could not say */
    METRICS_DROP_COUNT
};

/* Why a connection never became a socket. */
enum metrics_refusal {
    METRICS_REFUSAL_PLAIN_HTTP, /* 426 */
    METRICS_REFUSAL_PATH,       /* 404 */
    METRICS_REFUSAL_MALFORMED,  /* 400: key or subprotocol */
    METRICS_REFUSAL_ORIGIN,     /* 403 */
    METRICS_REFUSAL_FULL,       /* 503: max_sockets */
    METRICS_REFUSAL_ADDRESS,    /* 429: max_sockets_address */
    METRICS_REFUSAL_HANDSHAKES, /* cut off at once: too many that do not shake hands */
    METRICS_REFUSAL_INCOMPLETE, /* gone, too slow, or no HTTP, before the handshake was through */
    METRICS_REFUSAL_COUNT
};

struct metrics_data {
    /* At present, all of them 0 in a process that has ended; times in microseconds. */
    uint64_t up; /* 1: it serves */
    uint64_t sockets_room;
    uint64_t sockets_notifications;
    uint64_t streams;
    uint64_t subscribers;
    uint64_t send_queue_bytes; /* frames waiting, shared ones counted once for each socket */
    uint64_t redis_up;
    uint64_t redis_subscriptions;
    uint64_t redis_latency_us; /* of the last PING answered */
    uint64_t database_up;
    uint64_t db_latency_us; /* of the last question */
    uint64_t loop_due_us;   /* when the loop is looked at next, by the monotonic clock */
    uint64_t loop_lag_us;   /* how late that was last */
    uint64_t memory_bytes;
    uint64_t file_limit; /* files it may have open: each socket is one */
    /* Ever growing. Where a process takes the place of one that died, it goes on counting. */
    uint64_t connections;
    uint64_t handshakes;
    uint64_t abnormal_closes; /* sockets that ended though nobody had said so */
    uint64_t deliveries;      /* frames given to sockets */
    uint64_t delivered_bytes;
    uint64_t frames_in;
    uint64_t bad_frames;
    uint64_t pongs; /* answers to pings of clients (RFC 6455) */
    uint64_t rate_limited;
    uint64_t replays;
    uint64_t replayed_events;
    uint64_t resyncs;
    uint64_t gaps_filled; /* filled from the database */
    uint64_t gap_checks;
    uint64_t gap_check_events; /* events that a tail check found before Redis brought them */
    uint64_t redis_events;
    uint64_t redis_malformed;
    uint64_t redis_reconnects;
    uint64_t db_errors;
    uint64_t loop_lag_max_us;
    uint64_t slow_callbacks; /* that took more of the CPU than the loop can spare */
    uint64_t drops[METRICS_DROP_COUNT];
    uint64_t refusals[METRICS_REFUSAL_COUNT];
};

/* The first field that stays when a process has ended. */
#define METRICS_FIRST_KEPT offsetof(struct metrics_data, connections)

/* The metrics of all processes of one pushd. */
struct metrics_data_all {
    struct metrics_data *each;
    size_t count;
};

#endif
