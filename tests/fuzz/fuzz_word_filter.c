/*
 * fuzz_word_filter: a list of words up to an empty line, a text in the rest. A masked text has as
 * many characters as before.
 */
#include <stdint.h>
#include <string.h>

#include "../unit/support/fuzz_input.h"
#include "unicode/word_filter.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct text rest = {(const char *)data, size};
    struct buffer list = BUFFER_EMPTY, problems = BUFFER_EMPTY, masked = BUFFER_EMPTY;
    struct text line;
    while (text_split(&rest, '\n', &line) && line.len > 0)
        buffer_printf(&list, "%.*s\n", (int)line.len, line.at);
    struct word_filter *filter =
        word_filter_parse((struct text){buffer_str(&list), list.len}, &problems);
    fuzz_require((filter == NULL) == (problems.len > 0), "a list is refused with a reason");
    if (filter && text_is_valid(rest.at, rest.len)) {
        const unsigned actions = word_filter_match(filter, rest, &masked);
        const struct text shown = {buffer_str(&masked), masked.len};
        if (actions & WORD_MASK)
            fuzz_require(text_is_valid(shown.at, shown.len) &&
                             text_code_points(shown) == text_code_points(rest),
                         "a masked text is as long as before");
        else
            fuzz_require(masked.len == 0, "nothing is masked without a word");
    }
    word_filter_free(filter);
    buffer_free(&list);
    buffer_free(&problems);
    buffer_free(&masked);
    return 0;
}
