/*
 * head_scan: the head of a request (RFC 9112), scanned before libwebsockets reads it. Plain code.
 *
 * libwebsockets answers some heads with a page in HTML and ends the connection after others. The
 * scan finds them first, so that pushd can answer in JSON. What it accepts, libwebsockets parses
 * to the end.
 */
#ifndef CONFAB_PUSHD_NET_HEAD_SCAN_H
#define CONFAB_PUSHD_NET_HEAD_SCAN_H

#include <stdbool.h>
#include <stddef.h>

/* The longest head, and the longest target, in bytes. */
#define HEAD_SCAN_MAX 19456
#define HEAD_SCAN_MAX_TARGET 8192

/* libwebsockets has a place for each header and for each parameter of the target: the most
 * separators of parameters, and the most of these and headers together. */
#define HEAD_SCAN_MAX_SEPARATORS 39
#define HEAD_SCAN_MAX_PIECES 80

/* Where the scan of one head is. Zeroed it is at the beginning. */
struct head_scan {
    bool complete;       /* the empty line has come */
    unsigned own_tokens; /* headers X-Confab-Token so far */
    unsigned users;      /* headers X-Confab-User so far */
    unsigned state, len, target_len, separators, pieces;
    unsigned char escape;   /* the first digit of an escape in the target */
    unsigned char word_len; /* of the method, version, or name or value of a header: */
    char word[32];          /* its beginning */
    bool is_upgrade;        /* the present header is Upgrade */
};

/* Scans bytes, which follow those of the last call; *used is how many of them belong to the head.
 * Hides Sec-WebSocket-Extensions from libwebsockets, which ends the connection if the list is
 * long: changes a letter of the name. Returns 0, or the status to answer with: 400, 414, 426 or
 * 431; nothing more may be scanned then. */
unsigned head_scan(struct head_scan *scan, unsigned char *bytes, size_t len, size_t *used);

#endif
