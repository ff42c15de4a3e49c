/* Reading the claims about rooms and profile. A room that is wrong makes the whole token wrong,
 * since half of its rooms would be worse than none; a profile claim that is wrong is left out. */
#include "jwt/jwt_claims.h"

#include <json-c/json.h>

#include "store/rooms/room.h"
#include "json/json_text.h"

/* ---- rooms ---- */

static bool fail(struct buffer *why, size_t index, const char *what) {
    buffer_printf(why, "rooms[%zu]: %s", index, what);
    return false;
}

/* False if the member has another type. */
static bool read_flag(struct json_object *object, const char *name, bool *flag) {
    struct json_object *value = NULL;
    /* A missing flag leaves the default. */
    if (!json_object_object_get_ex(object, name, &value))
        return true;
    /* On a wrong type *flag is set to something, which the caller drops. */
    *flag = json_object_get_boolean(value);
    return json_object_is_type(value, json_type_boolean);
}

/* Reads a text that is given; *text is unchanged if it is not. */
static bool read_text(struct json_object *object, const char *name, struct text *text) {
    struct json_object *value = NULL;
    if (!json_object_object_get_ex(object, name, &value))
        return true;
    *text = json_text(value);
    return text->at != NULL;
}

/* Reads one room into *room. False, with why, if anything of it is wrong. */
static bool read_room(struct json_object *object, const struct jwt_rooms *before,
                      struct jwt_room *room, struct buffer *why) {
    const size_t index = before->count;
    struct text role = text_of("member");
    /* A room is private unless the site says otherwise. */
    *room = (struct jwt_room){.is_private = true};
    if (!json_object_is_type(object, json_type_object))
        return fail(why, index, "not an object.");
    if (!read_text(object, "key", &room->key) || !room_key_is_valid(room->key))
        return fail(why, index,
                    "key is missing, or not 1 to 128 of the characters A-Z a-z 0-9 . _ : / -");
    /* With a key twice, one room could be given two roles. */
    for (size_t i = 0; i < before->count; i++)
        if (text_equals(before->list[i].key, room->key))
            return fail(why, index, "the key was given before.");
    /* Without a name the key is shown. */
    room->name = room->key;
    if (!read_text(object, "name", &room->name))
        return fail(why, index, "the name is not a string.");
    room->name = text_trim(room->name);
    if (room->name.len == 0 || text_code_points(room->name) > JWT_ROOM_NAME_MAX)
        return fail(why, index, "the name must have 1 to 128 characters.");
    /* Without the claim `role` still is "member". */
    if (!read_text(object, "role", &role) ||
        (!text_equals(role, text_of("member")) && !text_equals(role, text_of("admin"))))
        return fail(why, index, "role is not \"member\" or \"admin\".");
    room->is_admin = text_equals(role, text_of("admin"));
    return read_flag(object, "private", &room->is_private) ||
           fail(why, index, "private must be true or false.");
}

bool jwt_claims_rooms(struct json_object *claims, struct jwt_rooms *rooms, struct buffer *why) {
    struct json_object *list = NULL;
    rooms->only = false;
    rooms->count = 0;
    if (!read_flag(claims, "rooms_only", &rooms->only)) {
        buffer_append_str(why, "rooms_only is not true or false.");
        return false;
    }
    if (!json_object_object_get_ex(claims, "rooms", &list))
        return true;
    if (!json_object_is_type(list, json_type_array)) {
        buffer_append_str(why, "rooms is not a list.");
        return false;
    }
    const size_t count = json_object_array_length(list);
    if (count > JWT_ROOMS_MAX) {
        buffer_printf(why, "rooms has %zu entries, at most %d are allowed.", count, JWT_ROOMS_MAX);
        return false;
    }
    /* The count grows after each complete room: read_room compares the key with those before it. */
    while (rooms->count < count) {
        if (!read_room(json_object_array_get_idx(list, rooms->count), rooms,
                       &rooms->list[rooms->count], why))
            return false;
        rooms->count++;
    }
    return true;
}

/* ---- the profile ---- */

/* NULL if the claim is missing or not a string. */
static struct text claim(struct json_object *claims, const char *name) {
    struct json_object *value = NULL;
    if (!json_object_object_get_ex(claims, name, &value))
        return (struct text){NULL, 0};
    /* null empties a field of the profile; a claim that is missing leaves it. */
    return value ? json_text(value) : text_of("");
}

void jwt_claims_profile(struct json_object *claims, struct jwt_profile *profile) {
    struct json_object *verified = NULL;
    profile->username = claim(claims, "preferred_username");
    profile->name = claim(claims, "name");
    profile->picture = claim(claims, "picture");
    profile->locale = claim(claims, "locale");
    profile->email = claim(claims, "email");
    profile->role = claim(claims, "role");
    /* Anything but true and false counts as a missing claim. */
    json_object_object_get_ex(claims, "email_verified", &verified);
    profile->has_email_verified = json_object_is_type(verified, json_type_boolean);
    profile->email_verified = profile->has_email_verified && json_object_get_boolean(verified);
}
