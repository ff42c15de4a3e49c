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

/* Which messages of a banned user are deleted: none, those of the last day, or all. They are
 * deleted in slices (clearing.h). */
enum ban_clearing { BAN_CLEARS_NONE, BAN_CLEARS_DAY, BAN_CLEARS_ALL };

/* The value for a word of the API, "day" or "all"; BAN_CLEARS_NONE for any other word. */
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

/* Ends a ban; ERROR_NOT_FOUND if there is none. */
enum error ban_remove(struct db *db, uint64_t room_id, uint64_t actor_id, uint64_t user_id);

/* The same for the whole site; the caller has checked the rights of the actor, who is 0 for an API
 * key. ERROR_FORBIDDEN: the user is a site moderator, and the actor is not 0. */
enum error ban_site_add(struct db *db, const struct ban_request *request,
                        struct ban_change *change);
enum error ban_site_remove(struct db *db, uint64_t actor_id, uint64_t user_id);

typedef void ban_visit(void *context, const struct ban *ban);

/* ban_list visits a page of the bans from a room, or the site (room_id 0), the latest first;
 * ban_count counts them all. */
enum error ban_list(struct db *db, uint64_t room_id, uint64_t limit, uint64_t offset,
                    ban_visit *visit, void *context);
enum error ban_count(struct db *db, uint64_t room_id, uint64_t *count);

/* The same for all rooms that the user moderates; a site moderator moderates all rooms. Bans from
 * the site are not included. */
enum error ban_list_moderated(struct db *db, uint64_t user_id, bool is_site_moderator,
                              uint64_t limit, uint64_t offset, ban_visit *visit, void *context);
enum error ban_count_moderated(struct db *db, uint64_t user_id, bool is_site_moderator,
                               uint64_t *count);

/* Visits one ban; ERROR_NOT_FOUND if there is none. */
enum error ban_get(struct db *db, uint64_t room_id, uint64_t user_id, ban_visit *visit,
                   void *context);

/* Whether a user is banned now from a room, or the site (room_id 0); false if the database does not
 * answer. */
bool ban_is_active(struct db *db, uint64_t room_id, uint64_t user_id);

/* Looks up why a user who sees the room, but is not in it, is refused: sets state->is_banned, or
 * sets state->exists to false for a guest in a room that takes no guests. Does nothing for other
 * users. */
void ban_explain_refusal(struct db *db, const struct user *user, struct room_state *state);

/* Ends the ban of a user from the site if it has expired and housekeeping has not ended it yet.
 * True: the user is active again. Called where a disabled user is about to be refused, so that
 * other requests need no query. */
bool ban_end_due(struct db *db, uint64_t user_id);

/* The same for all users; called before active users are listed. */
void ban_end_all_due(struct db *db);

/* Ends up to `limit` bans that have expired; *ended counts them. */
enum error ban_purge(struct db *db, uint64_t limit, uint64_t *ended);

#endif
