/*
 * password_rule: which new passwords are refused because others try them first (NIST SP 800-63B,
 * 5.1.1.2). There are no rules about the kinds of characters.
 */
#ifndef CONFAB_COMMON_SECRETS_PASSWORD_RULE_H
#define CONFAB_COMMON_SECRETS_PASSWORD_RULE_H

#include <stdbool.h>

#include "base/text.h"

/* Whether a password is one of the most common ones, or the name of its user, both regardless of
 * the case of ASCII letters. An empty name equals no password. */
bool password_rule_is_too_common(struct text password, struct text username);

#endif
