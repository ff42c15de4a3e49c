/*
 * fuzz_event: any bytes on Redis channels that pushd is subscribed to, through a whole pushd.
 *
 * Messages end with a byte 0xFF, which no text contains; the first byte of each chooses the
 * channel. Malformed events must have no effect: all sockets stay open, receive nothing of them,
 * and receive later messages. A valid but false event may affect subscribers of its channel only.
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
    bool accepted; /* at least one was a valid event */
};

static void require(bool holds, const char *what) {
    if (!holds) {
        fprintf(stderr, "fuzz_event: failed: %s\n", what);
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

/* On a channel that the socket elsewhere is not subscribed to. */
static void publish(struct run *run, struct text piece) {
    struct event_envelope envelope;
    if (piece.len == 0)
        return;
    const bool of_user = piece.at[0] & 1;
    const enum event_stream stream = of_user ? EVENT_STREAM_USER : EVENT_STREAM_ROOM;
    const uint64_t id = of_user ? (piece.at[0] & 2 ? 1 : 3) : run->room;
    const struct text payload = {piece.at + 1, piece.len - 1};
    run->accepted = run->accepted || event_validate(stream, payload, &envelope);
    fake_pubsub_send_bytes(run->world.pubsub, stream, id, payload);
    fake_world_settle(&run->world);
}

/* The number of frames that contain a text. */
static unsigned count_frames(struct socket *socket, const char *body) {
    unsigned count = 0;
    const char *json;
    while ((json = fake_socket_next(socket)))
        count += strstr(json, body) != NULL;
    return count;
}

static void skip_frames(struct socket *socket) {
    while (fake_socket_next(socket)) {
    }
}

static void check(struct run *run) {
    struct fake_store *store = &run->world.store;
    if (!run->accepted) {
        require(run->in_room->count == 1 && run->notified->count == 1, "nothing is sent");
        require(run->in_room->close_code == 0 && run->notified->close_code == 0,
                "sockets stay open");
    }
    require(run->elsewhere->close_code == 0, "the socket elsewhere stays open");
    skip_frames(run->in_room);
    skip_frames(run->notified);
    skip_frames(run->elsewhere);
    const uint64_t here = fake_store_post(store, run->room, 1);
    char body[64];
    snprintf(body, sizeof(body), "%s", fake_store_words(here, 0));
    fake_world_settle(&run->world);
    require(run->accepted ||
                (count_frames(run->in_room, body) == 1 && count_frames(run->notified, body) == 1),
            "a later message is received");
    const uint64_t there = fake_store_post(store, run->other_room, 2);
    snprintf(body, sizeof(body), "%s", fake_store_words(there, 0));
    fake_world_settle(&run->world);
    require(count_frames(run->elsewhere, body) == 1, "a message elsewhere is received there");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct run run;
    struct text rest = {(const char *)data, size};
    begin(&run);
    while (rest.len > 0)
        publish(&run, next_piece(&rest));
    check(&run);
    fake_socket_free(run.in_room);
    fake_socket_free(run.notified);
    fake_socket_free(run.elsewhere);
    fake_world_end(&run.world);
    return 0;
}
