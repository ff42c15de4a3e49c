/*
 * emoji_names: the names of emoji in Slack, Mattermost and Rocket.Chat, such as "thumbsup".
 */
#ifndef CONFAB_CONFABCTL_IMPORT_EMOJI_NAMES_H
#define CONFAB_CONFABCTL_IMPORT_EMOJI_NAMES_H

#include <stdbool.h>

#include "base/text.h"

/* Finds the emoji of a name. Colons around it, and a skin tone after "::", are ignored. False if
 * the name is not in the list: it may be one of the pictures that a site adds itself. */
bool emoji_of_name(struct text name, struct text *emoji);

#endif
