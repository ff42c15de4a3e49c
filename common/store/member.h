/*
 * member: who is in a room, and as what.
 */
#ifndef CONFAB_COMMON_STORE_MEMBER_H
#define CONFAB_COMMON_STORE_MEMBER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"
#include "db/db.h"
#include "store/room_state.h"

struct membership {
    uint64_t id;
    uint64_t room_id;
    uint64_t user_id;
    struct text username;
    bool is_admin;
    int64_t joined_at;
};

typedef void member_visit(void *context, const struct membership *membership);

/* Columns of a membership aliased mb of a user aliased mu, and their reader; false when
 * they are NULL. */
#define MEMBER_COLUMNS \
    "mb.membership_id, mb.room_id, mb.user_id, mu.username, mb.is_admin, mb.joined_at"
#define MEMBER_COLUMN_COUNT 6
bool member_from_row(const struct db_rows *rows, unsigned first, struct membership *membership);

/* Visits the members of a room, those who joined first first. No access check. */
enum error member_list(struct db *db, uint64_t room_id, uint64_t limit, uint64_t offset,
                       member_visit *visit, void *context);

/* Visits one membership; ERROR_NOT_FOUND if there is none. No access check. */
enum error member_get(struct db *db, uint64_t room_id, uint64_t user_id, member_visit *visit,
                      void *context);

/* What a change of membership put on record. */
struct member_change {
    bool changed;
    bool room_deleted;            /* the last member left */
    uint64_t seq;                 /* on the room's stream; 0: none */
    uint64_t user_seq;            /* on the stream of the user concerned; 0: none */
    uint64_t heir_id;             /* who became admin because the last one left; 0: nobody */
    uint64_t heir_seq;            /* the number of that event */
    struct membership membership; /* of member_add; username is not set */
};

/* Adds target_id. By someone else it is an invitation, which admins may make; by the user
 * itself it is joining, which anyone may in a public room. Never in a direct room. A member
 * already: changed false, membership the standing one. ERROR_BAD_INPUT: no such user. */
enum error member_add(struct db *db, uint64_t room_id, uint64_t user_id, uint64_t target_id,
                      bool joining, struct member_change *change);

/* Removes target_id, who may be the caller itself. ERROR_NOT_FOUND: not a member. */
enum error member_remove(struct db *db, uint64_t room_id, uint64_t user_id, uint64_t target_id,
                         struct member_change *change);

/* Makes target_id an admin, or no longer one. ERROR_BAD_INPUT: it is the last one. */
enum error member_set_admin(struct db *db, uint64_t room_id, uint64_t user_id, uint64_t target_id,
                            bool is_admin, struct member_change *change);

#endif
