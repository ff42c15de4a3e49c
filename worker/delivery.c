/* One delivery to a hook: the JSON around the events, its signatures by Standard Webhooks
 * (HMAC-SHA256), and the pause before the next attempt. */
#include "delivery.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "json/json_writer.h"

/* The pause after the first failure, and the longest one. */
#define DELAY_MIN_MS 5000
#define DELAY_MAX_MS 3600000

struct delivery *delivery_new(const struct hook *hook, uint64_t room_id, struct text room_key,
                              uint64_t seq, uint64_t last_seq, const char *origin) {
    struct delivery *delivery = xcalloc(1, sizeof(*delivery));
    struct json_writer w = json_writer_start(&delivery->body);
    delivery->hook_id = hook->id;
    delivery->room_id = room_id;
    delivery->seq = seq;
    delivery->last_seq = last_seq;
    /* Copies: the texts of the hook belong to a row that is freed before the delivery is sent. */
    buffer_append(&delivery->url, hook->url.at, hook->url.len);
    memcpy(delivery->secrets[0], hook->secret, HOOK_SECRET_BYTES);
    memcpy(delivery->secrets[1], hook->old_secret, HOOK_SECRET_BYTES);
    /* For a day after a change the old secret signs as well. */
    delivery->secret_count = hook->has_old_secret ? 2 : 1;
    /* The same for each try, so that receivers recognize a repeated delivery. */
    snprintf(delivery->id, sizeof(delivery->id),
             "msg_%.16s_%" PRIu64 "_%" PRIu64 "_%" PRIu64 "_%" PRIu64, origin, hook->id, room_id,
             seq + 1, last_seq);
    /* The array of events stays open until delivery_end. */
    json_write_object(&w);
    json_write_member_u64(&w, "hook_id", hook->id);
    json_write_member_id(&w, "room_id", room_id);
    json_write_member_text_or_null(&w, "key", room_key);
    json_write_member_u64(&w, "first_seq", seq + 1);
    json_write_member_u64(&w, "last_seq", last_seq);
    json_write_key(&w, "events");
    json_write_array(&w);
    return delivery;
}

void delivery_end(struct delivery *delivery) {
    buffer_append_str(&delivery->body, "]}");
}

/* Writes "v1," and the base64 of the HMAC of "id.seconds.body". */
static void sign(const struct delivery *delivery, const unsigned char secret[HOOK_SECRET_BYTES],
                 int64_t seconds, char *out, size_t size) {
    crypto_auth_hmacsha256_state state;
    unsigned char mac[crypto_auth_hmacsha256_BYTES];
    char head[DELIVERY_ID_SIZE + 32];
    const size_t head_len =
        (size_t)snprintf(head, sizeof(head), "%s.%" PRId64 ".", delivery->id, seconds);
    crypto_auth_hmacsha256_init(&state, secret, HOOK_SECRET_BYTES);
    crypto_auth_hmacsha256_update(&state, (const unsigned char *)head, head_len);
    crypto_auth_hmacsha256_update(&state, (const unsigned char *)delivery->body.data,
                                  delivery->body.len);
    crypto_auth_hmacsha256_final(&state, mac);
    const int start = snprintf(out, size, "v1,");
    /* With padding, as the specification of Standard Webhooks has it. */
    sodium_bin2base64(out + start, size - (size_t)start, mac, sizeof(mac),
                      sodium_base64_VARIANT_ORIGINAL);
    /* The state contains the key. */
    sodium_memzero(&state, sizeof(state));
}

void delivery_sign(const struct delivery *delivery, int64_t seconds,
                   char out[DELIVERY_SIGNATURES_SIZE]) {
    /* One signature for each secret, separated by blanks. */
    size_t len = 0;
    for (size_t i = 0; i < delivery->secret_count; i++) {
        if (i > 0)
            out[len++] = ' ';
        sign(delivery, delivery->secrets[i], seconds, out + len, DELIVERY_SIGNATURES_SIZE - len);
        len = strlen(out);
    }
}

uint64_t delivery_delay_ms(uint64_t tries) {
    /* Ten doublings reach the hour. */
    const uint64_t doubled = (uint64_t)DELAY_MIN_MS << (tries < 10 ? tries : 10);
    const uint64_t delay = doubled < DELAY_MAX_MS ? doubled : DELAY_MAX_MS;
    /* Up to a tenth more or less, so that hooks that failed together are not tried together. */
    return delay - delay / 10 + randombytes_uniform((uint32_t)(delay / 5) + 1);
}

void delivery_free(struct delivery *delivery) {
    if (!delivery)
        return;
    /* Secrets are erased before the memory is freed. */
    sodium_memzero(delivery->secrets, sizeof(delivery->secrets));
    buffer_free(&delivery->url);
    buffer_free(&delivery->body);
    free(delivery);
}
