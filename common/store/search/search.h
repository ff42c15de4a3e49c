/*
 * search: finding messages by their words, in the rooms of a user.
 *
 * The index (search_batch.h) has a list of messages for each term. It finds candidates; each is
 * compared with the text of the message, so that an edited or deleted message is no longer found at
 * once. Messages that are not in the index yet are found by their texts.
 *
 * Results come newest first. The rooms are chosen before anything is looked up, so the time that a
 * search takes does not depend on other rooms.
 */
#ifndef CONFAB_COMMON_STORE_SEARCH_SEARCH_H
#define CONFAB_COMMON_STORE_SEARCH_SEARCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"
#include "db/db.h"
#include "store/messages/message.h"
#include "unicode/search_text.h"

/* A place in the order of results, which are newest first. */
struct search_place {
    int64_t at; /* of the message, microseconds since 1970 */
    uint64_t room_id;
    uint64_t position;
};

enum search_has { SEARCH_HAS_ANY, SEARCH_HAS_FILE, SEARCH_HAS_LINK };

struct search {
    uint64_t user_id;
    const struct search_query *query;
    uint64_t room_id; /* only this room; 0: all rooms of the user */
    uint64_t from_id; /* only messages of this user; 0: of all */
    int64_t before;   /* only messages before this time; INT64_MAX: all */
    int64_t after;    /* only messages after this time; INT64_MIN: all */
    enum search_has has;
    uint64_t limit;
    struct search_place place; /* where it continues; that of SEARCH_START at the beginning */

    /* Called once, when SEARCH_BUDGET_MS is over: returns whether the search may continue. */
    bool (*may_go_on)(void *context);
    void *context;
};

#define SEARCH_START ((struct search_place){INT64_MAX, UINT64_MAX, UINT64_MAX})

struct search_result {
    const struct message *message;
    struct text room_name; /* of a direct room: the name of the other user */
    const struct search_match *matches;
    size_t match_count;
};

/* Texts are valid during the call only. Returns false if there is no space for the result: the
 * search ends before it. */
typedef bool search_visit(void *context, const struct search_result *result);

/* Visits at most `limit` results, until its time is over (search_budget.h). *more: there may be
 * others, from search->place on. */
enum error search_run(struct db *db, struct search *search, search_visit *visit, void *context,
                      bool *more);

#endif
