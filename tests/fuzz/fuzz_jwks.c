/*
 * fuzz_jwks: a JWK set, as a site answers it, and the address of a hook. Each key that is read
 * has an algorithm with a public key and checks signatures without a fault; a refused body has a
 * reason. A valid address has no blanks.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../unit/support/fuzz_input.h"
#include "base/buffer.h"
#include "jwt/jwt_keys.h"
#include "secrets/secret.h"
#include "store/followers/hook.h"

static void check_keys(struct text body) {
    static const unsigned char SIGNATURE[256] = {1, 2, 3};
    struct buffer problems = BUFFER_EMPTY;
    struct jwt_keys *keys = jwt_keys_parse_jwks(body, &problems);
    fuzz_require(keys ? problems.len == 0 : problems.len > 0, "a refused body has a reason");
    for (size_t i = 0; keys && i < jwt_keys_count(keys); i++) {
        const struct jwt_key *key = jwt_keys_at(keys, i);
        const enum jwt_algorithm algorithm = jwt_key_algorithm(key);
        unsigned char mac[JWT_MAC_SIZE];
        fuzz_require(algorithm != JWT_NO_ALGORITHM && algorithm != JWT_HS256, "it is public");
        fuzz_require(!jwt_key_sign(key, body, mac), "a public key does not sign");
        jwt_key_verify(key, body, SIGNATURE, sizeof(SIGNATURE));
    }
    jwt_keys_free(keys);
    buffer_free(&problems);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct text rest = {(const char *)data, size};
    const struct text line = fuzz_line(&rest);
    if (!secret_init())
        abort();
    if (hook_url_is_valid(line)) {
        fuzz_require(line.len >= 8 && line.len <= HOOK_URL_MAX, "an address has a host");
        fuzz_require(!memchr(line.at, ' ', line.len), "an address has no blank");
    }
    check_keys(line);
    check_keys(rest);
    fuzz_free(line);
    return 0;
}
