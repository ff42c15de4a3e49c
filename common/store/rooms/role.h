/*
 * role: the roles of members, and the settings of rooms that depend on them.
 */
#ifndef CONFAB_COMMON_STORE_ROOMS_ROLE_H
#define CONFAB_COMMON_STORE_ROOMS_ROLE_H

#include "base/text.h"

/* The numbers are stored, but for that of admins (member.is_admin). A higher role has all rights of
 * the lower ones. */
enum role { ROLE_READER, ROLE_MEMBER, ROLE_MODERATOR, ROLE_ADMIN };

/* Which members post in a room; the numbers are stored. */
enum post_policy { POST_BY_MEMBERS, POST_BY_MODERATORS, POST_BY_NOBODY };

/* What members see: all messages, or those from when they joined; the numbers are stored. */
enum room_history { HISTORY_ALL, HISTORY_JOINED };

/* What guests may do in a room; the numbers are stored. */
enum room_guests { GUESTS_NONE, GUESTS_READ, GUESTS_WRITE };

/* An SQL expression: whether a post must look for rules of a room with these columns. */
#define ROOM_HAS_RULES \
    "(is_archived OR post_policy <> 0 OR slow_seconds > 0 OR has_block OR history <> 0)"

/* The word in JSON for each value, static; and the value of a word, which must be one of them. */
const char *role_name(enum role role);
enum role role_of(struct text name);
const char *post_policy_name(enum post_policy policy);
enum post_policy post_policy_of(struct text name);
const char *room_history_name(enum room_history history);
enum room_history room_history_of(struct text name);
const char *room_guests_name(enum room_guests guests);
enum room_guests room_guests_of(struct text name);

#endif
