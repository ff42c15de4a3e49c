/*
 * fuzz_slack_text: the markup of Slack. The result is valid UTF-8 if the text was.
 */
#include <stdint.h>

#include "../unit/support/fuzz_input.h"
#include "import/emoji_names.h"
#include "import/slack_text.h"

static struct text name_of(void *context, char sign, struct text id) {
    (void)context;
    fuzz_require(sign == '@' || sign == '#', "a name is of a user or channel");
    return text_of(id.len == 2 ? "someone" : "");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const struct text text = {(const char *)data, size};
    struct buffer out = BUFFER_EMPTY;
    struct text emoji;
    slack_text_write(&out, text, name_of, NULL);
    if (text_is_valid(text.at, text.len))
        fuzz_require(text_is_valid(buffer_str(&out), out.len), "a valid text stays valid");
    if (emoji_of_name(text, &emoji))
        fuzz_require(emoji.len > 0, "a name has an emoji");
    buffer_free(&out);
    return 0;
}
