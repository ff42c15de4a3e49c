/*
 * delivery: one request to a hook: its body, its id and its signatures, by the specification of
 * Standard Webhooks.
 *
 *   webhook-id         the same at each try of the same events of a room
 *   webhook-timestamp  seconds since 1970, of this try
 *   webhook-signature  "v1," and base64 of HMAC-SHA256 over "<id>.<timestamp>.<body>"; a second
 *                      one, after a blank, while a secret is being replaced
 */
#ifndef CONFAB_WORKER_DELIVERY_H
#define CONFAB_WORKER_DELIVERY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/text.h"
#include "store/followers/hook.h"

/* Room for an id and for the value of webhook-signature, with terminators. */
#define DELIVERY_ID_SIZE 112
#define DELIVERY_SIGNATURES_SIZE 112

struct delivery {
    uint64_t hook_id, room_id;
    uint64_t seq;      /* events after this one, */
    uint64_t last_seq; /* up to this one */
    uint64_t tries;    /* that have failed */
    uint64_t claim;    /* by which it was leased */
    unsigned char secrets[2][HOOK_SECRET_BYTES];
    size_t secret_count;
    char id[DELIVERY_ID_SIZE];
    struct buffer url, body;
};

/* Starts a delivery: the head of the body, up to the opening bracket of its events. `origin`
 * (store/server.h) is a part of the id, so that ids of a restored database differ from earlier
 * ones. Free it with delivery_free. */
struct delivery *delivery_new(const struct hook *hook, uint64_t room_id, struct text room_key,
                              uint64_t seq, uint64_t last_seq, const char *origin);

/* Ends the body after its events were appended to it. */
void delivery_end(struct delivery *delivery);

/* Writes the signatures of a try at this time. */
void delivery_sign(const struct delivery *delivery, int64_t seconds,
                   char out[DELIVERY_SIGNATURES_SIZE]);

/* The milliseconds until the next try after `tries` have failed: 5 s, doubling up to an hour, each
 * up to a tenth shorter or longer. */
uint64_t delivery_delay_ms(uint64_t tries);

/* Frees a delivery. */
void delivery_free(struct delivery *delivery);

#endif
