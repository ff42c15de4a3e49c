/*
 * room_list: the rooms of a user, the latest active first.
 *
 * A key of `room` has all rooms by the minute they were last active in, so that a message moves
 * them once a minute and not each time. So the latest rooms are read from the key in minutes, and
 * whoever asked puts them in their exact order; those that were not read were not active after
 * the earliest minute of those that were (room_list_next_minute).
 */
#ifndef CONFAB_STORE_ROOM_LIST_H
#define CONFAB_STORE_ROOM_LIST_H

#include <stdbool.h>
#include <stdint.h>

#include "base/secret.h"
#include "store/room.h"
#include "store/token.h"
#include "store/user_names.h"

/* Whose list it is, and how it is read. BRIEF rooms are visited with their state and
 * last_active_at only: what tells whether the list has changed. */
struct room_list {
    bool brief;
    uint64_t user_id;
};

/* The functions that visit take one round trip; or two, when a name is met that is not among
 * those known yet: then NULL is visited, what was visited before it is void, and all rooms come
 * again.
 *
 * Those by token look for the user who holds it in the same round trip, are never brief, and do
 * not ask again: *found is false, and what was visited void, when the token or the user is not
 * there, or a name is met that is not among those known yet. They set id, rooms_count and last_seq
 * of the caller, and that the user is active. */

/* Visits all rooms of a user, in no order. `list` is not brief. */
enum error room_list_whole(struct db *db, struct user_names *names, const struct room_list *list,
                           room_visit *visit, void *context);

/* The same by token, but visits none if there are more than `most`. */
enum error room_list_whole_by_token(struct db *db, struct user_names *names,
                                    const unsigned char token_hash[SECRET_HASH_SIZE], uint64_t most,
                                    struct identity *identity, bool *found, room_visit *visit,
                                    void *context);

/* Visits the `most` rooms of the latest minutes, in no order. They are looked for among the latest
 * rooms of all, at most `reach` of them or so: fewer than `most` may mean that there are no more,
 * or that those are further down. */
enum error room_list_latest(struct db *db, struct user_names *names, const struct room_list *list,
                            uint64_t most, uint64_t reach, room_visit *visit, void *context);

/* The same by token; not found either when the user is in fewer rooms than `least`, or none is
 * within reach. */
enum error room_list_latest_by_token(struct db *db, struct user_names *names,
                                     const unsigned char token_hash[SECRET_HASH_SIZE],
                                     uint64_t least, uint64_t most, uint64_t reach,
                                     struct identity *identity, bool *found, room_visit *visit,
                                     void *context);

/* Visits exactly the rooms of a page. The database looks at all rooms of the list to find them. */
enum error room_list_page(struct db *db, struct user_names *names, const struct room_list *list,
                          uint64_t limit, uint64_t offset, room_visit *visit, void *context);

/* When the minute after that of a time begins, in micros since 1970. */
int64_t room_list_next_minute(int64_t at);

/* What a list of one's own rooms depends on besides their number: the number of one's own
 * stream, the sums of the rooms' event numbers and of one's read marks. Each can only
 * grow. */
enum { ROOM_LIST_OWN_SEQ = 0, ROOM_LIST_SEQS = 1, ROOM_LIST_READS = 2, ROOM_LIST_COUNTERS = 3 };

/* Two states that are equal mean the same list. */
struct room_list_state {
    uint64_t count; /* rooms in the list */
    uint64_t counters[ROOM_LIST_COUNTERS];
};

/* Reads the state of one's own list, from all of its rooms, without what is in them. */
enum error room_list_state_get(struct db *db, uint64_t user_id, struct room_list_state *state);

/* Visits all rooms by id, direct ones named "alice, bob". */
enum error room_list_all(struct db *db, uint64_t limit, uint64_t offset, room_visit *visit,
                         void *context);

/* How many rooms there are, which is counted. */
enum error room_list_count_all(struct db *db, uint64_t *count);

#endif
