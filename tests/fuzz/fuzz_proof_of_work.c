/*
 * fuzz_proof_of_work: a proof of work, as sent, and what a client could make of a challenge. Only
 * what is signed is ever accepted.
 */
#include <stdint.h>

#include "../unit/support/fuzz_input.h"
#include "base/buffer.h"
#include "secrets/proof_of_work.h"
#include "secrets/secret.h"

#define NOW 1764467318

static bool check(struct text proof, struct text *challenge) {
    int64_t expires_s;
    return proof_of_work_check(text_of("key"), proof, 0, NOW, challenge, &expires_s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct text rest = {(const char *)data, size}, found;
    char signature[SECRET_SIGNATURE_SIZE];
    const struct text line = fuzz_line(&rest);
    fuzz_require(secret_init(), "libsodium");
    fuzz_require(!check(line, &found), "it is not signed");
    /* The same, signed: parsed to the end, and accepted only as a time that is to come. */
    secret_sign(text_of("key"), line, signature);
    struct buffer proof = BUFFER_EMPTY;
    buffer_append(&proof, line.at, line.len);
    buffer_append_str(&proof, ".");
    buffer_append_str(&proof, signature);
    buffer_append_str(&proof, ":1");
    const struct text whole = {proof.data, proof.len};
    if (check(whole, &found))
        fuzz_require(fuzz_is_inside(found, whole) && found.len > line.len,
                     "the challenge is a part of it");
    buffer_free(&proof);
    fuzz_free(line);
    return 0;
}
