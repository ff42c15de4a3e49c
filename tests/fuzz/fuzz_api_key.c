/*
 * fuzz_api_key: an API key, X-Confab-User, a list of scopes and an address, one per line. A user
 * that is named has an id or a subject of the header; a list of scopes survives being written.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../unit/support/fuzz_input.h"
#include "base/xalloc.h"
#include "secrets/secret.h"
#include "store/site/api_key.h"

static void check_key(struct text key) {
    unsigned char hash[SECRET_HASH_SIZE];
    if (!secret_hash_api_key(key, hash))
        return;
    fuzz_require(secret_is_api_key(key) && key.len == SECRET_API_KEY_SIZE - 1, "it has the form");
    fuzz_require(!secret_hash_key(key, hash), "not taken for a token");
}

static void check_user(struct text header) {
    struct api_key_user user;
    if (!api_key_user_read(header, &user))
        return;
    fuzz_require(header.len < API_KEY_USER_SIZE || user.id > 0, "it fits where it is kept");
    fuzz_require(user.id > 0 || (user.subject.len > 0 && fuzz_is_inside(user.subject, header)),
                 "it has an id, or a subject of the header");
    fuzz_require(user.id <= INT64_MAX, "the id is possible");
}

static void check_scopes(struct text list) {
    char out[API_KEY_SCOPES_SIZE];
    unsigned scopes, again;
    if (!api_key_read_scopes(list, &scopes))
        return;
    api_key_write_scopes(scopes, out);
    fuzz_require(api_key_read_scopes(text_of(out), &again) && again == scopes, "it is the same");
}

static void check_address(struct text entry) {
    struct api_key key = {.id = 1};
    char *address = xstrndup(entry.at, entry.len);
    if (entry.len < sizeof(key.addresses))
        memcpy(key.addresses, entry.at, entry.len);
    /* Whatever the input is: a list without addresses allows no address. */
    if (entry.len > 0 && !api_key_address_is_valid(entry))
        api_key_allows_address(&key, address);
    free(address);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct text rest = {(const char *)data, size};
    const struct text key = fuzz_line(&rest), user = fuzz_line(&rest), scopes = fuzz_line(&rest),
                      address = fuzz_line(&rest);
    check_key(key);
    check_user(user);
    check_scopes(scopes);
    check_address(address);
    fuzz_free(key);
    fuzz_free(user);
    fuzz_free(scopes);
    fuzz_free(address);
    return 0;
}
