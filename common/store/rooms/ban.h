/*
 * ban: users who are kept out of a room, or of the whole site.
 *
 * A ban from a room removes the user, and nothing brings the user back before it ends: no
 * invitation, join, link or claim (member_add). A ban from the site disables the user.
 */
#ifndef CONFAB_COMMON_STORE_ROOMS_BAN_H
#define CONFAB_COMMON_STORE_ROOMS_BAN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"
#include "db/db.h"
#include "store/rooms/member.h"
#include "store/rooms/room_state.h"
#include "store/users/user.h"

/* Which messages of the user are deleted: in slices, by the housekeeping (clearing.h). */
enum ban_clearing { BAN_CLEARS_NONE, BAN_CLEARS_DAY, BAN_CLEARS_ALL };

/* Which messages of a banned user are deleted: "day" and "all"; any other word is none. */
enum ban_clearing ban_clearing_of(struct text name);

struct ban {
    uint64_t room_id; /* 0: the site */
    uint64_t user_id;
    struct text username;
    uint64_t banned_by_id; /* 0: an API key */
    struct text reason;    /* empty: none */
    int64_t created_at;
    int64_t until; /* 0: for good */
};

/* A ban to be made; texts are borrowed. */
struct ban_request {
    uint64_t room_id; /* 0: the site */
    uint64_t actor_id;
    uint64_t user_id;
    int64_t until; /* 0: for good */
    struct text reason;
    enum ban_clearing clearing;
    uint64_t address_days; /* how long the address of a guest is banned with it */
};

struct ban_change {
    bool created;                /* false: the user was banned already; reason and end are new */
    struct member_change member; /* of the removal; not changed if the user was not a member */
    struct user_change user;     /* of a ban from the site */
};

/* Bans a user from a room, in the name of a moderator. ERROR_BAD_INPUT: no such user;
 * ERROR_FORBIDDEN: not a moderator, or change->member.refusal is MEMBER_REFUSAL_ROLE. */
enum error ban_add(struct db *db, const struct ban_request *request, struct ban_change *change);

/* Ends one; ERROR_NOT_FOUND if there is none. */
enum error ban_remove(struct db *db, uint64_t room_id, uint64_t actor_id, uint64_t user_id);

/* The same for the whole site; the caller has checked the rights of the actor, who is 0 for an API
 * key. ERROR_FORBIDDEN: the user is a site moderator, and the actor is not 0. */
enum error ban_site_add(struct db *db, const struct ban_request *request,
                        struct ban_change *change);
enum error ban_site_remove(struct db *db, uint64_t actor_id, uint64_t user_id);

typedef void ban_visit(void *context, const struct ban *ban);

/* Visits a page of the bans from a room, or the site (0), the latest first; and their number. */
enum error ban_list(struct db *db, uint64_t room_id, uint64_t limit, uint64_t offset,
                    ban_visit *visit, void *context);
enum error ban_count(struct db *db, uint64_t room_id, uint64_t *count);

/* The same of all rooms that the user moderates: a site moderator all rooms. Bans from the site are
 * not among them. */
enum error ban_list_moderated(struct db *db, uint64_t user_id, bool is_site_moderator,
                              uint64_t limit, uint64_t offset, ban_visit *visit, void *context);
enum error ban_count_moderated(struct db *db, uint64_t user_id, bool is_site_moderator,
                               uint64_t *count);

/* Visits one; ERROR_NOT_FOUND if there is none. */
enum error ban_get(struct db *db, uint64_t room_id, uint64_t user_id, ban_visit *visit,
                   void *context);

/* Whether a user is banned from a room, or the site (0), now; false if the database does not
 * answer. */
bool ban_holds(struct db *db, uint64_t room_id, uint64_t user_id);

/* For a user who sees the room and is not in it: sets state->is_banned; or state->exists to false,
 * for a guest in a room that takes none. Nothing for others. */
void ban_explain_refusal(struct db *db, const struct user *user, struct room_state *state);

/* Ends the ban of a user from the site if its time is over: housekeeping may not have come to it
 * yet. True: it was over, and the user is active again. To be called where a disabled user is
 * refused; it costs nothing elsewhere. */
bool ban_end_due(struct db *db, uint64_t user_id);

/* The same for all users: before lists of active users. */
void ban_end_all_due(struct db *db);

/* Ends up to `limit` bans whose time is over; *ended counts them. */
enum error ban_purge(struct db *db, uint64_t limit, uint64_t *ended);

#endif
