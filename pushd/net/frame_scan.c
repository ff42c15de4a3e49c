/*
 * frame_scan: a state machine over frame headers (RFC 6455, section 5.2). It is called with
 * whatever recv(2) returned, so a header or payload may come in any number of parts. Payloads are
 * skipped; those of pings are unmasked and copied. The bytes themselves are passed to
 * libwebsockets, with each ping changed to a pong.
 */
#include "net/frame_scan.h"

#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"

/* First byte of a header: the last frame of a message, and the type of the frame. */
#define FIN 0x80
#define OPCODE 0x0f
/* Second byte: whether a mask follows the length, and the length, or 126 or 127. */
#define MASKED 0x80
#define LENGTH 0x7f
/* Types of frames. */
#define CLOSE 0x8
#define PING 0x9
#define PONG 0xA
/* Every frame of a client has a mask. */
#define MASK_LEN 4

/* The length of a header as far as its first two bytes say. */
static size_t header_len(const unsigned char *header) {
    /* 126 announces a length of 2 bytes, 127 one of 8. */
    const unsigned len = header[1] & LENGTH;
    return 2 + (len == 127 ? 8u : len == 126 ? 2u : 0u) + MASK_LEN;
}

/* The length of the payload, from a header that is complete. */
static uint64_t payload_len(const unsigned char *header) {
    const unsigned len = header[1] & LENGTH;
    const size_t bytes = len == 127 ? 8 : len == 126 ? 2 : 0;
    uint64_t value = bytes ? 0 : len;
    /* In network byte order. */
    for (size_t i = 0; i < bytes; i++)
        value = value << 8 | header[2 + i];
    return value;
}

/* The payload is complete: reports a ping, and prepares for the next header. */
static void end_frame(struct frame_scan *scan, frame_scan_ping *ping, void *context) {
    if (scan->is_ping)
        ping(context, scan->payload, scan->ping_len);
    free(scan->payload);
    scan->payload = NULL;
    scan->header_len = scan->ping_len = 0;
    scan->in_payload = scan->is_ping = false;
}

/* The next bytes of the payload; returns how many belong to it. */
static size_t take_payload(struct frame_scan *scan, const unsigned char *bytes, size_t len) {
    const size_t part = scan->left < len ? (size_t)scan->left : len;
    /* The mask is the end of the header; it is applied from the start of the frame, not of each
     * part. */
    const unsigned char *mask = scan->header + scan->header_len - MASK_LEN;
    for (size_t i = 0; scan->is_ping && i < part; i++, scan->ping_len++)
        scan->payload[scan->ping_len] = bytes[i] ^ mask[scan->ping_len % MASK_LEN];
    scan->left -= part;
    return part;
}

/* The second byte of a header says that the frame is not masked, or that a close frame has half a
 * code. */
static bool is_bad(const unsigned char *header) {
    return !(header[1] & MASKED) || ((header[0] & OPCODE) == CLOSE && (header[1] & LENGTH) == 1);
}

/* The next byte of the header. A ping that is not valid is left to libwebsockets, which closes
 * the connection. False if the frame is bad. */
static bool take_header(struct frame_scan *scan, unsigned char *byte) {
    /* The first byte has to be changed before the second one says whether the ping is valid:
     * a pong that is not is refused alike. */
    if (scan->header_len == 0 && (*byte & (FIN | OPCODE)) == (FIN | PING)) {
        scan->is_ping = true;
        *byte = (unsigned char)((*byte & ~OPCODE) | PONG);
    }
    scan->header[scan->header_len++] = *byte;
    if (scan->header_len == 2 && is_bad(scan->header))
        return false;
    /* Too long for a control frame: its payload would not fit the buffer of pings. */
    if (scan->header_len == 2 && (*byte & LENGTH) > FRAME_SCAN_MAX_CONTROL)
        scan->is_ping = false;
    if (scan->header_len < 2 || scan->header_len < header_len(scan->header))
        return true;
    /* The header is complete. What follows is the payload, which may be empty. */
    scan->left = payload_len(scan->header);
    scan->in_payload = true;
    if (scan->is_ping)
        scan->payload = xcalloc(1, FRAME_SCAN_MAX_CONTROL);
    return true;
}

size_t frame_scan(struct frame_scan *scan, unsigned char *bytes, size_t len, frame_scan_ping *ping,
                  void *context) {
    size_t at = 0;
    while (at < len && !scan->is_bad) {
        if (scan->in_payload)
            at += take_payload(scan, bytes + at, len - at);
        else if (take_header(scan, bytes + at))
            at++;
        else
            scan->is_bad = true;
        /* Also right after the header of a frame without a payload. */
        if (scan->in_payload && scan->left == 0)
            end_frame(scan, ping, context);
    }
    return at;
}

void frame_scan_free(struct frame_scan *scan) {
    free(scan->payload);
    memset(scan, 0, sizeof(*scan));
}
