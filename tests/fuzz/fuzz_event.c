/*
 * fuzz_event: any bytes on channels of Redis that pushd listens to, through all that it has.
 *
 * Pieces of the input end with a byte 0xFF, which is in no text; the first byte of each
 * chooses the channel. What is no event costs nothing: every socket stays, is told nothing
 * of it, and gets what is said afterwards. What is one may be a lie, which nobody but the
 * listeners of that channel may suffer from.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../unit/support/fake_world.h"
#include "redis/event_validate.h"

struct run {
    struct fake_world world;
    uint64_t room, other_room;
    struct socket *in_room, *notified, *elsewhere;
    bool believed; /* something was an event */
};

static void require(bool holds, const char *what) {
    if (!holds) {
        fprintf(stderr, "fuzz_event: not so: %s\n", what);
        abort();
    }
}

static void begin(struct run *run) {
    memset(run, 0, sizeof(*run));
    fake_world_begin(&run->world);
    run->room = fake_store_add_room(&run->world.store, 1, true);
    run->other_room = fake_store_add_room(&run->world.store, 2, true);
    fake_store_invite(&run->world.store, run->room, 1, 3);
    fake_store_post(&run->world.store, run->room, 1);
    run->in_room = fake_world_join(&run->world, 1, run->room, NULL);
    run->notified = fake_world_join(&run->world, 3, 0, NULL);
    run->elsewhere = fake_world_join(&run->world, 2, run->other_room, NULL);
}

static struct text next_piece(struct text *rest) {
    const char *stop = memchr(rest->at, 0xFF, rest->len);
    const size_t len = stop ? (size_t)(stop - rest->at) : rest->len;
    const struct text piece = {rest->at, len};
    rest->at += len + (stop ? 1 : 0);
    rest->len -= len + (stop ? 1 : 0);
    return piece;
}

/* The channel is one that the socket elsewhere has nothing to do with. */
static void bring(struct run *run, struct text piece) {
    struct event_envelope envelope;
    if (piece.len == 0)
        return;
    const bool of_user = piece.at[0] & 1;
    const enum event_stream stream = of_user ? EVENT_STREAM_USER : EVENT_STREAM_ROOM;
    const uint64_t id = of_user ? (piece.at[0] & 2 ? 1 : 3) : run->room;
    const struct text payload = {piece.at + 1, piece.len - 1};
    run->believed = run->believed || event_validate(stream, payload, &envelope);
    fake_pubsub_send_bytes(run->world.pubsub, stream, id, payload);
    fake_world_settle(&run->world);
}

/* How many frames come that bear these words. */
static unsigned hears(struct socket *socket, const char *words) {
    unsigned count = 0;
    const char *json;
    while ((json = fake_socket_next(socket)))
        count += strstr(json, words) != NULL;
    return count;
}

static void forget(struct socket *socket) {
    while (fake_socket_next(socket)) {
    }
}

static void check(struct run *run) {
    struct fake_store *store = &run->world.store;
    if (!run->believed) {
        require(run->in_room->count == 1 && run->notified->count == 1, "nothing is told");
        require(run->in_room->close_code == 0 && run->notified->close_code == 0, "all stay");
    }
    require(run->elsewhere->close_code == 0, "who is elsewhere stays");
    forget(run->in_room);
    forget(run->notified);
    forget(run->elsewhere);
    const uint64_t here = fake_store_post(store, run->room, 1);
    char words[64];
    snprintf(words, sizeof(words), "%s", fake_store_words(here, 0));
    fake_world_settle(&run->world);
    require(run->believed || (hears(run->in_room, words) == 1 && hears(run->notified, words) == 1),
            "what is said is heard");
    const uint64_t there = fake_store_post(store, run->other_room, 2);
    snprintf(words, sizeof(words), "%s", fake_store_words(there, 0));
    fake_world_settle(&run->world);
    require(hears(run->elsewhere, words) == 1, "what is said elsewhere is heard there");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct run run;
    struct text rest = {(const char *)data, size};
    begin(&run);
    while (rest.len > 0)
        bring(&run, next_piece(&rest));
    check(&run);
    fake_socket_free(run.in_room);
    fake_socket_free(run.notified);
    fake_socket_free(run.elsewhere);
    fake_world_end(&run.world);
    return 0;
}
