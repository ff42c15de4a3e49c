/*
 * restriction: what keeps users from a room, or from writing in it: bans, silences, slow mode, new
 * accounts, hidden history.
 */
#ifndef CONFAB_FCGI_API_RESTRICTION_H
#define CONFAB_FCGI_API_RESTRICTION_H

#include "base/error.h"
#include "server/exchange.h"
#include "store/rooms/room_list.h"

/* Adds to a refusal until when the user is silenced (ERROR_SILENCED), or when the next message is
 * accepted (ERROR_SLOW_MODE), in the room of the path. */
void restriction_add_until(struct exchange *x, enum error error);

/* ERROR_FORBIDDEN, with the answer, if the account of the user is newer than post_min_age and the
 * room of the path is public. */
enum error restriction_check_age(struct exchange *x);

/* Whether the user of the request is banned from the room of the path. */
bool restriction_is_banned(struct exchange *x);

/* Adds to the refusal ERROR_BANNED until when the user of the request is banned from the room with
 * the id ids[0]. Changes nothing if another user is banned, or an address. */
void restriction_add_ban_end(struct exchange *x);

/* A disabled user is active again if it was for a ban from the site that is over by now. */
void restriction_end_ban(struct exchange *x, struct user *user);

/* Whether an authenticated user is banned from the site. If so, the response is set, with the end
 * of the ban, and the caller returns ERROR_BANNED. */
bool restriction_refuse_banned(struct exchange *x, uint64_t user_id);

/* ERROR_NOT_FOUND if the user is a guest and this room takes none: the guest is not in the room,
 * and does not see it, although it is public. */
enum error restriction_check_guest(struct exchange *x, const struct room_state *room);

/* For guests only: ERROR_FORBIDDEN, with the answer, for the list of public rooms; the list of one
 * room, by its key, is made empty if that room takes no guests. */
enum error restriction_check_guest_list(struct exchange *x, struct room_list *list);

/* ERROR_FORBIDDEN, with the answer, if only moderators see the members of the room of the path, and
 * the user is not a moderator. */
enum error restriction_check_hidden(struct exchange *x);

/* ERROR_NOT_FOUND if the message in the path is from before the user joined, in a room where that
 * is hidden. */
enum error restriction_check_seen(struct exchange *x);

#endif
