/*
 * search_private: what the files of a search share.
 *
 * Each room has a bound: all its results that were not found yet come after it. The rooms are kept
 * in the order of their bounds, so that those with the newest messages come first. A step picks the
 * first rooms, and reads some of their messages, or looks for candidates in the index: both lower
 * the bounds. Results that come before all bounds are final and are shown.
 */
#ifndef CONFAB_COMMON_STORE_SEARCH_SEARCH_PRIVATE_H
#define CONFAB_COMMON_STORE_SEARCH_SEARCH_PRIVATE_H

#include "base/buffer.h"
#include "store/search/search.h"
#include "store/search/search_budget.h"

/* Most rooms of one step, and messages that are read at a time. */
enum { SEARCH_PICKED = 64, SEARCH_READ = 64 };

struct search_room {
    uint64_t id;
    uint64_t position;         /* the last one that was not looked at */
    uint64_t hidden;           /* messages up to this position are not shown to the user */
    uint64_t indexed;          /* messages up to this position are in the index */
    uint64_t unread;           /* of the others, those up to this position are not read */
    bool is_looked_up;         /* its newest segment is, in the index */
    bool is_done;              /* nothing is left */
    struct search_place bound; /* all results that were not found yet come after it */
    uint64_t *candidates;      /* positions from the index, the newest one last */
    size_t candidate_count, candidate_space;
    size_t name, name_len; /* in names */
};

struct search_run {
    struct db *db;
    struct search *search;
    search_visit *visit;
    void *context;
    struct search_budget budget;
    struct search_room *rooms; /* in the order of their bounds, those that are done last */
    size_t room_count, room_space;
    struct buffer names;
    struct search_place *found; /* messages that match, in order; those before `next` were shown */
    size_t found_count, found_space, next;
    struct search_lookup lookups[SEARCH_LOOKUPS_MOST];
    size_t lookup_count;
    struct buffer lookup_bytes;
    struct fold fold;
    uint64_t shown;
    bool has_looked_up; /* in the index, so that the newest messages are done */
    bool is_full;       /* the page */
};

/* The order of results: below 0 if `a` comes first, 0 if both are the same, above 0 if `b` comes
 * first. */
int search_compare(const struct search_place *a, const struct search_place *b);

/* ---- search_rooms.c ---- */

/* Reads the rooms of the search, and where each of them begins. */
enum error search_rooms_read(struct search_run *run);

/* Frees the rooms of a search with their candidates, and their names. */
void search_rooms_free(struct search_run *run);

/* Puts the rooms in order after their bounds have changed. */
void search_rooms_sort(struct search_run *run);

/* The number of rooms, from the first one on, that may have the next results; at most
 * SEARCH_PICKED. */
size_t search_rooms_pick(const struct search_run *run);

/* The place where the rooms that are not done begin; the end of all results if all are. */
struct search_place search_rooms_bound(const struct search_run *run);

/* The room with this id, which is one of them. */
const struct search_room *search_rooms_find(const struct search_run *run, uint64_t room_id);

/* Lowers the bounds of the first `count` rooms that have no candidates to the message at their
 * position, which was not looked at. */
enum error search_rooms_lower(struct search_run *run, size_t count);

/* A list of messages for a statement: [[index, room, position], ...], without the last bracket. */
void search_list(struct buffer *list, size_t index, uint64_t room_id, uint64_t position);

/* ---- search_lookup.c ---- */

/* Looks for candidates of the first `count` rooms that have none. */
enum error search_lookup(struct search_run *run, size_t count);

/* ---- search_read.c ---- */

/* Reads the last messages of the first `count` rooms: those that are not in the index, and with
 * is_scan some more. *matches: how many of them match. */
enum error search_read_newest(struct search_run *run, size_t count, bool is_scan, size_t *matches);

/* Reads candidates of the first `count` rooms. */
enum error search_read_candidates(struct search_run *run, size_t count);

/* Visits what was found before the bound, up to the limit. */
enum error search_show(struct search_run *run, const struct search_place *bound);

#endif
