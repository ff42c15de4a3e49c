/*
 * frame_scan: finds the frames (RFC 6455, section 5.2) in the bytes that a client sends, before
 * libwebsockets handles them. Plain code.
 *
 * libwebsockets accepts frames that are not masked and close frames of one byte (a code has two),
 * and of several pings answers the first one only. So the scan stops at the first bad frame, and
 * takes pings: it keeps the payload of the last one, and turns each into a pong, which
 * libwebsockets ignores.
 */
#ifndef CONFAB_PUSHD_NET_FRAME_SCAN_H
#define CONFAB_PUSHD_NET_FRAME_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The longest payload of a control frame. */
#define FRAME_SCAN_MAX_CONTROL 125

/* Where the scan of one connection is. Zeroed it is at the beginning of a frame. */
struct frame_scan {
    uint64_t left;            /* bytes of the payload that have not come */
    unsigned char header[14]; /* of the present frame, as far as it has come */
    unsigned char header_len;
    unsigned char ping_len; /* of the present frame's payload so far, if it is a ping */
    bool in_payload;
    bool is_ping;
    bool is_bad;            /* a bad frame began: nothing after it is handed on */
    unsigned char *payload; /* of the present ping; NULL: none */
};

/* Called for each ping that is complete. */
typedef void frame_scan_ping(void *context, const unsigned char *payload, size_t len);

/* Scans bytes, which follow those of the last call, and changes pings to pongs. Returns how many
 * of them to hand on: all, or those up to the first byte of a bad frame. */
size_t frame_scan(struct frame_scan *scan, unsigned char *bytes, size_t len, frame_scan_ping *ping,
                  void *context);

/* Frees the memory; the scan is zeroed then. */
void frame_scan_free(struct frame_scan *scan);

#endif
