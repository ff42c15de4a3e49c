/*
 * member: memberships, the users in a room and their roles.
 */
#ifndef CONFAB_COMMON_STORE_ROOMS_MEMBER_H
#define CONFAB_COMMON_STORE_ROOMS_MEMBER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"
#include "db/db.h"
#include "store/rooms/room_state.h"

struct membership {
    uint64_t id;
    uint64_t room_id;
    uint64_t user_id;
    struct text username;
    struct text display_name; /* of length 0: none; the user is shown by the user name */
    struct text avatar_url;   /* of length 0: none */
    bool is_admin;
    enum role role;
    int64_t joined_at;
};

typedef void member_visit(void *context, const struct membership *membership);

/* Columns of a membership aliased mb and its user aliased mu. member_from_row reads them, starting
 * at column `first`; false if they are NULL (an outer join without a match). */
#define MEMBER_COLUMNS                                                                   \
    "mb.membership_id, mb.room_id, mb.user_id, mu.username, mb.is_admin, mb.joined_at, " \
    "mu.display_name, mu.avatar_url, mb.role"
#define MEMBER_COLUMN_COUNT 9
bool member_from_row(const struct db_rows *rows, unsigned first, struct membership *membership);

/* Visits the members of a room in the order of joining. Does not check access. */
enum error member_list(struct db *db, uint64_t room_id, uint64_t limit, uint64_t offset,
                       member_visit *visit, void *context);

typedef void member_id_visit(void *context, uint64_t user_id);

/* Visits the ids of all members of a room. */
enum error member_list_ids(struct db *db, uint64_t room_id, member_id_visit *visit, void *context);

/* Visits one membership; ERROR_NOT_FOUND if there is none. Does not check access. */
enum error member_get(struct db *db, uint64_t room_id, uint64_t user_id, member_visit *visit,
                      void *context);

/* Why a change is forbidden, if not because of the role of the user who makes it. */
enum member_refusal {
    MEMBER_REFUSAL_NONE,
    MEMBER_REFUSAL_LEFT, /* the user left within the hour */
    MEMBER_REFUSAL_ROOMS,  /* the user is in too many rooms */
    MEMBER_REFUSAL_ROLE,   /* of a change of a role, or a removal: the role is too high */
    MEMBER_REFUSAL_MEMBERS, /* the room has too many members */
    MEMBER_REFUSAL_USED_UP, /* the link is used up */
    MEMBER_REFUSAL_EXPIRED, /* the link has expired */
    MEMBER_REFUSAL_GUEST = 8, /* the room takes no guests */
    MEMBER_REFUSAL_REMOVED = 7, /* the user was removed from the room after the link was made */
};

/* The result of a change of a membership. */
struct member_change {
    bool changed;
    enum member_refusal refusal;  /* of member_add, with ERROR_FORBIDDEN */
    bool room_deleted;            /* the last member left */
    bool by_ban;                  /* a removal by ban_add, */
    int64_t banned_until;         /* until then; 0: for good */
    uint64_t seq;                 /* of the event in the room's stream; 0: none */
    uint64_t user_seq;            /* of the event in the target's own stream; 0: none */
    uint64_t promoted_id;         /* user who became admin when the last admin left; 0: none */
    uint64_t promoted_seq;        /* of the member_updated event of that user */
    struct membership membership; /* set by member_add, without the names and the picture */
};

/* Maximum numbers, 0: any; and which admins may invite. */
struct member_limits {
    uint64_t rooms;   /* of a user */
    uint64_t members; /* of a room */
    bool only_shared; /* an invitation needs a room that both users share */
};

/* Adds target_id to a room: with `joining` set the user joins (user_id is target_id; public rooms
 * only), otherwise an admin invites. ERROR_FORBIDDEN for direct rooms. If target_id is a member
 * already, changed is false and membership the existing one. ERROR_BAD_INPUT: target_id does not
 * exist or is disabled.
 *
 * ERROR_FORBIDDEN with a refusal: target_id is in limits->rooms rooms, the room has limits->members
 * members; or target_id left the room after an invitation by user_id, or was removed by it, within
 * the hour, and has not joined since. With limits->rooms 0, for confabctl, this is not checked.
 * ERROR_BANNED: target_id is banned from the room. ERROR_NOT_ALLOWED: target_id has blocked
 * user_id, or shares no room with it although limits->only_shared. */
