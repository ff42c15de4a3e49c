/* From claims to a change of the profile, which writes only what differs. */
#include "site/site_profile.h"

#include "store/users/profile.h"
#include "store/users/profile_fields.h"

/* Takes a claim that is given and fits; an empty one removes the value. */
static void take(struct profile *profile, enum profile_field field, struct text *to,
                 struct text claim, const char *problem) {
    if (!claim.at || (claim.len > 0 && problem))
        return;
    *to = claim;
    profile->given |= field;
}

/* A name beyond ASCII, and without "@", which would make it look like a mail address. */
static bool has_other_script(struct text name) {
    bool found = false;
    for (size_t i = 0; i < name.len; i++) {
        if (name.at[i] == '@')
            return false;
        found = found || (unsigned char)name.at[i] >= 0x80;
    }
    return found;
}

enum error site_profile_apply(struct exchange *x, const struct user *user, bool is_new,
                              const struct jwt_profile *claims) {
    const char *origins = x->service->config->avatar_origins;
    struct profile profile = {.given = 0};
    struct text name = text_trim(claims->name);
    bool changed;
    /* User names are ASCII; the name that the site asked for may be of any script, and is then
     * shown. Other names are not: one that is taken would appear twice, and a mail address would be
     * public. */
    if (is_new && !claims->name.at && has_other_script(claims->username))
        name = text_trim(claims->username);
    take(&profile, PROFILE_DISPLAY_NAME, &profile.display_name, name,
         profile_fields_check_name(name));
    take(&profile, PROFILE_AVATAR_URL, &profile.avatar_url, claims->picture,
         profile_fields_check_avatar(claims->picture, origins));
    take(&profile, PROFILE_LOCALE, &profile.locale, claims->locale,
         profile_fields_check_locale(claims->locale));
    take(&profile, PROFILE_EMAIL, &profile.email, claims->email,
         profile_fields_check_email(claims->email));
    /* email_verified belongs to the address of the same token; if the address is invalid, both are
     * left out. */
    if ((profile.given & PROFILE_EMAIL) || (claims->has_email_verified && !claims->email.at)) {
        profile.email_verified = claims->email_verified;
        profile.given |= PROFILE_EMAIL_VERIFIED;
    }
    /* None of the claims was given or fits: no statement. */
    return profile.given ? profile_set(x->service->db, user->id, &profile, &changed) : ERROR_NONE;
}
