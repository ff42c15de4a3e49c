/*
 * fuzz_stream: the events of a stream reordered, late, twice, never or invented, with a database
 * that answers at any time; and a send queue that is filled and emptied.
 *
 * The stream must deliver by rising number, each event once and without gaps, except where it is
 * asked to skip; its cache has the last events; no more events are pending than allowed. Bytes
 * leave the queue in the order in which they entered, all of them, and it knows its size. All
 * frames are freed.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "channel/stream.h"
#include "net/send_queue.h"

enum move { RECORD, RECEIVE, INVENT, ANSWER, FAIL, CHECK, SKIP, RECENT, PUSH, CONSUME, MOVES };

#define FETCH_LIMIT 8
#define QUEUE_SIZE 4096

struct run {
    struct stream stream;
    uint64_t head; /* events recorded */
    uint64_t last; /* delivered */
    bool fetching;
    uint64_t after;
    struct send_queue send_queue;
    unsigned char queue[QUEUE_SIZE]; /* what must be in send_queue */
    size_t queue_len;
    uint64_t visited;
};

static void require(bool holds, const char *what) {
    if (!holds) {
        fprintf(stderr, "fuzz_stream: failed: %s\n", what);
        abort();
    }
}

/* Messages, edits and deletions; each has its number as the text. */
static struct stream_event make_event(uint64_t seq) {
    static const unsigned TYPES[] = {EVENT_NEW_MESSAGE, EVENT_NEW_MESSAGE, EVENT_MESSAGE_EDITED,
                                     EVENT_MESSAGE_DELETED, EVENT_ROOM_UPDATED};
    char json[64];
    snprintf(json, sizeof(json), "{\"seq\":%ju}", (uintmax_t)seq);
    return (struct stream_event){.seq = seq,
                                 .type = TYPES[seq % 5],
                                 .actor_id = 1,
                                 .subject_id = seq / 2,
                                 .frame = frame_text(text_of(json))};
}

/* ---- hooks ---- */

static void deliver(struct stream *stream, const struct stream_event *event) {
    struct run *run = stream->owner;
    require(event->seq == run->last + 1, "each event is delivered once, in order, without gaps");
    run->last = event->seq;
}

static void fetch(struct stream *stream, uint64_t after) {
    struct run *run = stream->owner;
    require(!run->fetching, "one fetch at a time");
    require(after == run->last, "the fetch continues from the last event");
    run->fetching = true;
    run->after = after;
}

static const struct stream_hooks HOOKS = {deliver, fetch};

/* ---- moves ---- */

static void receive(struct run *run, uint64_t seq) {
    const struct stream_event event = make_event(seq);
    stream_receive(&run->stream, &event);
    frame_release(event.frame);
}

static void answer(struct run *run) {
    struct stream_event events[FETCH_LIMIT];
    size_t count = 0;
    if (!run->fetching)
        return;
    run->fetching = false;
    for (uint64_t seq = run->after + 1; seq <= run->head && count < FETCH_LIMIT; seq++)
        events[count++] = make_event(seq);
    stream_recorded(&run->stream, run->head);
    stream_fetched(&run->stream, events, count);
    for (size_t i = 0; i < count; i++)
        frame_release(events[i].frame);
}

static void skip(struct run *run, uint64_t seq) {
    run->last = seq;
    run->fetching = false;
    stream_skip(&run->stream, seq);
}

static void visit(void *context, const struct stream_event *event) {
    struct run *run = context;
    require(event->seq == run->visited + 1, "the cache has no gaps");
    run->visited = event->seq;
}

static void check_recent(struct run *run, uint64_t back) {
    const uint64_t after = run->last > back ? run->last - back : 0;
    run->visited = after;
    const bool has = stream_recent(&run->stream, after, visit, run);
    require(run->visited == (has ? run->last : after), "the cache is complete, or not visited");
}

static void push(struct run *run, size_t len) {
    char bytes[256];
    memset(bytes, 'a' + (int)(run->queue_len % 26), sizeof(bytes));
    struct frame *frame = frame_text((struct text){bytes, len});
    if (run->queue_len + frame->len <= QUEUE_SIZE) {
        memcpy(run->queue + run->queue_len, frame->bytes, frame->len);
        run->queue_len += frame->len;
        require(send_queue_push(&run->send_queue, frame) == run->queue_len,
                "the queue knows its size");
    }
    frame_release(frame);
}

static void consume(struct run *run, size_t wanted) {
    unsigned char out[256];
    const size_t len = send_queue_peek(&run->send_queue, out, wanted);
    require(len == (wanted < run->queue_len ? wanted : run->queue_len), "peek fills the buffer");
    require(memcmp(out, run->queue, len) == 0, "the bytes are in order");
    send_queue_consume(&run->send_queue, len);
    run->queue_len -= len;
    memmove(run->queue, run->queue + len, run->queue_len);
    require(run->send_queue.bytes == run->queue_len, "the queue knows what is left");
}

static void make_move(struct run *run, enum move move, uint64_t number) {
    switch (move) {
    case RECORD:
        run->head += 1 + number % 16;
        break;
    case RECEIVE: /* one of the last events recorded */
        if (run->head > 0)
            receive(run, run->head - number % (run->head < 80 ? run->head : 80));
        break;
    case INVENT: /* beyond the next one, so that it differs from recorded ones */
        receive(run, run->head + 2 + number * number * number);
        break;
    case ANSWER:
        answer(run);
        break;
    case FAIL:
        if (run->fetching)
            stream_fetch_failed(&run->stream);
        run->fetching = false;
        break;
    case CHECK:
        stream_update_head(&run->stream, run->head);
        break;
    case SKIP: /* over purged events; never beyond the last recorded one */
        if (run->fetching && run->head >= run->last + number % 64)
            skip(run, run->last + number % 64);
        break;
    case RECENT:
        check_recent(run, number);
        break;
    case PUSH:
        push(run, number);
        break;
    default:
        consume(run, number);
    }
    require(run->stream.pending.count <= STREAM_PENDING, "pending events are bounded");
    require(run->stream.recent.count <= STREAM_RECENT, "the cache is bounded");
    require(run->stream.last_seq == run->last, "last_seq is that of the last event");
}

/* Enough fetches bring the stream to the last event recorded. */
static void settle(struct run *run) {
    for (uint64_t i = 0; i <= run->head / FETCH_LIMIT + 4; i++) {
        stream_update_head(&run->stream, run->head);
        answer(run);
    }
    require(run->last >= run->head, "all events are delivered in the end");
    require(!run->fetching, "no fetch is pending in the end");
    consume(run, 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct run *run = xcalloc(1, sizeof(*run));
    const size_t started = size > 0 ? data[0] : 0;
    stream_init(&run->stream, EVENT_STREAM_ROOM, 1, &HOOKS, run);
    for (size_t i = 1; i + 1 < size; i += 2) {
        if (i / 2 == started % 16)
            stream_start(&run->stream, run->last = run->head);
        make_move(run, data[i] % MOVES, data[i + 1]);
    }
    if (!run->stream.known)
        stream_start(&run->stream, run->last = run->head);
    settle(run);
    stream_clear(&run->stream);
    send_queue_clear(&run->send_queue);
    free(run);
    return 0;
}
