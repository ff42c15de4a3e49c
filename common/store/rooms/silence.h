/*
 * silence: members who read a room and write nothing for some time, as a moderator has ordered; and
 * what a post that was refused is told. A silence outlives leaving.
 */
#ifndef CONFAB_COMMON_STORE_ROOMS_SILENCE_H
#define CONFAB_COMMON_STORE_ROOMS_SILENCE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"
#include "db/db.h"
#include "store/rooms/member.h"

struct silence_change {
    int64_t until;
    uint64_t user_seq; /* of the event in the user's own stream, which ends typing */
    enum member_refusal refusal;
};

/* Silences a member. ERROR_NOT_FOUND: no such room or member; ERROR_FORBIDDEN: not a moderator, or
 * change->refusal is MEMBER_REFUSAL_ROLE. */
enum error silence_add(struct db *db, uint64_t room_id, uint64_t actor_id, uint64_t user_id,
                       uint64_t minutes, struct silence_change *change);

/* Ends it; nothing happens to a user who is not silenced. */
enum error silence_remove(struct db *db, uint64_t room_id, uint64_t actor_id, uint64_t user_id);

/* Until when the user is silenced in the room; 0: it is not. */
enum error silence_until(struct db *db, uint64_t room_id, uint64_t user_id, int64_t *until);

/* One that is not over. */
struct silence {
    uint64_t room_id;
    uint64_t user_id;
    struct text username;
    uint64_t silenced_by_id; /* 0: not known, of an earlier version */
    int64_t created_at;      /* the same */
    int64_t until;
};

typedef void silence_visit(void *context, const struct silence *silence);

/* Visits a page of the silences of a room, those that end first first; and their number. */
enum error silence_list(struct db *db, uint64_t room_id, uint64_t limit, uint64_t offset,
                        silence_visit *visit, void *context);
enum error silence_count(struct db *db, uint64_t room_id, uint64_t *count);

/* The same of all rooms that the user moderates: a site moderator all rooms. */
enum error silence_list_moderated(struct db *db, uint64_t user_id, bool is_site_moderator,
                                  uint64_t limit, uint64_t offset, silence_visit *visit,
                                  void *context);
enum error silence_count_moderated(struct db *db, uint64_t user_id, bool is_site_moderator,
                                   uint64_t *count);

/* In how many seconds the user may post in a room with slow_seconds; at least 1. */
enum error silence_slow_wait(struct db *db, uint64_t room_id, uint64_t user_id, uint64_t *seconds);

/* Deletes up to `limit` rows that refuse nothing any more; *deleted counts them. */
enum error silence_purge(struct db *db, uint64_t limit, uint64_t *deleted);

#endif
