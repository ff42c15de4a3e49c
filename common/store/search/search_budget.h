/*
 * search_budget: how long a search may take.
 *
 * A search may take about 50 ms: it begins no step after SEARCH_BUDGET_MS, answers with what it has
 * found, and continues with the next request.
 * So that small searches complete even on a busy machine, a search that has done less than
 * SEARCH_LITTLE_WORK by then may take up to SEARCH_BUDGETS_MOST times as long, if the caller
 * permits it.
 */
#ifndef CONFAB_COMMON_STORE_SEARCH_SEARCH_BUDGET_H
#define CONFAB_COMMON_STORE_SEARCH_SEARCH_BUDGET_H

#include <stdbool.h>
#include <stdint.h>

#define SEARCH_BUDGET_MS 40
#define SEARCH_BUDGETS_MOST 25

/* In index lists and messages read. */
#define SEARCH_LITTLE_WORK 300

struct search_budget {
    int64_t end_ms; /* of SEARCH_BUDGET_MS */
    uint64_t work;  /* lists and messages that were read */

    /* Called once, at end_ms: returns whether the search may continue. */
    bool (*may_go_on)(void *context);
    void *context;
    bool has_asked, may;
};

/* Whether the search ends now, at this time of the monotonic clock. */
bool search_budget_is_over(struct search_budget *budget, int64_t now_ms);

#endif
