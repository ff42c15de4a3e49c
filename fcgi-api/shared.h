/*
 * shared: what all processes of fcgi-api on this host share: a piece of memory, and places of
 * which each process takes at most one at a time.
 *
 * Both are one file. The processes of a parent inherit it without a name; those that a web server
 * starts one by one find it in /dev/shm or /tmp by the user they run as and the database they use.
 * A place is a lock on a byte of the file, so a process that is killed leaves its place.
 */
#ifndef CONFAB_SHARED_H
#define CONFAB_SHARED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/config.h"
#include "db/db.h"
#include "event/bell.h"

struct shared;

/* For a parent, before it starts the processes. Never NULL; free with shared_free. If there is no
 * such file, the memory belongs to each process, and every place is free. */
struct shared *shared_new(void);

/* For a process without such a parent. As above. */
struct shared *shared_open(const struct config *config);

/* Unmaps the memory and closes the file, which releases the locks of this process. shared may be
 * NULL. */
void shared_free(struct shared *shared);

#define SHARED_MEMORY_SIZE ((size_t)512 * 1024)

/* SHARED_MEMORY_SIZE bytes less those of shared_numbers, zero at first; never NULL, aligned for any
 * type. The content may be that of an earlier process. */
void *shared_memory(const struct shared *shared);

/* Single numbers, at the end of that memory. New ones come first, so that those that an earlier
 * program has left stay where they are. */
struct shared_numbers {
    _Atomic int64_t open_pace_us;   /* see pace.h: of readers without credentials */
    struct bell_times bells;        /* see event/bell.h */
    _Atomic int64_t pace_us;        /* see pace.h */
    db_first_host database_host;    /* see db/db.h */
    _Atomic uint64_t erasures;      /* see store/users/user_names.h */
    _Atomic int64_t redis_noted_ms; /* see housekeeping.c */
};

/* Never NULL; zero at first. */
struct shared_numbers *shared_numbers(const struct shared *shared);

/* Work that occupies a process for long. Each kind has places of its own. */
enum shared_work { SHARED_HASHING, SHARED_SEARCHING };

/* Takes one of the places of this kind, half of `processes` and at least one; false if all are
 * taken. */
bool shared_take_place(const struct shared *shared, enum shared_work work, uint64_t processes);

/* Leaves the place. */
void shared_leave_place(const struct shared *shared);

#endif
