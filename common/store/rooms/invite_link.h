/*
 * invite_link: links by which users join a room, without an invitation of their own.
 *
 * A link is 40 random hexadecimal digits. It is good until it expires, is used up or deleted, and
 * as long as the user who made it is an admin of the room: a former admin has no way back
 * in. Using it is member_add_by_link (member.h).
 */
#ifndef CONFAB_COMMON_STORE_ROOMS_INVITE_LINK_H
#define CONFAB_COMMON_STORE_ROOMS_INVITE_LINK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"
#include "db/db.h"
#include "secrets/secret.h"
#include "store/rooms/role.h"

struct invite_link {
    uint64_t id;
    uint64_t room_id;
    struct text link;
    enum role role; /* of those who use it */
    uint64_t created_by_id;
    int64_t created_at;
    int64_t expires_at; /* 0: never */
    uint64_t max_uses;  /* 0: any number */
    uint64_t uses;
    bool by_administrator; /* for invite_link_add: confabctl adds it, and writes the audit */
};

typedef void invite_link_visit(void *context, const struct invite_link *link);

/* Most links of a room. */
#define INVITE_LINK_MOST 100

/* Adds a link in the name of created_by_id, an admin of the room; sets id and created_at.
 * ERROR_FORBIDDEN for direct rooms. ERROR_CONFLICT: the room has INVITE_LINK_MOST links. */
enum error invite_link_add(struct db *db, struct invite_link *link);

/* Deletes a link of a room, found by link_id, or, if that is 0, by its text; for admins only, or,
 * with user_id 0, for confabctl, which writes the audit. ERROR_NOT_FOUND: the room has no such
 * link. */
enum error invite_link_remove(struct db *db, uint64_t room_id, uint64_t user_id, uint64_t link_id,
                              struct text link);

/* Visits the links of a room whose makers are admins still, the latest first. */
enum error invite_link_list(struct db *db, uint64_t room_id, uint64_t limit, uint64_t offset,
                            invite_link_visit *visit, void *context);
enum error invite_link_count(struct db *db, uint64_t room_id, uint64_t *count);

/* The room of a link, as anyone who has the link sees it. */
struct invite_link_room {
    uint64_t room_id;
    struct text name;
    struct text topic;
    uint64_t members_count;
    bool is_expired;
    bool is_used_up;
};

typedef void invite_link_room_visit(void *context, const struct invite_link_room *room);

/* Visits the room; ERROR_NOT_FOUND if there is no such link. */
enum error invite_link_room(struct db *db, struct text link, invite_link_room_visit *visit,
                            void *context);

/* Deletes up to `limit` links that expired more than a day ago; *deleted counts them. */
enum error invite_link_purge(struct db *db, uint64_t limit, uint64_t *deleted);

/* ---- for member.c ---- */

/* An SQL condition: the maker of the link with this alias is an admin of its room. */
#define INVITE_LINK_SQL_VALID(l)                                                          \
    "EXISTS (SELECT 1 FROM member c JOIN user cu ON cu.user_id = c.user_id "              \
    "WHERE c.room_id = " l ".room_id AND c.user_id = " l ".created_by_id AND c.is_admin " \
    "AND cu.is_active)"

/* SQL conditions: the link has expired; the link is used up. */
#define INVITE_LINK_SQL_EXPIRED(l) "COALESCE(" l ".expires_at <= SYSDATE(6), FALSE)"
#define INVITE_LINK_SQL_USED_UP(l) "COALESCE(" l ".uses >= " l ".max_uses, FALSE)"

#endif
