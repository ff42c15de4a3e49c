/*
 * gap_check: asks the database which streams have advanced. The positions of all open streams are
 * collected on the loop, then sent as JSON arrays, which the database joins with its own numbers;
 * it answers with the streams that differ. So a check of thousands of quiet streams is one
 * statement with an empty result.
 */
#include "channel/gap_check.h"

#include <stdlib.h>

#include "base/array.h"
#include "base/buffer.h"
#include "base/xalloc.h"

/* Streams of each kind in one statement. */
#define SLICE 1000

struct position {
    uint64_t id; /* of a room or user */
    uint64_t last_seq;
};

struct positions {
    struct position *items;
    size_t count, space;
};

struct gap_check {
    struct positions known[2]; /* by enum event_stream */
    enum error error;
    struct stream_head *heads;
    size_t count, space;
    gap_check_done *done;
    void *context;
};

struct gap_check *gap_check_new(void) {
    return xcalloc(1, sizeof(struct gap_check));
}

void gap_check_free(struct gap_check *check) {
    free(check->known[EVENT_STREAM_ROOM].items);
    free(check->known[EVENT_STREAM_USER].items);
    free(check->heads);
    free(check);
}

void gap_check_add(struct gap_check *check, enum event_stream kind, uint64_t id,
                   uint64_t last_seq) {
    /* One list for each kind, since their ids overlap. */
    struct positions *list = &check->known[kind];
    list->items = array_reserve(list->items, &list->space, list->count + 1, sizeof(*list->items));
    list->items[list->count++] = (struct position){id, last_seq};
}

size_t gap_check_count(const struct gap_check *check) {
    return check->known[EVENT_STREAM_ROOM].count + check->known[EVENT_STREAM_USER].count;
}

/* ---- on a thread ---- */

/* A stream whose end in the database is not the one that was asked about. */
static void add_head(void *context, const struct stream_head *head) {
    struct gap_check *check = context;
    check->heads =
        array_reserve(check->heads, &check->space, check->count + 1, sizeof(*check->heads));
    check->heads[check->count++] = *head;
}

/* A slice of the positions as JSON: [[id, last_seq], ...]. Valid until the buffer changes. */
static struct text write_slice(struct buffer *json, const struct positions *list, size_t begin) {
    buffer_clear(json);
    buffer_append_char(json, '[');
    for (size_t i = begin; i < list->count && i < begin + SLICE; i++) {
        buffer_append_str(json, i > begin ? ",[" : "[");
        buffer_append_u64(json, list->items[i].id);
        buffer_append_char(json, ',');
        buffer_append_u64(json, list->items[i].last_seq);
        buffer_append_char(json, ']');
    }
    buffer_append_char(json, ']');
    return (struct text){json->data, json->len};
}

/* On a thread: reads the ends of all streams that this process follows. */
static void query(struct gap_check *check, struct db *db) {
    const struct positions *rooms = &check->known[EVENT_STREAM_ROOM];
    const struct positions *users = &check->known[EVENT_STREAM_USER];
    struct buffer room_json = BUFFER_EMPTY, user_json = BUFFER_EMPTY;
    /* Each statement has a slice of rooms and one of users; either may be empty. */
    for (size_t at = 0; !check->error && (at < rooms->count || at < users->count); at += SLICE)
        check->error = user_log_moved(db, write_slice(&room_json, rooms, at),
                                      write_slice(&user_json, users, at), add_head, check);
    buffer_free(&room_json);
    buffer_free(&user_json);
}

/* In a cluster a room may be new at another node: one that is missing is queried again. */
static void check_work(void *job, struct db *db) {
    struct gap_check *check = job;
    bool is_missing = false, again = false;
    query(check, db);
    for (size_t i = 0; i < check->count; i++)
        is_missing = is_missing || !check->heads[i].exists;
    if (!check->error && is_missing)
        check->error = db_catch_up(db, &again);
    if (!again)
        return;
    check->count = 0;
    query(check, db);
}

/* ---- on the loop ---- */

/* On the loop. The result is valid during the call. */
static void check_done(void *job) {
    struct gap_check *check = job;
    const struct gap_check_result result = {check->error, check->heads, check->count};
    check->done(check->context, &result);
    gap_check_free(check);
}

void gap_check_run(struct gap_check *check, struct db_pool *db_pool, gap_check_done *done,
                   void *context) {
    check->done = done;
    check->context = context;
    db_pool_run(db_pool, check_work, check_done, check);
}
