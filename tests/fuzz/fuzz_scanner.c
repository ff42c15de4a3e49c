/*
 * fuzz_scanner: answers of clamd. Only what ends as an answer does is clean.
 */
#include <stdint.h>

#include "../unit/support/fuzz_input.h"
#include "scanner.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const struct text answer = {(const char *)data, size};
    const enum scanner_result result = scanner_read_answer(answer);
    fuzz_require(result != SCANNER_CLEAN || fuzz_contains(answer, text_of(": OK")), "clean");
    fuzz_require(result != SCANNER_FOUND || fuzz_contains(answer, text_of(" FOUND")), "found");
    return 0;
}
