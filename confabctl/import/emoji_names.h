/*
 * emoji_names: the names of emoji in Slack, Mattermost and Rocket.Chat, such as "thumbsup".
 */
#ifndef CONFAB_CONFABCTL_IMPORT_EMOJI_NAMES_H
#define CONFAB_CONFABCTL_IMPORT_EMOJI_NAMES_H

#include <stdbool.h>

#include "base/text.h"

/* Finds the emoji of a name. Colons around it, and a skin tone after "::", are ignored. *emoji is
 * static. False if the name is not in the list: it may be a custom emoji of that chat. */
bool emoji_of_name(struct text name, struct text *emoji);

#endif
