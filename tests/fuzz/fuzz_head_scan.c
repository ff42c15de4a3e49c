/*
 * fuzz_head_scan: the bytes of a head, cut at any place. However they are cut, the outcome is the
 * same, a head within the limits, and no byte is changed but a letter of a name.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../unit/support/fuzz_input.h"
#include "net/head_scan.h"

/* Scans a copy in pieces; returns the status. *used: bytes of the head. */
static unsigned scan_copy(const uint8_t *data, size_t size, size_t piece, struct head_scan *scan,
                          size_t *used) {
    unsigned status = 0;
    memset(scan, 0, sizeof(*scan));
    *used = 0;
    for (size_t at = 0; at < size && !status && !scan->complete; at += piece) {
        const size_t len = size - at < piece ? size - at : piece;
        size_t part = 0;
        unsigned char *copy = malloc(len);
        fuzz_require(copy != NULL, "malloc succeeds");
        memcpy(copy, data + at, len);
        status = head_scan(scan, copy, len, &part);
        fuzz_require(part <= len, "the head is part of the bytes");
        *used += part;
        for (size_t i = 0; i < len; i++)
            fuzz_require(copy[i] == data[at + i] || (data[at + i] | 0x20) == 's',
                         "only the name of extensions is changed");
        free(copy);
    }
    return status;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 2)
        return 0;
    struct head_scan whole, cut;
    size_t first, second;
    const unsigned status = scan_copy(data + 1, size - 1, size - 1, &whole, &first);
    fuzz_require(status == scan_copy(data + 1, size - 1, 1 + data[0], &cut, &second),
                 "the status is the same");
    fuzz_require(first == second && whole.complete == cut.complete &&
                     whole.own_tokens == cut.own_tokens && whole.users == cut.users,
                 "the head is the same");
    fuzz_require(status == 0 || status == 400 || status == 414 || status == 426 || status == 431,
                 "the status is one of these");
    fuzz_require(status || first <= HEAD_SCAN_MAX, "the head has room");
    fuzz_require(!whole.complete || memcmp(data + 1 + first - 4, "\r\n\r\n", 4) == 0,
                 "the head ends with an empty line");
    return 0;
}
