/*
 * member_events: publishes changes of memberships after their commit; each call repeats the events
 * that the transaction of store/rooms/member.h has stored. `actor` is the user who made the change.
 */
#ifndef CONFAB_FCGI_API_ROOMS_MEMBER_EVENTS_H
#define CONFAB_FCGI_API_ROOMS_MEMBER_EVENTS_H

#include "server/exchange.h"
#include "store/rooms/member.h"
#include "store/users/user.h"

/* The user has set something for a room; seq is that of the event in the user's own stream. */
void member_events_view(struct exchange *x, uint64_t room_id, const struct room_view *view,
                        uint64_t seq);

/* The user was added. */
void member_events_added(struct exchange *x, const struct user *actor, uint64_t room_id,
                         uint64_t user_id, const struct member_change *change);

/* The user was removed; perhaps another became admin, or the room was deleted. */
void member_events_removed(struct exchange *x, const struct user *actor, uint64_t room_id,
                           uint64_t user_id, const struct member_change *change);

/* The role of the user changed; seq is that of the event. */
void member_events_role(struct exchange *x, const struct user *actor,
                        const struct membership *membership, uint64_t seq);

#endif
