/* The names of bells, and ringing them. A bell is a file whose content is the number of the last
 * event; clients poll it through the web server without reaching fcgi-api. Where the secrets are
 * stored is in store/rooms/bell_name.c. */
#include "event/bell.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "base/xalloc.h"
#include "secrets/secret.h"

/* A failure is logged at most this often. */
#define LOG_EVERY_MS (60 * 60 * INT64_C(1000))

/* Clients that see an older heartbeat do not trust the bells. */
#define HEARTBEAT_EVERY_MS 5000

/* A slice of work takes up to 10 s. */
#define CHANGED_SECONDS 30

/* Generations before the present one whose files are looked for: there is more than one if several
 * members were removed at the same time. */
#define FORMER_MOST 1000

struct bell {
    char *folder;
    struct bell_times own_times;
    struct bell_times *times; /* perhaps shared with others */
};

struct bell *bell_new(const char *folder, struct bell_times *times) {
    /* NULL without bell_dir: all functions accept it and do nothing. */
    if (folder[0] == '\0')
        return NULL;
    struct bell *bell = xcalloc(1, sizeof(*bell));
    bell->folder = xstrdup(folder);
    bell->times = times ? times : &bell->own_times;
    return bell;
}

void bell_free(struct bell *bell) {
    if (!bell)
        return;
    free(bell->folder);
    free(bell);
}

void bell_file_name(const struct bell_name *name, char out[BELL_FILE_NAME_SIZE]) {
    /* 20 digits of a generation and the terminator fit. */
    char bytes[BELL_SECRET_SIZE + 24];
    unsigned char hash[(BELL_FILE_NAME_SIZE - 1) / 2];
    /* A hash, so that a name reveals neither the secret nor the names before and after it. Secret
     * and generation, as digits, one after the other. */
    memcpy(bytes, name->secret, BELL_SECRET_SIZE);
    const int digits = snprintf(bytes + BELL_SECRET_SIZE, sizeof(bytes) - BELL_SECRET_SIZE,
                                "%" PRIu64, name->generation);
    secret_digest((struct text){bytes, BELL_SECRET_SIZE + (size_t)digits}, hash, sizeof(hash));
    for (size_t i = 0; i < sizeof(hash); i++)
        text_put_hex(out + 2 * i, 2, hash[i]);
    out[BELL_FILE_NAME_SIZE - 1] = '\0';
}

/* Whether every_ms have passed since *last_ms; if so, sets it to the present time. If several
 * processes call at once, only one of them gets true. */
static bool claim_interval(_Atomic int64_t *last_ms, int64_t every_ms) {
    /* Wall clock, since the time may be shared with processes that start later. */
    const int64_t now = clock_now() / 1000;
    int64_t last = atomic_load(last_ms);
    /* A time in the future was stored before the clock was set back. The exchange fails for all but
     * one of the processes that came here together. */
    return (last == 0 || now < last || now - last >= every_ms) &&
           atomic_compare_exchange_strong(last_ms, &last, now);
}

/* At most one line in LOG_EVERY_MS, for all processes of the host; errno is that of the call that
 * failed. */
static void log_failure(struct bell *bell) {
    const char *cause = strerror(errno);
    /* Clients continue without bells: a failure costs requests, no events. */
    if (claim_interval(&bell->times->failed_ms, LOG_EVERY_MS))
        log_error("bell_dir %s: %s; clients poll as without it", bell->folder, cause);
}

bool bell_ring(struct bell *bell, const struct bell_name *name, uint64_t seq) {
    char file[BELL_FILE_NAME_SIZE];
    /* Without a bell_dir, or a client that asked for the bell. */
    if (!bell || !name->exists)
        return false;
    bell_file_name(name, file);
    const bool rung = bell_file_write(bell->folder, file, seq);
    if (!rung)
        log_failure(bell);
    return rung;
}

void bell_write_heartbeat(struct bell *bell) {
    if (!bell || !claim_interval(&bell->times->heartbeat_ms, HEARTBEAT_EVERY_MS))
        return;
    /* Not in place: it has to be possible to create and remove bells, too. */
    errno = 0;
    /* ENOENT is right: the first heartbeat. */
    const bool removed = bell_file_remove(bell->folder, BELL_HEARTBEAT) || errno == ENOENT;
    if (!removed ||
        !bell_file_write(bell->folder, BELL_HEARTBEAT, (uint64_t)(clock_now() / 1000000)))
        log_failure(bell);
}

void bell_end_former(struct bell *bell, const struct bell_name *name) {
    struct bell_name former = *name;
    char file[BELL_FILE_NAME_SIZE];
    if (!bell || !name->exists)
        return;
    /* Usually the file is that of the previous generation. */
    for (int i = 0; i < FORMER_MOST && former.generation > 0; i++) {
        /* A member that left knows the names of former generations only. */
        former.generation--;
        bell_file_name(&former, file);
        if (bell_file_remove(bell->folder, file))
            return;
    }
}

void bell_ring_room(struct bell *bell, struct db *db, uint64_t room_id, bool left) {
    struct bell_name name;
    uint64_t last_seq;
    /* A failure is that of the database: the bell rings with the next event. */
    if (!bell || bell_name_of_room(db, room_id, &name, &last_seq))
        return;
    /* The new name first, so that clients that stay find it. */
    bell_ring(bell, &name, last_seq);
    if (left)
        bell_end_former(bell, &name);
}

void bell_ring_user(struct bell *bell, struct db *db, uint64_t user_id) {
    struct bell_name name;
    uint64_t last_seq;
    if (bell && !bell_name_of_user(db, user_id, &name, &last_seq))
        bell_ring(bell, &name, last_seq);
}

/* Rings the bell of a room that has changed, and removes the file of its previous generation. */
static void ring_changed(void *context, const struct bell_name *name, uint64_t last_seq) {
    struct bell *bell = context;
    bell_ring(bell, name, last_seq);
    /* A member may have left. */
    bell_end_former(bell, name);
}

void bell_ring_changed(struct bell *bell, struct db *db) {
    /* Changes that housekeeping or confabctl has made, without a list of the rooms. */
    if (bell)
        bell_names_changed(db, CHANGED_SECONDS, ring_changed, bell);
}
