/* frame: encoding of text and pong frames (RFC 6455, section 5.2), joining several into one run of
 * bytes, and reference counts. A server sends its frames unmasked, so one encoding serves all
 * sockets. */
#include "net/frame.h"

#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"

#define FIN_TEXT 0x81 /* first byte of an unfragmented text message */
/* First byte of a pong. */
#define FIN_PONG 0x8A
#define LEN_16 126 /* second byte: the length follows in 2 bytes */
#define LEN_64 127 /* ... or in 8 */
/* Two bytes and the longest length; a server's frame has no masking key. */
#define MAX_HEADER 10

/* A frame with space for len bytes; the caller fills it and sets frame->len. count: of WebSocket
 * frames in it. */
static struct frame *allocate(size_t len, uint32_t count) {
    struct frame *frame = xcalloc(1, sizeof(*frame) + len);
    frame->refs = 1;
    frame->count = count;
    return frame;
}

/* Writes the header; returns its length. The length of the payload takes 7, 16 or 64 bits,
 * whichever is the shortest that holds it. */
static size_t write_header(unsigned char *at, size_t len) {
    size_t bytes = len < LEN_16 ? 0 : len <= UINT16_MAX ? 2 : 8;
    at[0] = FIN_TEXT;
    at[1] = (unsigned char)(bytes == 0 ? len : bytes == 2 ? LEN_16 : LEN_64);
    /* In network byte order. */
    for (size_t i = 0; i < bytes; i++)
        at[2 + i] = (unsigned char)((uint64_t)len >> (8 * (bytes - 1 - i)));
    return 2 + bytes;
}

struct frame *frame_text(struct text json) {
    /* The header may be shorter than what is reserved for it: a few bytes stay unused. */
    struct frame *frame = allocate(MAX_HEADER + json.len, 1);
    const size_t header = write_header(frame->bytes, json.len);
    if (json.len > 0)
        memcpy(frame->bytes + header, json.at, json.len);
    frame->len = header + json.len;
    return frame;
}

struct frame *frame_pong(const unsigned char *payload, size_t len) {
    struct frame *frame = allocate(2 + len, 1);
    frame->bytes[0] = FIN_PONG;
    /* A control frame has at most 125 bytes, so the length always fits in 7 bits. */
    frame->bytes[1] = (unsigned char)len;
    if (len > 0)
        memcpy(frame->bytes + 2, payload, len);
    frame->len = 2 + len;
    return frame;
}

struct text frame_json(const struct frame *frame) {
    /* The mask bit is 0, so the second byte is the length, or says how many bytes of length
     * follow. */
    const unsigned char len = frame->bytes[1];
    const size_t header = len == LEN_64 ? MAX_HEADER : len == LEN_16 ? 4 : 2;
    return (struct text){(const char *)frame->bytes + header, frame->len - header};
}

struct frame *frame_join(struct frame *const *frames, size_t count) {
    size_t len = 0;
    uint32_t events = 0;
    for (size_t i = 0; i < count; i++) {
        len += frames[i]->len;
        events += frames[i]->count;
    }
    struct frame *joined = allocate(len, events);
    for (size_t i = 0; i < count; i++) {
        memcpy(joined->bytes + joined->len, frames[i]->bytes, frames[i]->len);
        joined->len += frames[i]->len;
    }
    return joined;
}

struct frame *frame_hold(struct frame *frame) {
    frame->refs++;
    return frame;
}

void frame_release(struct frame *frame) {
    if (frame && --frame->refs == 0)
        free(frame);
}
