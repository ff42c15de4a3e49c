/*
 * fuzz_emoji: any bytes as an emoji, and as the list of reactions that the database writes. What
 * is found is UTF-8 of the table, with the bytes of the input but for selectors, and finds itself.
 */
#include <stdint.h>
#include <string.h>

#include "../unit/support/fuzz_input.h"
#include "store/messages/reaction.h"
#include "unicode/emoji.h"

static void check_emoji(struct text text) {
    struct text listed, again;
    if (!emoji_find(text, &listed))
        return;
    fuzz_require(text_is_valid(listed.at, listed.len), "it is UTF-8");
    fuzz_require(text.len > 0 && text.at[0] == listed.at[0], "it begins in the same way");
    fuzz_require(emoji_find(listed, &again) && again.at == listed.at, "it finds itself");
    /* Longer only by selectors for text, which the table has none of. */
    fuzz_require(text.len >= listed.len || (listed.len - text.len) % 3 == 0, "it lacks selectors");
}

static void check_list(struct text text) {
    struct text rest = text;
    struct reaction_total total;
    while (reaction_next(&rest, &total))
        fuzz_require(fuzz_is_inside(total.emoji, text), "the emoji is of the list");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct text rest = {(const char *)data, size};
    const struct text emoji = fuzz_line(&rest), list = fuzz_line(&rest);
    check_emoji(emoji);
    check_list(list);
    fuzz_free(emoji);
    fuzz_free(list);
    return 0;
}
