/*
 * frame: a finished WebSocket frame (RFC 6455, section 5.2), made once and shared by all
 * sockets it goes to.
 */
#ifndef CONFAB_PUSHD_FRAME_H
#define CONFAB_PUSHD_FRAME_H

#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

struct frame {
    uint32_t refs;
    uint32_t count; /* events in it; more than one after frame_join */
    size_t len;
    unsigned char bytes[];
};

/* A text frame around a JSON text, unmasked, as servers send. The caller holds it. */
struct frame *frame_text(struct text json);

/* The JSON text in a frame of frame_text; belongs to the frame. */
struct text frame_json(const struct frame *frame);

/* The frames of one turn one behind the other, to be written at once. The caller holds the
 * new one, and still holds the others. */
struct frame *frame_join(struct frame *const *frames, size_t count);

/* One holder more; returns the frame. */
struct frame *frame_hold(struct frame *frame);

/* One holder less; the last one frees it. frame may be NULL. */
void frame_release(struct frame *frame);

#endif
