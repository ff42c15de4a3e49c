/*
 * fuzz_profile: a display name, an address of a picture, a language and an address of mail, one per
 * line, then a list of origins. What is accepted has the form that the page and headers rely on.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../unit/support/fuzz_input.h"
#include "base/xalloc.h"
#include "http/origin.h"
#include "store/users/profile_fields.h"

static void check_name(struct text name) {
    if (profile_fields_check_name(name))
        return;
    const size_t points = text_code_points(name);
    fuzz_require(text_is_valid(name.at, name.len), "a name is UTF-8 without NUL");
    fuzz_require(points >= 1 && points <= PROFILE_NAME_POINTS, "it has 1 to 64 characters");
    fuzz_require(text_trim(name).len > 0, "it is more than white space");
    for (size_t i = 0; i < name.len; i++)
        fuzz_require((unsigned char)name.at[i] >= 0x20, "it is one line");
}

static void check_avatar(struct text url, const char *origins) {
    struct text origin;
    if (profile_fields_check_avatar(url, origins))
        return;
    fuzz_require(url.len <= PROFILE_AVATAR_BYTES, "an address has at most 512 bytes");
    fuzz_require(origin_of_url(url, &origin) && origin_is_https(origin), "of https");
    for (size_t i = 0; i < url.len; i++)
        fuzz_require(!memchr(" \"'<>\\\n\r\t", url.at[i], 9), "it can be in an attribute");
}

static void check_others(struct text locale, struct text email) {
    if (!profile_fields_check_locale(locale))
        for (size_t i = 0; i < locale.len; i++)
            fuzz_require(locale.at[i] > 0x20 && locale.at[i] < 0x7F, "a language is ASCII");
    if (!profile_fields_check_email(email))
        fuzz_require(email.len >= 3 && !memchr(email.at, ' ', email.len), "mail has two parts");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct text rest = {(const char *)data, size};
    const struct text name = fuzz_line(&rest), url = fuzz_line(&rest), locale = fuzz_line(&rest),
                      email = fuzz_line(&rest), list = fuzz_line(&rest);
    char *origins = xstrndup(list.at, list.len);
    check_name(name);
    check_avatar(url, origins);
    check_avatar(url, "");
    check_others(locale, email);
    free(origins);
    fuzz_free(name);
    fuzz_free(url);
    fuzz_free(locale);
    fuzz_free(email);
    fuzz_free(list);
    return 0;
}
