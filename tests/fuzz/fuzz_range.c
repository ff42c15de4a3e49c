/*
 * fuzz_range: the header Range. A part lies within the content and is not empty; anything else
 * leaves the whole.
 */
#include <stdint.h>

#include "../unit/support/fuzz_input.h"
#include "http/range.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const uint64_t SIZES[] = {1, 2, 10, 1000000, UINT64_MAX};
    struct text rest = {(const char *)data, size};
    const struct text header = fuzz_line(&rest);
    for (size_t i = 0; i < sizeof(SIZES) / sizeof(SIZES[0]); i++) {
        uint64_t from, len;
        const enum range_kind kind = range_read(header, SIZES[i], &from, &len);
        fuzz_require(kind == RANGE_PART || (from == 0 && len == SIZES[i]), "the whole");
        fuzz_require(kind != RANGE_PART || (len > 0 && from < SIZES[i] && len <= SIZES[i] - from),
                     "a part is within the content");
    }
    fuzz_free(header);
    return 0;
}
