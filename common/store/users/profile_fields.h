/*
 * profile_fields: the rules for the texts of a profile, the same for users, administrators, signed
 * tokens and the site's programs.
 *
 * Each function returns NULL for a valid value, else a static text that says what is wrong, for the
 * API's answer. Values are valid UTF-8 (text_is_valid).
 */
#ifndef CONFAB_COMMON_STORE_USERS_PROFILE_FIELDS_H
#define CONFAB_COMMON_STORE_USERS_PROFILE_FIELDS_H

#include "base/text.h"

#define PROFILE_NAME_POINTS 64
#define PROFILE_AVATAR_BYTES 512
#define PROFILE_LOCALE_BYTES 35
#define PROFILE_EMAIL_BYTES 254

/* A display name: 1 to 64 code points after trimming (text_trim, by the caller), in one line, of
 * which at least one can be seen. Controls and marks that change the direction of other text are
 * refused. */
const char *profile_fields_check_name(struct text name);

/* An address of a picture: https, a host without a user name, at most 512 bytes. `origins` is
 * avatar_origins, and must have the origin of the address unless it is empty. */
const char *profile_fields_check_avatar(struct text url, const char *origins);

/* A language tag in the form of RFC 5646 (BCP 47), such as de or pt-BR; at most 35 bytes. */
const char *profile_fields_check_locale(struct text locale);

/* An e-mail address, at most 254 bytes. Only its form is checked. */
const char *profile_fields_check_email(struct text email);

#endif
