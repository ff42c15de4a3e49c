/* Challenges signed by a key, and the check of proofs: the signature first, since all that it
 * covers was written here. */
#include "secrets/proof_of_work.h"

#include <inttypes.h>
#include <stdio.h>

#include "secrets/secret.h"

#define RANDOM_BYTES 8
#define SIGNATURE_LEN (SECRET_SIGNATURE_SIZE - 1)

void proof_of_work_challenge(struct text key, int64_t now_s,
                             char challenge[PROOF_OF_WORK_CHALLENGE_SIZE]) {
    char random[RANDOM_BYTES * 2 + 1], signature[SECRET_SIGNATURE_SIZE];
    secret_random_hex(random, RANDOM_BYTES);
    /* EXPIRES.RANDOM.SIGNATURE; the signature covers what is before it. */
    const int len = snprintf(challenge, PROOF_OF_WORK_CHALLENGE_SIZE - SECRET_SIGNATURE_SIZE,
                             "%" PRId64 ".%s", now_s + PROOF_OF_WORK_SECONDS, random);
    secret_sign(key, (struct text){challenge, (size_t)len}, signature);
    snprintf(challenge + len, SECRET_SIGNATURE_SIZE + 1, ".%s", signature);
}

bool proof_of_work_check(struct text key, struct text proof, uint64_t bits, int64_t now_s,
                         struct text *challenge, int64_t *expires_s) {
    struct text rest = proof, whole, until;
    uint64_t expires;
    /* A proof is the challenge, a colon, and what the client has found by trying. */
    if (!text_split(&rest, ':', &whole) || whole.len <= SIGNATURE_LEN)
        return false;
    struct text signed_part = {whole.at, whole.len - SIGNATURE_LEN - 1};
    const struct text signature = {whole.at + signed_part.len + 1, SIGNATURE_LEN};
    if (signed_part.at[signed_part.len] != '.' ||
        !secret_signature_is_valid(key, signed_part, signature))
        return false;
    /* The challenge was made here. It must not have expired, and the work must have been done. */
    if (!text_split(&signed_part, '.', &until) || !text_to_u64(until, &expires) ||
        expires > INT64_MAX || (int64_t)expires <= now_s || secret_zero_bits(proof) < bits)
        return false;
    *challenge = whole;
    *expires_s = (int64_t)expires;
    return true;
}
