/*
 * frame: an encoded WebSocket frame (RFC 6455, section 5.2), made once and shared, by
 * reference count, by all sockets that send it.
 */
#ifndef CONFAB_PUSHD_NET_FRAME_H
#define CONFAB_PUSHD_NET_FRAME_H

#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

struct frame {
    uint32_t refs;
    uint32_t count; /* frames in it; more than one after frame_join */
    size_t len;
    unsigned char bytes[];
};

/* Returns an unmasked text frame with a JSON text as its payload. The caller owns one
 * reference. */
struct frame *frame_text(struct text json);

/* Returns an unmasked pong with this payload, of up to 125 bytes; as frame_text. */
struct frame *frame_pong(const unsigned char *payload, size_t len);

/* The payload of a frame made by frame_text; belongs to the frame. */
struct text frame_json(const struct frame *frame);

/* Returns the bytes of several frames as one, to be sent with one write. The caller owns one
 * reference to it, and keeps those to the others. */
struct frame *frame_join(struct frame *const *frames, size_t count);

/* Adds a reference; returns the frame. */
struct frame *frame_hold(struct frame *frame);

/* Drops a reference; the last one frees the frame. frame may be NULL. */
void frame_release(struct frame *frame);

#endif
