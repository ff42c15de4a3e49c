#include "net/send_queue.h"

#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"

#define FIRST_SPACE 8

static struct frame **slot(const struct send_queue *send_queue, uint32_t index) {
    return &send_queue->frames[(send_queue->first + index) % send_queue->space];
}

static void grow(struct send_queue *send_queue) {
    const uint32_t space = send_queue->space ? send_queue->space * 2 : FIRST_SPACE;
    struct frame **frames = xcalloc(space, sizeof(*frames));
    for (uint32_t i = 0; i < send_queue->count; i++)
        frames[i] = *slot(send_queue, i);
    free(send_queue->frames);
    send_queue->frames = frames;
    send_queue->first = 0;
    send_queue->space = space;
}

size_t send_queue_push(struct send_queue *send_queue, struct frame *frame) {
    if (send_queue->count == send_queue->space)
        grow(send_queue);
    *slot(send_queue, send_queue->count) = frame_hold(frame);
    send_queue->count++;
    send_queue->bytes += frame->len;
    return send_queue->bytes;
}

size_t send_queue_peek(const struct send_queue *send_queue, unsigned char *out, size_t size) {
    size_t filled = 0, skip = send_queue->sent;
    for (uint32_t i = 0; i < send_queue->count && filled < size; i++) {
        const struct frame *frame = *slot(send_queue, i);
        const size_t left = frame->len - skip;
        const size_t part = left < size - filled ? left : size - filled;
        memcpy(out + filled, frame->bytes + skip, part);
        filled += part;
        skip = 0;
    }
    return filled;
}

void send_queue_consume(struct send_queue *send_queue, size_t bytes) {
    send_queue->bytes -= bytes;
    send_queue->sent += bytes;
    while (send_queue->count > 0 && send_queue->sent >= (*slot(send_queue, 0))->len) {
        send_queue->sent -= (*slot(send_queue, 0))->len;
        frame_release(*slot(send_queue, 0));
        send_queue->first = (send_queue->first + 1) % send_queue->space;
        send_queue->count--;
    }
    if (send_queue->count == 0)
        send_queue_clear(send_queue);
}

void send_queue_clear(struct send_queue *send_queue) {
    for (uint32_t i = 0; i < send_queue->count; i++)
        frame_release(*slot(send_queue, i));
    free(send_queue->frames);
    memset(send_queue, 0, sizeof(*send_queue));
}
