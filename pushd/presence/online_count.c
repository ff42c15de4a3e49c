/*
 * online_count: for each room the sockets of each user here, and the number of users elsewhere as
 * Redis last gave it. One command gives Redis the number of this process and returns that of all
 * others, so that it is repeated for every open room: soon after a change here, else every few
 * seconds.
 */
#include "presence/online_count.h"

#include <stdlib.h>

#include "base/idmap.h"
#include "base/xalloc.h"

/* Redis is queried this long after the last query, if the number here has changed since, or not. */
#define CHANGED_MS 1000
#define UNCHANGED_MS 5000
/* A change of less than one in SMALL is reported this late: else every socket to a room of
 * thousands would get a frame every second. */
#define SMALL 100
#define SMALL_MS 30000

struct room {
    struct idmap users; /* user id -> number of sockets here */
    uint64_t others;    /* users of other pushd processes */
    uint64_t reported;  /* the number that the sockets here were sent last */
    int64_t reported_ms;
    int64_t queried_ms;
    uint32_t pending; /* commands that Redis has not answered */
    bool open;        /* there are sockets here, or about to be */
    bool known;       /* Redis has answered, or is unavailable */
    bool opening;     /* online_count_open has not returned yet */
    bool changed;     /* the number here, since Redis was queried */
};

struct online_counts {
    const struct online_count_hooks *hooks;
    struct idmap rooms; /* room id -> room */
};

/* A command to Redis; freed with the reply. */
struct request {
    struct online_counts *counts;
    uint64_t room_id;
};

static struct room *find(const struct online_counts *counts, uint64_t room_id) {
    return idmap_get(&counts->rooms, room_id);
}

static uint64_t sum_of(const struct room *room) {
    return room->others + idmap_count(&room->users);
}

static void free_room(struct room *room) {
    idmap_free(&room->users);
    free(room);
}

/* Sends the number to the sockets here, if they need to know it. */
static void report(const struct online_counts *counts, uint64_t room_id, struct room *room) {
    const uint64_t sum = sum_of(room);
    const uint64_t difference = sum > room->reported ? sum - room->reported : room->reported - sum;
    const int64_t now_ms = counts->hooks->now_ms();
    if (difference == 0 ||
        (difference * SMALL < room->reported && now_ms - room->reported_ms < SMALL_MS))
        return;
    room->reported = sum;
    room->reported_ms = now_ms;
    counts->hooks->notify(counts->hooks->context, room_id, sum);
}

/* Redis has answered with the users elsewhere, or has not answered. */
static void on_counted(void *context, bool ok, uint64_t others) {
    const struct request request = *(struct request *)context;
    struct online_counts *counts = request.counts;
    struct room *room = find(counts, request.room_id);
    free(context);
    room->pending--;
    /* The room was closed: the last reply frees it. */
    if (!room->open) {
        if (room->pending == 0)
            free_room(idmap_remove(&counts->rooms, request.room_id));
        return;
    }
    /* Without Redis nothing is known of the others. */
    room->others = ok ? others : 0;
    if (room->known) {
        report(counts, request.room_id, room);
        return;
    }
    /* Sockets learn the first number from `connected`; it is not sent as a change. */
    room->known = true;
    room->reported = sum_of(room);
    room->reported_ms = counts->hooks->now_ms();
    /* Within online_count_open its return value says so. */
    if (!room->opening)
        counts->hooks->ready(counts->hooks->context, request.room_id);
}

/* Sends the number here to Redis, 0 for a closed room, and gets that of others. */
static void query(struct online_counts *counts, uint64_t room_id, struct room *room) {
    struct request *request = xcalloc(1, sizeof(*request));
    *request = (struct request){counts, room_id};
    /* Before the command, which may be answered at once if there is no connection. */
    room->pending++;
    room->changed = false;
    room->queried_ms = counts->hooks->now_ms();
    counts->hooks->count(counts->hooks->pubsub, room_id, room->open ? idmap_count(&room->users) : 0,
                         on_counted, request);
}

/* ---- rooms and users ---- */

bool online_count_open(struct online_counts *counts, uint64_t room_id) {
    struct room *room = find(counts, room_id);
    if (!room) {
        room = xcalloc(1, sizeof(*room));
        idmap_put(&counts->rooms, room_id, room);
    }
    if (room->open)
        return room->known;
    /* The number may be known before query() returns: then it is not reported as ready. */
    room->open = room->opening = true;
    query(counts, room_id, room);
    room->opening = false;
    return room->known;
}

void online_count_close(struct online_counts *counts, uint64_t room_id) {
    struct room *room = find(counts, room_id);
    if (!room || !room->open)
        return;
    idmap_free(&room->users);
    /* A reply that is still under way is that of an earlier query. */
    room->open = room->known = false;
    /* Redis learns that no user is left; the reply frees the room. */
    query(counts, room_id, room);
}

void online_count_add(struct online_counts *counts, uint64_t room_id, uint64_t user_id,
                      bool is_only) {
    struct room *room = find(counts, room_id);
    /* Further sockets of a user change nothing. */
    if (!room || !room->open || idmap_increment(&room->users, user_id) > 1)
        return;
    room->changed = true;
    /* Viewers, who are not counted, may have been sent another number. */
    if (is_only)
        room->reported = sum_of(room);
}

void online_count_remove(struct online_counts *counts, uint64_t room_id, uint64_t user_id) {
    struct room *room = find(counts, room_id);
    if (room && room->open && idmap_counter(&room->users, user_id) > 0 &&
        idmap_decrement(&room->users, user_id) == 0)
        room->changed = true;
}

uint64_t online_count_of(const struct online_counts *counts, uint64_t room_id) {
    const struct room *room = find(counts, room_id);
    return room ? sum_of(room) : 0;
}

/* ---- time ---- */

struct keys {
    uint64_t *list;
    size_t count;
};

static void add_key(void *context, uint64_t room_id, void *room) {
    struct keys *keys = context;
    (void)room;
    keys->list[keys->count++] = room_id;
}

void online_counts_tick(struct online_counts *counts) {
    const int64_t now_ms = counts->hooks->now_ms();
    /* Walks a copy: hooks may close rooms. */
    struct keys keys = {xcalloc(idmap_count(&counts->rooms), sizeof(*keys.list)), 0};
    idmap_each(&counts->rooms, add_key, &keys);
    for (size_t i = 0; i < keys.count; i++) {
        struct room *room = find(counts, keys.list[i]);
        /* One command at a time. */
        if (room && room->open && room->pending == 0 &&
            now_ms - room->queried_ms >= (room->changed ? CHANGED_MS : UNCHANGED_MS))
            query(counts, keys.list[i], room);
    }
    free(keys.list);
}

/* ---- beginning and end ---- */

struct online_counts *online_counts_new(const struct online_count_hooks *hooks) {
    struct online_counts *counts = xcalloc(1, sizeof(*counts));
    counts->hooks = hooks;
    return counts;
}

static void free_each(void *context, uint64_t room_id, void *room) {
    (void)context;
    (void)room_id;
    free_room(room);
}

void online_counts_free(struct online_counts *counts) {
    idmap_each(&counts->rooms, free_each, NULL);
    idmap_free(&counts->rooms);
    free(counts);
}
