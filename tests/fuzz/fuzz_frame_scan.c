/*
 * fuzz_frame_scan: the bytes of a client, cut at any place. However they are cut, the same pings
 * are found, and the bytes that are passed on differ from the input only in the first bytes of
 * pings.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../unit/support/fuzz_input.h"
#include "net/frame_scan.h"

struct pings {
    uint64_t count, sum;
};

static void on_ping(void *context, const unsigned char *payload, size_t len) {
    struct pings *pings = context;
    fuzz_require(len <= FRAME_SCAN_MAX_CONTROL, "a ping is short");
    pings->count++;
    for (size_t i = 0; i < len; i++)
        pings->sum = pings->sum * 31 + payload[i];
}

/* Scans a copy in pieces; returns how many bytes are handed on. */
static size_t scan_copy(const uint8_t *data, size_t size, size_t piece, struct pings *pings) {
    struct frame_scan scan;
    size_t handed = 0;
    memset(&scan, 0, sizeof(scan));
    for (size_t at = 0; at < size; at += piece) {
        const size_t len = size - at < piece ? size - at : piece;
        unsigned char *copy = malloc(len);
        fuzz_require(copy != NULL, "malloc succeeds");
        memcpy(copy, data + at, len);
        handed += frame_scan(&scan, copy, len, on_ping, pings);
        for (size_t i = 0; i < len; i++)
            fuzz_require(copy[i] == data[at + i] || (data[at + i] & 0x8f) == 0x89,
                         "only pings are changed");
        free(copy);
    }
    frame_scan_free(&scan);
    return handed;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 2)
        return 0;
    struct pings whole = {0}, cut = {0};
    const size_t first = scan_copy(data + 1, size - 1, size - 1, &whole);
    const size_t second = scan_copy(data + 1, size - 1, 1 + data[0], &cut);
    fuzz_require(whole.count == cut.count && whole.sum == cut.sum, "the same pings are found");
    fuzz_require(first == second, "the same bytes are handed on");
    return 0;
}
