/* The rules for names, addresses of pictures, languages and addresses of mail. A display name is
 * shown within other texts, so it must not be invisible, break the line, or change the direction of
 * the text that follows. Each check returns the sentence that the API answers with, or NULL if the
 * value is valid. */
#include "store/users/profile_fields.h"

#include "http/origin.h"

/* ---- names ---- */

struct range {
    uint32_t first, last;
};

/* Controls, line separators, marks of direction that reach beyond themselves, and noncharacters
 * (those at the end of each plane are found by their last bits). */
static const struct range REFUSED[] = {
    {0x00, 0x1F}, {0x7F, 0x9F}, {0x2028, 0x202E}, {0x2066, 0x2069}, {0xFDD0, 0xFDEF}};

/* Characters that show nothing by themselves: white space, fillers, joiners, combining marks,
 * variation selectors, tags. Many are parts of ordinary names, but none is a name. */
static const struct range UNSEEN[] = {
    {0x20, 0x20},       {0xA0, 0xA0},       {0xAD, 0xAD},       {0x300, 0x36F},
    {0x61C, 0x61C},     {0x115F, 0x1160},   {0x1680, 0x1680},   {0x17B4, 0x17B5},
    {0x180B, 0x180F},   {0x1AB0, 0x1AFF},   {0x1DC0, 0x1DFF},   {0x2000, 0x200F},
    {0x202F, 0x202F},   {0x205F, 0x206F},   {0x20D0, 0x20FF},   {0x2800, 0x2800},
    {0x3000, 0x3000},   {0x3164, 0x3164},   {0xFE00, 0xFE0F},   {0xFE20, 0xFE2F},
    {0xFEFF, 0xFEFF},   {0xFFA0, 0xFFA0},   {0xFFF0, 0xFFFB},   {0x1BCA0, 0x1BCA3},
    {0x1D159, 0x1D159}, {0x1D173, 0x1D17A}, {0xE0000, 0xE0FFF},
};

/* Whether a code point is in one of the ranges. */
static bool is_in(uint32_t point, const struct range *ranges, size_t count) {
    /* Some thirty ranges: a linear search is enough. */
    for (size_t i = 0; i < count; i++)
        if (point >= ranges[i].first && point <= ranges[i].last)
            return true;
    return false;
}

const char *profile_fields_check_name(struct text name) {
    bool is_seen = false;
    size_t points = 0, size;
    for (size_t i = 0; i < name.len; i += size, points++) {
        /* Also counts characters, which is what the limit is in. */
        uint32_t point;
        size = text_decode(name.at + i, name.len - i, &point);
        if (size == 0)
            return "Not a valid string.";
        /* U+xxFFFE and U+xxFFFF of each plane are noncharacters. */
        if ((point & 0xFFFE) == 0xFFFE ||
            is_in(point, REFUSED, sizeof(REFUSED) / sizeof(REFUSED[0])))
            return "Control characters and marks of text direction are not allowed.";
        is_seen = is_seen || !is_in(point, UNSEEN, sizeof(UNSEEN) / sizeof(UNSEEN[0]));
    }
    if (points > PROFILE_NAME_POINTS)
        return "Ensure this field has no more than 64 characters.";
    return is_seen ? NULL : "A name needs a character that can be seen.";
}

/* ---- pictures ---- */

/* A character that a URL may have after its origin. Browsers encode those beyond ASCII. */
static bool is_url_character(char c) {
    const unsigned char byte = (unsigned char)c;
    /* Characters that browsers would encode, or that could end an attribute of HTML, are
     * refused. */
    return byte > 0x20 && byte != 0x7F && !strchr("\"'<>\\^`{|}", c);
}

/* The list may leave out the default port; the address may have it. */
static bool is_listed(const char *origins, struct text origin) {
    static const char PORT[] = ":443";
    const size_t port = sizeof(PORT) - 1;
    /* Listed as it is written. */
    if (origin_list_contains(origins, origin))
        return true;
    if (origin.len <= port || memcmp(origin.at + origin.len - port, PORT, port) != 0)
        return false;
    return origin_list_contains(origins, (struct text){origin.at, origin.len - port});
}

const char *profile_fields_check_avatar(struct text url, const char *origins) {
    static const char NOT_HTTPS[] = "Enter an address that begins with https://.";
    /* The schema holds as many bytes. */
    struct text origin;
    if (url.len > PROFILE_AVATAR_BYTES)
        return "Ensure this field has no more than 512 bytes.";
    /* A host without user name and password: origin_is_valid refuses the "@". */
    if (!origin_of_url(url, &origin) || !origin_is_https(origin))
        return NOT_HTTPS;
    for (size_t i = origin.len; i < url.len; i++)
        if (!is_url_character(url.at[i]))
            return "Enter a valid URL.";
    /* Without words the list is empty, whatever separators it has. */
    struct text rest = text_of(origins), entry;
    if (text_next_word(&rest, ORIGIN_LIST_SEPARATORS, &entry) && !is_listed(origins, origin))
        return "Pictures from this address are not allowed here.";
    return NULL;
}

/* ---- languages ---- */

const char *profile_fields_check_locale(struct text locale) {
    static const char NOT_TAG[] = "Enter a language tag, such as de or pt-BR.";
    size_t start = 0;
    if (locale.len > PROFILE_LOCALE_BYTES)
        return NOT_TAG;
    /* Subtags of 1 to 8 letters and digits; the first, the language, is of 2 to 8 letters. BCP 47
     * in its plain form; which tags are registered is not checked. The end of the text ends the
     * last subtag. */
    for (size_t i = 0; i <= locale.len; i++) {
        if (i < locale.len && locale.at[i] != '-') {
            if (!text_is_letter(locale.at[i]) && !(text_is_digit(locale.at[i]) && start > 0))
                return NOT_TAG;
            continue;
        }
        if (i - start < (start > 0 ? 1 : 2) || i - start > 8)
            return NOT_TAG;
        start = i + 1;
    }
    return NULL;
}

/* ---- mail ---- */

const char *profile_fields_check_email(struct text email) {
    static const char NOT_MAIL[] = "Enter a valid email address.";
    /* Nothing more is checked: only a mail shows whether the address works. */
    const char *at = email.len > 0 ? memchr(email.at, '@', email.len) : NULL;
    /* Something before and after one "@"; no white space and no controls. */
    if (email.len > PROFILE_EMAIL_BYTES)
        return "Ensure this field has no more than 254 bytes.";
    if (!at || at == email.at || at == email.at + email.len - 1)
        return NOT_MAIL;
    for (const char *c = email.at; c < email.at + email.len; c++)
        if ((unsigned char)*c <= 0x20 || *c == 0x7F || (*c == '@' && c != at))
            return NOT_MAIL;
    return NULL;
}
