/*
 * silence: members whom a moderator has silenced: they read a room, but cannot write in it for some
 * time; and the wait of the slow mode, for posts that were refused. A silence stays when the member
 * leaves and comes back.
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
    uint64_t user_seq; /* of the event in the user's own stream */
    enum member_refusal refusal;
};

/* Silences a member. ERROR_NOT_FOUND: no such room or member; ERROR_FORBIDDEN: not a moderator, or
 * change->refusal is MEMBER_REFUSAL_ROLE. */
enum error silence_add(struct db *db, uint64_t room_id, uint64_t actor_id, uint64_t user_id,
                       uint64_t minutes, struct silence_change *change);

/* Ends a silence; does nothing if the user is not silenced. Sets *user_seq to the number of the
 * event in the user's own stream; 0: there is none. */
enum error silence_remove(struct db *db, uint64_t room_id, uint64_t actor_id, uint64_t user_id,
                          uint64_t *user_seq);

/* Sets *until to the end of the user's silence in the room; 0 if there is none. */
enum error silence_until(struct db *db, uint64_t room_id, uint64_t user_id, int64_t *until);

/* A silence that has not ended. */
struct silence {
    uint64_t room_id;
    uint64_t user_id;
    struct text username;
    uint64_t silenced_by_id; /* 0: unknown, since an earlier version stored it */
    int64_t created_at;      /* the same */
    int64_t until;
};

typedef void silence_visit(void *context, const struct silence *silence);

/* silence_list visits a page of the silences of a room, in the order of their ends; silence_count
 * counts them all. */
enum error silence_list(struct db *db, uint64_t room_id, uint64_t limit, uint64_t offset,
                        silence_visit *visit, void *context);
enum error silence_count(struct db *db, uint64_t room_id, uint64_t *count);

/* The same for all rooms that the user moderates; a site moderator moderates all rooms. */
enum error silence_list_moderated(struct db *db, uint64_t user_id, bool is_site_moderator,
                                  uint64_t limit, uint64_t offset, silence_visit *visit,
                                  void *context);
enum error silence_count_moderated(struct db *db, uint64_t user_id, bool is_site_moderator,
                                   uint64_t *count);

/* Sets *seconds to the time until the user may post again in a room with slow_seconds; at least
 * 1. */
enum error silence_slow_wait(struct db *db, uint64_t room_id, uint64_t user_id, uint64_t *seconds);

/* Deletes up to `limit` silences that have ended; *deleted counts them. */
enum error silence_purge(struct db *db, uint64_t limit, uint64_t *deleted);

#endif
