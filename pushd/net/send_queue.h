/*
 * send_queue: frames that wait to be written to one socket.
 *
 * The queue holds references to shared frames. It has no limit of its own: the owner checks
 * the size that send_queue_push returns. An empty queue owns no memory.
 */
#ifndef CONFAB_PUSHD_NET_SEND_QUEUE_H
#define CONFAB_PUSHD_NET_SEND_QUEUE_H

#include <stddef.h>

#include "base/ring.h"
#include "net/frame.h"

/* Zeroed it is empty. Callers read `bytes`; the rest is the queue's own. */
struct send_queue {
    struct ring frames; /* of struct frame * */
    size_t bytes;       /* not consumed yet */
    size_t sent;        /* bytes of the first frame that are consumed */
};

/* Appends a frame, with a reference of its own. Returns the bytes in the queue then. */
size_t send_queue_push(struct send_queue *queue, struct frame *frame);

/* Copies up to size bytes from the front into out; returns how many. They stay queued. */
size_t send_queue_peek(const struct send_queue *queue, unsigned char *out, size_t size);

/* Removes `bytes` from the front and releases the frames that are complete. */
void send_queue_consume(struct send_queue *queue, size_t bytes);

/* Releases all frames and frees the memory. */
void send_queue_clear(struct send_queue *queue);

#endif
