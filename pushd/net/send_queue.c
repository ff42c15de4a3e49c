#include "net/send_queue.h"

#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"

#define FIRST_SPACE 8

static struct frame **slot(const struct outlet *outlet, uint32_t index) {
    return &outlet->frames[(outlet->first + index) % outlet->space];
}

static void grow(struct outlet *outlet) {
    const uint32_t space = outlet->space ? outlet->space * 2 : FIRST_SPACE;
    struct frame **frames = memory_zeroed(space, sizeof(*frames));
    for (uint32_t i = 0; i < outlet->count; i++)
        frames[i] = *slot(outlet, i);
    free(outlet->frames);
    outlet->frames = frames;
    outlet->first = 0;
    outlet->space = space;
}

size_t outlet_push(struct outlet *outlet, struct frame *frame) {
    if (outlet->count == outlet->space)
        grow(outlet);
    *slot(outlet, outlet->count) = frame_hold(frame);
    outlet->count++;
    outlet->bytes += frame->len;
    return outlet->bytes;
}

size_t outlet_peek(const struct outlet *outlet, unsigned char *out, size_t size) {
    size_t filled = 0, skip = outlet->sent;
    for (uint32_t i = 0; i < outlet->count && filled < size; i++) {
        const struct frame *frame = *slot(outlet, i);
        const size_t left = frame->len - skip;
        const size_t part = left < size - filled ? left : size - filled;
        memcpy(out + filled, frame->bytes + skip, part);
        filled += part;
        skip = 0;
    }
    return filled;
}

void outlet_take(struct outlet *outlet, size_t bytes) {
    outlet->bytes -= bytes;
    outlet->sent += bytes;
    while (outlet->count > 0 && outlet->sent >= (*slot(outlet, 0))->len) {
        outlet->sent -= (*slot(outlet, 0))->len;
        frame_release(*slot(outlet, 0));
        outlet->first = (outlet->first + 1) % outlet->space;
        outlet->count--;
    }
    if (outlet->count == 0)
        outlet_clear(outlet);
}

void outlet_clear(struct outlet *outlet) {
    for (uint32_t i = 0; i < outlet->count; i++)
        frame_release(*slot(outlet, i));
    free(outlet->frames);
    memset(outlet, 0, sizeof(*outlet));
}
