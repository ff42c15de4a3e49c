/*
 * jwt_claims: what the claims of a valid token say about its user, besides who it is: a profile
 * (OpenID Connect Core 1.0, section 5.1), and rooms.
 *
 *     "rooms": [{"key": "course-17", "name": "Algebra", "role": "member", "private": true}],
 *     "rooms_only": true
 *
 * Only the key of a room is required. Without a name it is named by its key; the role is "member"
 * or "admin".
 */
#ifndef CONFAB_COMMON_JWT_JWT_CLAIMS_H
#define CONFAB_COMMON_JWT_JWT_CLAIMS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"
#include "base/text.h"

struct json_object;

/* Most rooms of a token, and most code points of a name of a room. */
#define JWT_ROOMS_MAX 100
#define JWT_ROOM_NAME_MAX 128

struct jwt_room {
    struct text key, name;
    bool is_admin;
    bool is_private;
};

/* The rooms of a token; texts point into the claims. */
struct jwt_rooms {
    bool only; /* the user is to be in no other room with a key */
    size_t count;
    struct jwt_room list[JWT_ROOMS_MAX];
};

/* Reads rooms and rooms_only. False if one of them is invalid; a sentence that says why is then
 * appended to `why`. */
bool jwt_claims_rooms(struct json_object *claims, struct jwt_rooms *rooms, struct buffer *why);

/* The profile of a token. A claim that is null is an empty text, which removes a value; .at is NULL
 * for a claim that is missing or not a string. store/users/profile_fields.h checks the texts. */
struct jwt_profile {
    struct text username; /* preferred_username */
    struct text name, picture, locale, email;
    struct text role; /* "moderator": of all rooms but direct ones */
    bool has_email_verified, email_verified;
};

/* Reads the claims of the profile; the texts point into them. */
void jwt_claims_profile(struct json_object *claims, struct jwt_profile *profile);

#endif
