/*
 * fuzz_forwarded: X-Forwarded-For and X-Forwarded-Proto, one per line. The address is that of the
 * peer or one in the header, in its one spelling, and text that a client puts in front does not
 * change the address of an untrusted hop.
 */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "../unit/support/fuzz_input.h"
#include "base/buffer.h"
#include "http/cidr.h"
#include "http/forwarded.h"

#define PEER "127.0.0.1"

static const char TRUSTED[] = "127.0.0.1, 10.0.0.0/8 ::1";

static void find(char address[FORWARDED_ADDRESS_SIZE], struct text header, const char *trusted) {
    memcpy(address, PEER, sizeof(PEER));
    forwarded_address(address, header, trusted);
    fuzz_require(memchr(address, '\0', FORWARDED_ADDRESS_SIZE) != NULL, "it is terminated");
    fuzz_require(address[0] != '\0', "it is not empty");
    char again[CIDR_ADDRESS_SIZE];
    fuzz_require(cidr_normalize(text_of(address), again) && strcmp(address, again) == 0,
                 "it is an address in its one spelling");
}

/* Returns the header with text of the client in front. */
static struct text put_before(struct buffer *out, const char *front, struct text header) {
    buffer_append_str(out, front);
    buffer_append(out, header.at, header.len);
    return (struct text){out->data, out->len};
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct text rest = {(const char *)data, size};
    const struct text addresses = fuzz_line(&rest), schemes = fuzz_line(&rest);
    struct buffer forged = BUFFER_EMPTY, forged_scheme = BUFFER_EMPTY;
    char address[FORWARDED_ADDRESS_SIZE], other[FORWARDED_ADDRESS_SIZE];
    find(address, addresses, TRUSTED);
    if (!cidr_list_contains(TRUSTED, address)) {
        find(other, put_before(&forged, "6.6.6.6,", addresses), TRUSTED);
        fuzz_require(strcmp(address, other) == 0, "a forged address changes nothing");
    }
    find(address, addresses, "");
    bool https = false;
    forwarded_scheme(put_before(&forged_scheme, "https,", schemes), &https);
    fuzz_require(!https, "a forged scheme changes nothing");
    forwarded_scheme(schemes, &https);
    fuzz_require(!https || schemes.len >= strlen("https"), "https is in the header");
    forwarded_peer(other, addresses);
    fuzz_require(memchr(other, '\0', sizeof(other)) != NULL, "a peer is terminated");
    buffer_free(&forged);
    buffer_free(&forged_scheme);
    fuzz_free(addresses);
    fuzz_free(schemes);
    return 0;
}
