/*
 * fuzz_frame_scan: the bytes of a client, cut at any place. However they are cut, the same pings
 * are heard, and what is handed on differs from the input in the first bytes of pings alone.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../unit/support/fuzz_input.h"
#include "net/frame_scan.h"

struct heard {
    uint64_t count, sum;
};

static void on_ping(void *context, const unsigned char *payload, size_t len) {
    struct heard *heard = context;
    fuzz_require(len <= FRAME_SCAN_MAX_CONTROL, "a ping is short");
    heard->count++;
    for (size_t i = 0; i < len; i++)
        heard->sum = heard->sum * 31 + payload[i];
}

/* Scans a copy in pieces; returns how many bytes are handed on. */
static size_t scan_copy(const uint8_t *data, size_t size, size_t piece, struct heard *heard) {
    struct frame_scan scan;
    size_t handed = 0;
    memset(&scan, 0, sizeof(scan));
    for (size_t at = 0; at < size; at += piece) {
        const size_t len = size - at < piece ? size - at : piece;
        unsigned char *copy = malloc(len);
        fuzz_require(copy != NULL, "malloc succeeds");
        memcpy(copy, data + at, len);
        handed += frame_scan(&scan, copy, len, on_ping, heard);
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
    struct heard whole = {0}, cut = {0};
    const size_t first = scan_copy(data + 1, size - 1, size - 1, &whole);
    const size_t second = scan_copy(data + 1, size - 1, 1 + data[0], &cut);
    fuzz_require(whole.count == cut.count && whole.sum == cut.sum, "the same pings are heard");
    fuzz_require(first == second, "the same bytes are handed on");
    return 0;
}
