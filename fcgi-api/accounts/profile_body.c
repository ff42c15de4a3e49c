/* Fields of a profile: read as texts here, checked by store/users/profile_fields.h. */
#include "accounts/profile_body.h"

#include "rest/field.h"
#include "store/users/profile_fields.h"

/* Reads a text that may be null, which is none, and notes that it is given. True if there is a text
 * to check. */
static bool read_text(struct exchange *x, const char *name, enum profile_field field,
                      struct profile *profile, struct text *text) {
    /* null and an empty text both remove a value; null needs no check. */
    if (field_is_null(x, name)) {
        *text = (struct text){"", 0};
        profile->given |= field;
        return false;
    }
    if (!field_text(x, name, text))
        return false;
    profile->given |= field;
    return true;
}

/* Adds `problem` as the error of a field, if there is one. most_bytes: the limit in bytes, which
 * the schema does not check as it counts characters; 0: none. */
static void add_problem(struct exchange *x, const char *name, struct text value, size_t most_bytes,
                        const char *problem) {
    /* Problems of length have their own code, as those that the schema finds. */
    const bool is_too_long = most_bytes > 0 && value.len > most_bytes;
    if (problem)
        field_errors_add(&x->field_errors, name, is_too_long ? CODE_MAX_LENGTH : CODE_INVALID, "%s",
                         problem);
}

/* Whether any field is given that a site may keep for itself (profile_edit). */
bool profile_body_is_given(const struct exchange *x) {
    return field_is_given(x, "display_name") || field_is_given(x, "avatar_url") ||
           field_is_given(x, "locale");
}

void profile_body_read(struct exchange *x, struct profile *profile) {
    const char *origins = x->service->config->avatar_origins;
    if (read_text(x, "display_name", PROFILE_DISPLAY_NAME, profile, &profile->display_name))
        add_problem(x, "display_name", profile->display_name, 0,
                    profile_fields_check_name(profile->display_name));
    if (read_text(x, "avatar_url", PROFILE_AVATAR_URL, profile, &profile->avatar_url))
        add_problem(x, "avatar_url", profile->avatar_url, PROFILE_AVATAR_BYTES,
                    profile_fields_check_avatar(profile->avatar_url, origins));
    if (read_text(x, "locale", PROFILE_LOCALE, profile, &profile->locale))
        add_problem(x, "locale", profile->locale, 0, profile_fields_check_locale(profile->locale));
}

/* Apart from the others: only the site sets addresses without a mail that confirms them. */
void profile_body_read_email(struct exchange *x, struct profile *profile) {
    if (read_text(x, "email", PROFILE_EMAIL, profile, &profile->email))
        add_problem(x, "email", profile->email, PROFILE_EMAIL_BYTES,
                    profile_fields_check_email(profile->email));
}
