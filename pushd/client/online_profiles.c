/* A map of JSON objects by user id, and one query at a time that reads those wanted. Requests that
 * come while it runs wait for the next one, so that what they get was read after they came. */
#include "client/online_profiles.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/clock.h"
#include "base/idmap.h"
#include "base/xalloc.h"
#include "event/serialize.h"
#include "store/users/profile.h"

/* In a list of more users than this, a profile read within FRESH_MS is not read again: otherwise
 * every socket to a room of thousands would read thousands. */
#define LONG_LIST 200
#define FRESH_MS 5000

/* Entries are forgotten this long after they were read. */
#define KEPT_MS 60000

struct entry {
    int64_t read_ms;
    size_t len;
    char json[];
};

struct waiter {
    online_profiles_done *done;
    void *context;
};

struct waiters {
    struct waiter *list;
    size_t count, space;
};

struct online_profiles {
    struct db_pool *db_pool;
    struct idmap entries; /* user id -> entry */
    struct idmap wanted;  /* a counter for each id of the next query */
    struct waiters waiting;
    bool is_reading;
    int64_t forget_at_ms;
};

/* A query; the thread writes `json` and `found`. */
struct read_job {
    struct online_profiles *profiles;
    struct waiters waiters;
    uint64_t *ids;
    size_t count;
    struct found {
        uint64_t user_id;
        size_t end; /* of its object in json; it begins at the end of the one before */
    } * found;
    size_t found_count;
    struct buffer json;
};

struct online_profiles *online_profiles_new(struct db_pool *db_pool) {
    struct online_profiles *profiles = xcalloc(1, sizeof(*profiles));
    profiles->db_pool = db_pool;
    return profiles;
}

static bool free_entry(void *context, uint64_t user_id, void *value) {
    (void)context;
    (void)user_id;
    free(value);
    return false;
}

void online_profiles_free(struct online_profiles *profiles) {
    idmap_filter(&profiles->entries, free_entry, NULL);
    idmap_free(&profiles->entries);
    idmap_free(&profiles->wanted);
    free(profiles->waiting.list);
    free(profiles);
}

/* ---- the query, on a thread ---- */

/* The text is copied: the row ends with the call. */
static void keep_found(void *context, const struct profile *profile) {
    struct read_job *job = context;
    /* Each object on its own: no comma between them. */
    struct json_writer w = json_writer_start(&job->json);
    serialize_online(&w, profile);
    job->found[job->found_count++] = (struct found){profile->user_id, job->json.len};
}

static void read_work(void *context, struct db *db) {
    struct read_job *job = context;
    /* After an error those that were read before are shown; the socket is let in all the same. */
    profile_list(db, job->ids, job->count, keep_found, job);
}

/* ---- on the loop ---- */

static void read_done(void *context);

static void add_id(void *context, uint64_t user_id, void *value) {
    struct read_job *job = context;
    (void)value;
    job->ids[job->count++] = user_id;
}

/* Begins to read the profiles that are wanted now. */
static void start(struct online_profiles *profiles) {
    struct read_job *job = xcalloc(1, sizeof(*job));
    const size_t count = idmap_count(&profiles->wanted);
    job->profiles = profiles;
    job->ids = xreallocarray(NULL, count, sizeof(*job->ids));
    job->found = xreallocarray(NULL, count, sizeof(*job->found));
    /* The ids and the waiters move to the job; what comes from now on is for the next one. */
    idmap_each(&profiles->wanted, add_id, job);
    idmap_free(&profiles->wanted);
    job->waiters = profiles->waiting;
    memset(&profiles->waiting, 0, sizeof(profiles->waiting));
    profiles->is_reading = true;
    db_pool_run(profiles->db_pool, read_work, read_done, job);
}

/* Replaces the entry of the user. */
static void put(struct online_profiles *profiles, uint64_t user_id, struct text json,
                int64_t now_ms) {
    struct entry *entry = xcalloc(1, sizeof(*entry) + json.len);
    entry->read_ms = now_ms;
    entry->len = json.len;
    memcpy(entry->json, json.at, json.len);
    free(idmap_put(&profiles->entries, user_id, entry));
}

/* For idmap_filter: frees what is too old. */
static bool is_kept(void *context, uint64_t user_id, void *value) {
    const int64_t *now_ms = context;
    struct entry *entry = value;
    (void)user_id;
    if (*now_ms - entry->read_ms < KEPT_MS)
        return true;
    free(entry);
    return false;
}

/* The profiles are read: keeps them, and calls back those who wait. */
static void read_done(void *context) {
    struct read_job *job = context;
    struct online_profiles *profiles = job->profiles;
    int64_t now_ms = clock_monotonic_ms();
    size_t start_at = 0;
    /* The objects follow each other; each ends where the next begins. */
    for (size_t i = 0; i < job->found_count; i++) {
        const size_t end = job->found[i].end;
        put(profiles, job->found[i].user_id,
            (struct text){job->json.data + start_at, end - start_at}, now_ms);
        start_at = end;
    }
    if (now_ms >= profiles->forget_at_ms) {
        idmap_filter(&profiles->entries, is_kept, &now_ms);
        profiles->forget_at_ms = now_ms + KEPT_MS;
    }
    /* The next query first: the database works on it while these are called back. */
    profiles->is_reading = false;
    if (profiles->waiting.count > 0)
        start(profiles);
    for (size_t i = 0; i < job->waiters.count; i++)
        job->waiters.list[i].done(job->waiters.list[i].context);
    free(job->waiters.list);
    free(job->ids);
    free(job->found);
    buffer_free(&job->json);
    free(job);
}

bool online_profiles_read(struct online_profiles *profiles, const uint64_t *ids, size_t count,
                          online_profiles_done *done, void *context) {
    const int64_t now_ms = clock_monotonic_ms();
    bool is_wanted = false;
    for (size_t i = 0; i < count; i++) {
        const struct entry *entry = idmap_get(&profiles->entries, ids[i]);
        /* Short lists are always read again, so that a new name is seen at once. */
        if (count > LONG_LIST && entry && now_ms - entry->read_ms < FRESH_MS)
            continue;
        /* A set: several sockets may want the same user. */
        if (idmap_counter(&profiles->wanted, ids[i]) == 0)
            idmap_increment(&profiles->wanted, ids[i]);
        is_wanted = true;
    }
    if (!is_wanted)
        return false;
    struct waiters *waiting = &profiles->waiting;
    waiting->list =
        array_reserve(waiting->list, &waiting->space, waiting->count + 1, sizeof(*waiting->list));
    waiting->list[waiting->count++] = (struct waiter){done, context};
    if (!profiles->is_reading)
        start(profiles);
    return true;
}

struct text online_profiles_find(const struct online_profiles *profiles, uint64_t user_id) {
    const struct entry *entry = idmap_get(&profiles->entries, user_id);
    return entry ? (struct text){entry->json, entry->len} : (struct text){NULL, 0};
}
