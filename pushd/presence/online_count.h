/*
 * online_count: how many users are online in rooms where presence is a number: live rooms, and
 * those of more than presence_members members. Plain code: no socket, no clock and no Redis except
 * through the table of functions below.
 *
 * Each pushd counts its own users, and Redis adds the numbers up: no user is notified of single
 * others that come or go. A user with sockets to two pushd processes counts twice. Without Redis
 * only the users of this process are counted.
 */
#ifndef CONFAB_PUSHD_PRESENCE_ONLINE_COUNT_H
#define CONFAB_PUSHD_PRESENCE_ONLINE_COUNT_H

#include <stdbool.h>
#include <stdint.h>

#include "redis/pubsub.h"

struct online_counts;

/* What this module calls; tests have their own. */
struct online_count_hooks {
    struct pubsub *pubsub;
    void (*count)(struct pubsub *pubsub, uint64_t room_id, uint64_t own,
                  presence_store_counted *done, void *context); /* presence_store_count */
    int64_t (*now_ms)(void);                                    /* clock_monotonic_ms */

    void *context; /* for these two */
    /* Another number of users is online: to be sent to the sockets here. */
    void (*notify)(void *context, uint64_t room_id, uint64_t count);
    /* The number is known: clients that wait since online_count_open can continue. */
    void (*ready)(void *context, uint64_t room_id);
};

/* hooks must outlive it. Never NULL. */
struct online_counts *online_counts_new(const struct online_count_hooks *hooks);

/* Frees everything; no reply of the pubsub may be pending (it is closed). */
void online_counts_free(struct online_counts *counts);

/* The first socket here to the room is about to open: asks Redis for the users elsewhere. True if
 * their number is known at once, as for a room that is open already; else hooks->ready follows,
 * never from within this call. */
bool online_count_open(struct online_counts *counts, uint64_t room_id);

/* The last socket here to the room is gone. Ignored if the room is not open. */
void online_count_close(struct online_counts *counts, uint64_t room_id);

/* A user has a new socket to an open room, or one less. is_only: it is the only one here, and is
 * sent the number with its first frame. */
void online_count_add(struct online_counts *counts, uint64_t room_id, uint64_t user_id,
                      bool is_only);
void online_count_remove(struct online_counts *counts, uint64_t room_id, uint64_t user_id);

/* How many users are online in an open room. */
uint64_t online_count_of(const struct online_counts *counts, uint64_t room_id);

/* Brings Redis up to date, and notifies. To be called twice a second. */
void online_counts_tick(struct online_counts *counts);

#endif
