/*
 * emoji: the emoji that Unicode recommends for interchange (RGI), as emoji-test.txt lists them.
 */
#ifndef CONFAB_COMMON_UNICODE_EMOJI_H
#define CONFAB_COMMON_UNICODE_EMOJI_H

#include <stdbool.h>

#include "base/text.h"

/* True if the text is one emoji of the list, and nothing else; *listed is then its fully qualified
 * form, which stays valid. Missing or repeated variation selectors (U+FE0E, U+FE0F) after a
 * character make no difference. */
bool emoji_find(struct text text, struct text *listed);

#endif
