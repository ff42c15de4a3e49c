/*
 * fuzz_clock: a time in RFC 3339 form. One that is read, and written again, is the same time.
 */
#include <stdint.h>

#include "../unit/support/fuzz_input.h"
#include "base/clock.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    char written[CLOCK_TEXT_SIZE];
    int64_t micros, again;
    if (!clock_parse((struct text){(const char *)data, size}, &micros))
        return 0;
    clock_format(micros, written);
    fuzz_require(clock_parse(text_of(written), &again), "a time that was written is read");
    fuzz_require(again == micros, "it is the same");
    return 0;
}
