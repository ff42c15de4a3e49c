/* A search begins with the newest messages of the user's rooms, which are read and compared with
 * the query as long as many of them match: words and beginnings of words that most messages have
 * would cost most by the index. Then it goes through the segments of the rooms, those with the
 * newest messages first. The index gives candidates, which are read and compared, newest first. */
#include "store/search/search.h"

#include <stdlib.h>

#include "base/clock.h"
#include "store/search/search_private.h"

/* How many of the newest messages must match for the next ones to be read without the index. */
enum { SCAN_MATCHES = 5 };

/* Shows what was found. True if the search ends here: the page is full, or its time is over and it
 * is past `start`, where it began. */
static bool is_page(struct search_run *run, const struct search_place *start, enum error *error,
                    bool *more) {
    const struct search_place bound = search_rooms_bound(run);
    /* Results before the bound are final: no room can have an earlier one any more. */
    *error = search_show(run, &bound);
    *more = bound.at != INT64_MIN || run->next < run->found_count;
    if (*error || run->is_full || run->shown == run->search->limit)
        return true;
    /* Everything before the bound was shown, so the next request begins there. */
    if (bound.at != INT64_MIN && search_compare(&run->search->place, &bound) < 0)
        run->search->place = bound;
    /* The place must have moved, or the next request would begin where this one did. */
    return search_budget_is_over(&run->budget, clock_monotonic_ms()) &&
           search_compare(&bound, start) > 0;
}

/* Whether messages of the first rooms are not in the index. */
static bool has_fresh(const struct search_run *run, size_t count) {
    /* Messages that are hidden from the user are not read, so they need not be in the index. */
    for (size_t i = 0; i < count; i++)
        if (run->rooms[i].position > run->rooms[i].indexed &&
            run->rooms[i].position > run->rooms[i].hidden)
            return true;
    return false;
}

/* Takes steps until the page is full, the time is over, or all rooms are done. */
static enum error go_through(struct search_run *run, bool *more) {
    const struct search_place start = run->search->place;
    /* The first step is a scan. */
    size_t matches = SCAN_MATCHES;
    enum error error = ERROR_NONE;
    *more = false;
    while (run->room_count > 0 && !run->rooms[0].is_done) {
        const size_t count = search_rooms_pick(run);
        /* After the first lookup there are no more scans: few of the newest messages have
         * matched. */
        const bool is_scan = matches >= SCAN_MATCHES && !run->has_looked_up;
        if (is_scan || has_fresh(run, count)) {
            error = search_read_newest(run, count, is_scan, &matches);
        } else {
            error = search_lookup(run, count);
            if (!error)
                error = search_read_candidates(run, count);
        }
        search_rooms_sort(run);
        if (error || is_page(run, &start, &error, more))
            return error;
    }
    return error;
}

enum error search_run(struct db *db, struct search *search, search_visit *visit, void *context,
                      bool *more) {
    struct search_run run = {.db = db,
                             .search = search,
                             .visit = visit,
                             .context = context,
                             .budget = {.end_ms = clock_monotonic_ms() + SEARCH_BUDGET_MS,
                                        .may_go_on = search->may_go_on,
                                        .context = search->context}};
    *more = false;
    /* A page that would begin at `before` or later begins right after all messages of that time:
     * {time, 0, 0} comes last of them. */
    if (search->before != INT64_MAX && search->before <= search->place.at)
        search->place = (struct search_place){search->before, 0, 0};
    run.lookup_count = search_query_lookups(search->query, &run.lookup_bytes, run.lookups);
    enum error error = search_rooms_read(&run);
    if (!error)
        error = go_through(&run, more);
    search_rooms_free(&run);
    free(run.found);
    buffer_free(&run.lookup_bytes);
    fold_free(&run.fold);
    return error;
}
