/* RFC 4226 with the time as the counter; HMAC-SHA-1 by libcrypto. */
#include <inttypes.h>
#include <openssl/evp.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

#include "secrets/totp.h"

#define STEP_S 30
#define DIGITS (TOTP_CODE_SIZE - 1)
#define MAC_SIZE 20

void totp_base32(const unsigned char secret[TOTP_SECRET_SIZE], char out[TOTP_BASE32_SIZE]) {
    static const char LETTERS[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    for (size_t i = 0; i < TOTP_BASE32_SIZE - 1; i++) {
        /* Five bits, which begin at bit 5 * i and may continue in the next byte. */
        const size_t bit = 5 * i, byte = bit / 8;
        const unsigned next = byte + 1 < TOTP_SECRET_SIZE ? secret[byte + 1] : 0;
        const unsigned pair = (unsigned)secret[byte] << 8 | next;
        out[i] = LETTERS[pair >> (11 - bit % 8) & 31];
    }
    out[TOTP_BASE32_SIZE - 1] = '\0';
}

void totp_code(const unsigned char secret[TOTP_SECRET_SIZE], uint64_t step,
               char code[TOTP_CODE_SIZE]) {
    unsigned char counter[8], mac[MAC_SIZE];
    size_t size = 0;
    /* RFC 4226, section 5.1: the counter in eight bytes, the most significant one first. */
    for (size_t i = 0; i < sizeof(counter); i++)
        counter[i] = (unsigned char)(step >> (56 - 8 * i));
    /* It fails only without memory. */
    if (!EVP_Q_mac(NULL, "HMAC", NULL, "SHA1", NULL, secret, TOTP_SECRET_SIZE, counter,
                   sizeof(counter), mac, sizeof(mac), &size) ||
        size != sizeof(mac))
        abort();
    /* "Dynamic truncation": four bytes at the place that the last one names. */
    const unsigned at = mac[MAC_SIZE - 1] & 15;
    /* 31 bits: the highest one is left out, since it would be a sign in some languages. */
    const uint32_t number = ((uint32_t)mac[at] & 127) << 24 | (uint32_t)mac[at + 1] << 16 |
                            (uint32_t)mac[at + 2] << 8 | mac[at + 3];
    snprintf(code, TOTP_CODE_SIZE, "%06" PRIu32, number % 1000000);
}

bool totp_find(const unsigned char secret[TOTP_SECRET_SIZE], int64_t now_s, uint64_t used_step,
               struct text code, uint64_t *step) {
    char expected[TOTP_CODE_SIZE];
    /* At least 1, so that there is a step before it. */
    const uint64_t now = now_s > STEP_S ? (uint64_t)now_s / STEP_S : 1;
    bool found = false;
    if (code.len != DIGITS)
        return false;
    /* Used in the future: the clock was set back meanwhile. */
    if (used_step > now + 1)
        used_step = 0;
    /* One step early or late, since clocks differ (RFC 6238, section 5.2). */
    for (uint64_t at = now - 1; at <= now + 1; at++) {
        totp_code(secret, at, expected);
        /* Compared in constant time; of several equal codes the earliest step counts. */
        if (sodium_memcmp(expected, code.at, DIGITS) == 0 && at > used_step && !found) {
            *step = at;
            found = true;
        }
    }
    return found;
}
