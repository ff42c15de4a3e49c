/* A login ignores claims of the profile that do not fit (fcgi-api/site/site_profile.c), and claims
 * with other names, which may be misspelt. Notes change nothing: the token is judged by
 * command_jwt.c. */
#include "commands/site/jwt_notes.h"

#include <stdint.h>
#include <string.h>

#include <json-c/json.h>

#include "base/edit_distance.h"
#include "command.h"
#include "store/users/profile_fields.h"

/* Those that confab reads, the registered claims of RFC 7519 among them. */
static const char *const CLAIMS[] = {"iss",
                                     "sub",
                                     "aud",
                                     "exp",
                                     "nbf",
                                     "iat",
                                     "jti",
                                     "name",
                                     "rooms",
                                     "picture",
                                     "locale",
                                     "email",
                                     "preferred_username",
                                     "rooms_only",
                                     "email_verified"};
static const char *const ROOM_MEMBERS[] = {"key", "name", "role", "private"};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* ---- the profile ---- */

/* Functions of one signature, for the table below. */
static const char *avatar_problem(struct text url, const struct config *config) {
    return profile_fields_check_avatar(url, config->avatar_origins);
}

static const char *name_problem(struct text name, const struct config *config) {
    (void)config;
    return profile_fields_check_name(text_trim(name));
}

static const char *locale_problem(struct text locale, const struct config *config) {
    (void)config;
    return profile_fields_check_locale(locale);
}

static const char *email_problem(struct text email, const struct config *config) {
    (void)config;
    return profile_fields_check_email(email);
}

static const struct {
    const char *claim;
    const char *(*problem)(struct text value, const struct config *config); /* NULL: any text */
} PROFILE[] = {{"name", name_problem},
               {"picture", avatar_problem},
               {"locale", locale_problem},
               {"email", email_problem},
               {"preferred_username", NULL}};

/* null and the empty text remove what was stored. */
static void note_profile(const struct config *config, struct json_object *claims) {
    /* A claim that is absent or null has no note. */
    for (size_t i = 0; i < COUNT(PROFILE); i++) {
        struct json_object *value = NULL;
        const char *problem = NULL;
        if (!json_object_object_get_ex(claims, PROFILE[i].claim, &value) || !value)
            continue;
        if (!json_object_is_type(value, json_type_string))
            problem = "It is not a string.";
        /* The empty text removes the value and is not checked. */
        else if (PROFILE[i].problem && json_object_get_string_len(value) > 0)
            problem = PROFILE[i].problem(text_of(json_object_get_string(value)), config);
        if (problem)
            cli_message("note: the claim %s is ignored: %s", PROFILE[i].claim, problem);
    }
}

/* A login ignores email_verified if it is not a boolean. */
static void note_verified(struct json_object *claims) {
    struct json_object *value = NULL;
    if (json_object_object_get_ex(claims, "email_verified", &value) &&
        !json_object_is_type(value, json_type_boolean))
        cli_message("note: the claim email_verified is ignored: It is not true or false.");
}

/* ---- other names ---- */

/* Prints a note about a claim with an unknown name. */
static void note_name(const char *where, const char *name, const char *const *known, size_t count) {
    const struct text written = text_of(name);
    const char *nearest = NULL;
    /* The most similar known name, if it is similar enough. */
    size_t least = SIZE_MAX;
    for (size_t i = 0; i < count; i++) {
        const size_t distance = edit_distance(written, text_of(known[i]));
        if (strcmp(name, known[i]) == 0)
            return;
        if (distance < least) {
            least = distance;
            nearest = known[i];
        }
    }
    /* A name from outside is shown without the characters that would steer the terminal. */
    char shown[EDIT_DISTANCE_MAX + 1];
    size_t len = 0;
    for (; len < EDIT_DISTANCE_MAX && name[len] != '\0'; len++)
        shown[len] = name[len] > ' ' && name[len] < 0x7f ? name[len] : '?';
    shown[len] = '\0';
    if (nearest && edit_distance_is_near(written, least))
        cli_message("note: %s%s is ignored; did you mean %s?", where, shown, nearest);
    else
        cli_message("note: %s%s is ignored: confab does not use it", where, shown);
}

/* Prints a note for each member of an object whose name is not known. */
static void note_names(const char *where, struct json_object *object, const char *const *known,
                       size_t count) {
    json_object_object_foreach(object, name, value) {
        (void)value;
        note_name(where, name, known, count);
    }
}

void jwt_notes_print(const struct config *config, struct json_object *claims) {
    struct json_object *rooms = NULL;
    note_profile(config, claims);
    note_verified(claims);
    note_names("the claim ", claims, CLAIMS, COUNT(CLAIMS));
    /* Errors in rooms of another form are reported by the check itself. */
    if (!json_object_object_get_ex(claims, "rooms", &rooms) ||
        !json_object_is_type(rooms, json_type_array))
        return;
    /* Each room is checked by itself; rooms may also be plain strings. */
    for (size_t i = 0; i < json_object_array_length(rooms); i++) {
        struct json_object *room = json_object_array_get_idx(rooms, i);
        if (json_object_is_type(room, json_type_object))
            note_names("in rooms, ", room, ROOM_MEMBERS, COUNT(ROOM_MEMBERS));
    }
}
