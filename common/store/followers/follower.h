/*
 * follower: how far consumers have read the events of each room.
 *
 * A follower is a hook (hook.h), which the worker delivers to, or a puller, which asks for what is
 * new and acknowledges it. There is no queue: for each follower and room a row has the number of
 * the last event that was read (`seq`), and when it is due, if there is something to read.
 *
 * Rooms with new events are found by an index: by room.last_active_at, which each post sets anyway,
 * and by room.changed_at, which the other events set. The times are assigned before the commit, so
 * a search begins a while before the last one (FOLLOWER_LATE); one that finds a room again changes
 * nothing.
 */
#ifndef CONFAB_COMMON_STORE_FOLLOWERS_FOLLOWER_H
#define CONFAB_COMMON_STORE_FOLLOWERS_FOLLOWER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/text.h"
#include "db/db.h"
#include "store/followers/hook.h"
#include "store/rooms/room_state.h"

/* Most events of one delivery. */
#define FOLLOWER_BATCH 100

/* A transaction commits at most this many seconds after it has set the time of its event: it waits
 * for locks for 50 s by default. */
#define FOLLOWER_LATE 70

/* Rooms of this number are test deliveries of a hook. */
#define FOLLOWER_TEST_ROOM 0

/* ---- hooks, for the worker ---- */

/* Makes rooms due that have changed in the last `seconds` and have events that an active hook has
 * not read. */
enum error follower_find_rooms(struct db *db, uint64_t seconds);

/* Sets *seconds to how far back a thorough search must go: to the last follower_record_search, and
 * FOLLOWER_LATE seconds more. */
enum error follower_search_seconds(struct db *db, uint64_t *seconds);

/* Records that all rooms that have changed until now were found. */
enum error follower_record_search(struct db *db);

/* Sets *seconds to the time since any worker last called follower_record_search; UINT64_MAX if none
 * has. */
enum error follower_idle_seconds(struct db *db, uint64_t *seconds);

/* Makes rooms due whose next try is further in the future than any delay: the clock of the database
 * was set back. */
enum error follower_cap_due(struct db *db);

/* Most rooms of one hook that a worker leases at a time: rooms that are tried for the first time,
 * and rooms whose last try has failed. Failing rooms thus do not delay first tries, and no hook
 * delays all others. */
#define FOLLOWER_FIRSTS 64
#define FOLLOWER_RETRIES 16

/* Leases at most `limit` rooms that are due to a worker, first tries before further ones, one of
 * each hook, then a second one of each, and so on. `claim` is another number with each call. */
enum error follower_claim(struct db *db, uint64_t worker_id, uint64_t claim, uint64_t limit);

/* A lease: what is to be delivered. */
struct follower_lease {
    uint64_t follower_id;
    struct hook hook;       /* id (0: deleted, or without this room), url, types, secrets; of
                               pullers empty */
    struct room_state room; /* room_id, last_seq, oldest_seq; exists is false for a test, and if the
                               room was deleted */
    struct text room_key;   /* empty: none */
    uint64_t seq;           /* events after this one, */
    uint64_t batch_seq;     /* up to this one */
    uint64_t tries;         /* that have failed */
};

typedef void follower_visit(void *context, const struct follower_lease *lease);

/* Visits what was leased with this claim, by room and first event. The visitor may run statements,
 * but not this one. */
enum error follower_claimed(struct db *db, uint64_t worker_id, uint64_t claim,
                            follower_visit *visit, void *context);

/* Sets the end of a delivery, before it is tried. */
enum error follower_set_batch(struct db *db, uint64_t worker_id, const struct follower_lease *lease,
                              uint64_t batch_seq);

/* The end of a lease. */
struct follower_result {
    uint64_t follower_id, room_id;
    uint64_t claim;    /* of follower_claim */
    uint64_t seq;      /* read up to here; of a failure the former one */
    uint64_t delay_ms; /* until the next try; 0: none is needed unless there are more events */
    bool has_failed;   /* one try more */
    bool is_gone;      /* nothing is left to be read: the room or the test is over */
};

/* Records the ends of leases in one transaction, which may be repeated. A lease that the worker no
 * longer has by this claim is skipped: it was lost, and perhaps taken again. Rooms with more events
 * become due again. */
enum error follower_record(struct db *db, uint64_t worker_id, const struct follower_result *results,
                           size_t count);

/* How far a follower is behind. */
struct follower_lag {
    uint64_t follower_id;
    struct text name;
    bool is_hook, is_active;
    uint64_t rooms;   /* with events that were not read */
    uint64_t events;  /* that were not read */
    uint64_t seconds; /* since the oldest of these rooms was found */
    uint64_t failing; /* rooms whose last try has failed */
    uint64_t delivered, failed;
    struct text failure; /* the last one; empty: none */
    int64_t failed_at, delivered_at;
};

typedef void follower_lag_visit(void *context, const struct follower_lag *lag);

/* Visits all followers. The numbers of a puller are as of its last request. */
enum error follower_lags(struct db *db, follower_lag_visit *visit, void *context);

/* ---- pulls ---- */

/* Longest name of a puller, in characters. */
#define FOLLOWER_NAME_MAX 64

/* Finds a puller by name, or creates it: from now on, or from the oldest event of each room on.
 * Then finds what is new for it. */
enum error follower_pull(struct db *db, struct text name, bool from_oldest, uint64_t *follower_id);

/* Finds a puller, and what is new for it: it may acknowledge what it has read elsewhere, such as by
 * a hook. ERROR_NOT_FOUND. */
enum error follower_by_name(struct db *db, struct text name, uint64_t *follower_id);

/* Deletes a puller and what it has read. ERROR_NOT_FOUND. */
enum error follower_delete(struct db *db, struct text name);

/* Visits at most `limit` rooms with events that the puller has not acknowledged; batch_seq is the
 * last event of the room. Those that have waited longest come first. */
enum error follower_pending(struct db *db, uint64_t follower_id, uint64_t limit,
                            follower_visit *visit, void *context);

/* The result of an acknowledgement. */
enum follower_ack { FOLLOWER_ACK_TAKEN, FOLLOWER_ACK_BEYOND, FOLLOWER_ACK_NO_ROOM };

/* Records that a puller has read a room up to `seq`; a lower number than before changes nothing.
 * With `dry` set only checks. */
enum error follower_acknowledge(struct db *db, uint64_t follower_id, uint64_t room_id, uint64_t seq,
                                bool dry, enum follower_ack *ack);

#endif
