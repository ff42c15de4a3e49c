/* send_queue: a ring of references to shared frames, read as one run of bytes. `sent` counts the
 * bytes of the first frame that are sent already; `bytes` is what is left in all frames. */
#include "net/send_queue.h"

#include <string.h>

/* The ring stores pointers to frames. */
static struct frame *frame_at(const struct send_queue *queue, uint32_t index) {
    return *(struct frame **)ring_at(&queue->frames, index);
}

size_t send_queue_push(struct send_queue *queue, struct frame *frame) {
    struct frame **slot = ring_push(&queue->frames, sizeof(struct frame *));
    *slot = frame_hold(frame);
    queue->bytes += frame->len;
    return queue->bytes;
}

size_t send_queue_peek(const struct send_queue *queue, unsigned char *out, size_t size) {
    size_t filled = 0, skip = queue->sent;
    /* Copies as many bytes as fit, across the borders of frames, so that one write takes many small
     * frames. */
    for (uint32_t i = 0; i < queue->frames.count && filled < size; i++) {
        const struct frame *frame = frame_at(queue, i);
        const size_t left = frame->len - skip;
        const size_t part = left < size - filled ? left : size - filled;
        memcpy(out + filled, frame->bytes + skip, part);
        filled += part;
        skip = 0; /* only the first frame can be sent in part */
    }
    return filled;
}

void send_queue_consume(struct send_queue *queue, size_t bytes) {
    queue->bytes -= bytes;
    queue->sent += bytes;
    /* Release the frames that are sent to their end. */
    while (queue->frames.count > 0) {
        struct frame *first = frame_at(queue, 0);
        if (queue->sent < first->len)
            return;
        queue->sent -= first->len;
        frame_release(first);
        ring_pop(&queue->frames);
    }
    /* Empty: give the ring's memory back, since most sockets rarely have a queue. */
    send_queue_clear(queue);
}

void send_queue_clear(struct send_queue *queue) {
    for (uint32_t i = 0; i < queue->frames.count; i++)
        frame_release(frame_at(queue, i));
    ring_free(&queue->frames);
    *queue = (struct send_queue){0};
}
