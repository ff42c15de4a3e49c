/*
 * send_queue: frames that wait for one socket that does not take them as fast as they come.
 *
 * Plain code over references to shared frames; what goes over the limit is for the owner to
 * act on. An idle socket has an empty send_queue, which owns no memory.
 */
#ifndef CONFAB_PUSHD_OUTLET_H
#define CONFAB_PUSHD_OUTLET_H

#include <stddef.h>
#include <stdint.h>

#include "net/frame.h"

struct send_queue {
    struct frame **frames; /* a ring */
    uint32_t first, count, space;
    size_t bytes; /* waiting in all */
    size_t sent;  /* of the first frame, gone already */
};

/* Puts a frame at the end, holding it. Returns the bytes waiting then. */
size_t send_queue_push(struct send_queue *send_queue, struct frame *frame);

/* Copies up to size bytes from the front into out, without taking them; returns how many. */
size_t send_queue_peek(const struct send_queue *send_queue, unsigned char *out, size_t size);

/* Takes `bytes` off the front and releases the frames that are through. */
void send_queue_consume(struct send_queue *send_queue, size_t bytes);

/* Releases everything and gives the memory back. */
void send_queue_clear(struct send_queue *send_queue);

#endif
