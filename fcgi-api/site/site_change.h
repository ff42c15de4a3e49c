/*
 * site_change: what the site does in rooms, through its API or by the claims of a signed token:
 * makes rooms with a key, adds and removes members, sets roles. Each call is one transaction for
 * each event, and publishes what it changed. If there is nothing to change, nothing is written.
 */
#ifndef CONFAB_FCGI_API_SITE_SITE_CHANGE_H
#define CONFAB_FCGI_API_SITE_SITE_CHANGE_H

#include "server/exchange.h"
#include "store/rooms/room.h"
#include "store/users/user.h"

/* Finds the site's own user, the actor of all changes; it is made when it is first needed. */
enum error site_change_actor(struct exchange *x, struct user *site);

/* Finds the room with this key, or makes it; *made says which. An existing room keeps its name and
 * privacy. ERROR_BAD_INPUT: not a valid key. */
enum error site_change_room(struct exchange *x, const struct user *site, struct text key,
                            struct text name, bool is_private, uint64_t *room_id, bool *made);

enum site_change_role {
    SITE_CHANGE_ROLE_ANY, /* a member keeps the role; a new one is not an admin */
    SITE_CHANGE_ROLE_MEMBER,
    SITE_CHANGE_ROLE_ADMIN
};

/* The result of a change of a membership. */
struct site_change_member {
    bool added;   /* the user is new in the room */
    bool updated; /* the role of a member changed */
    bool too_many_rooms; /* with ERROR_FORBIDDEN: the user is in max_rooms_user rooms */
    bool too_many_members; /* with ERROR_FORBIDDEN: the room has max_members members */
    bool is_banned; /* without an error: the user is banned from the room, and was not added */
};

/* Makes a user a member of a room, with this role; the last admin of a room keeps the role.
 * ERROR_NOT_FOUND: no such room; ERROR_FORBIDDEN: a direct room, or too_many_rooms;
 * ERROR_BAD_INPUT: no such user, or a disabled one who is not a member. */
enum error site_change_member(struct exchange *x, const struct user *site, uint64_t room_id,
                              uint64_t user_id, enum site_change_role role,
                              struct site_change_member *change);

/* Removes a user from a room; *removed is false for one who is not a member. Errors of the room as
 * above. */
enum error site_change_remove(struct exchange *x, const struct user *site, uint64_t room_id,
                              uint64_t user_id, bool *removed);

#endif
