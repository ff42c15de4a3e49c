/*
 * slack_text: the markup of Slack's messages as plain text.
 */
#ifndef CONFAB_CONFABCTL_IMPORT_SLACK_TEXT_H
#define CONFAB_CONFABCTL_IMPORT_SLACK_TEXT_H

#include "base/buffer.h"
#include "base/text.h"

/* Finds the name of a user (sign '@') or channel ('#') by its id; empty if there is none. */
typedef struct text slack_text_name(void *context, char sign, struct text id);

/* Appends the text with "<@U1>" and "<#C1|name>" as "@name" and "#name", "<!here>" as "@here",
 * "<http://a|b>" as "b (http://a)", and "&amp;", "&lt;" and "&gt;" as what they stand for. What is
 * not markup is copied. Valid UTF-8 stays valid. */
void slack_text_write(struct buffer *out, struct text text, slack_text_name *name, void *context);

#endif