enum error member_add(struct db *db, uint64_t room_id, uint64_t user_id, uint64_t target_id,
                      bool joining, const struct member_limits *limits,
                      struct member_change *change);

/* Adds a guest by the key of the room, as joining; ERROR_FORBIDDEN: with a refusal. */
enum error member_add_guest(struct db *db, uint64_t room_id, uint64_t user_id,
                            const struct member_limits *limits, struct member_change *change);

/* Adds the user by an invite link (invite_link.h) of this room, with its role, and counts the use.
 * If the user is a member already, changed is false, even if the link has ended. ERROR_NOT_FOUND:
 * the room has no such link. ERROR_GONE: the link is used up, or has expired. ERROR_FORBIDDEN: with
 * a refusal. ERROR_BANNED. */
enum error member_add_by_link(struct db *db, uint64_t room_id, uint64_t user_id, struct text link,
                              const struct member_limits *limits, struct member_change *change);

/* Removes target_id from a room: admins may remove others, moderators those of lower roles (else
 * ERROR_FORBIDDEN with MEMBER_REFUSAL_ROLE), members themselves. If the last member
 * leaves, the room is deleted, unless it has a key; if the last admin leaves, the longest-standing
 * member becomes admin. ERROR_NOT_FOUND: target_id is not a member. */
enum error member_remove(struct db *db, uint64_t room_id, uint64_t user_id, uint64_t target_id,
                         struct member_change *change);

/* New values of what a member has set for a room; has_...: it is given. */
struct room_view_patch {
    bool has_notify, has_muted, has_favorite, has_hidden;
    struct room_view view;
};

/* Changes what a member has set for a room, and sets *view to what is set then. A hidden room is
 * left out of the member's list until there is a newer message. *user_seq is the number of the
 * event in the user's own stream; 0: nothing has changed. ERROR_NOT_FOUND: the user is not a
 * member. */
enum error member_set_view(struct db *db, uint64_t room_id, uint64_t user_id,
                           const struct room_view_patch *patch, struct room_view *view,
                           uint64_t *user_seq);

/* Deletes up to `limit` departures that are too old to refuse an invitation; *deleted counts
 * them. */
enum error member_purge_departures(struct db *db, uint64_t limit, uint64_t *deleted);

/* Gives target_id another role; admins only. ERROR_BAD_INPUT: the last admin cannot lose the
 * role. */
enum error member_set_role(struct db *db, uint64_t room_id, uint64_t user_id, uint64_t target_id,
                           enum role role, struct member_change *change);

/* The same in the name of the site, whose user (external_user_site) need not be a member.
 * A user who has left may be added again at once. An admin who is removed from a room with a key
 * has no successor. */
enum error member_add_by_site(struct db *db, uint64_t room_id, uint64_t site_id, uint64_t target_id,
                              const struct member_limits *limits, struct member_change *change);
enum error member_remove_by_site(struct db *db, uint64_t room_id, uint64_t site_id,
                                 uint64_t target_id, struct member_change *change);

/* Removes a user who is being erased from a room, also a direct one. */
enum error member_remove_erased(struct db *db, uint64_t room_id, uint64_t user_id,
                                struct member_change *change);

/* Sets whether a member is an admin, in the name of the site. A former admin becomes a member; one
 * who was not an admin keeps the role. ERROR_NOT_FOUND: not a member; ERROR_BAD_INPUT: the last
 * admin cannot lose the role. */
enum error member_set_admin_by_site(struct db *db, uint64_t room_id, uint64_t site_id,
                                    uint64_t target_id, bool is_admin,
                                    struct member_change *change);

#endif
