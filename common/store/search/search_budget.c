/* may_go_on is called only if its answer matters, since continuing may take one of a few places. */
#include "store/search/search_budget.h"

bool search_budget_is_over(struct search_budget *budget, int64_t now_ms) {
    const int64_t last_ms = budget->end_ms + (int64_t)(SEARCH_BUDGETS_MOST - 1) * SEARCH_BUDGET_MS;
    if (now_ms < budget->end_ms)
        return false;
    if (budget->work >= SEARCH_LITTLE_WORK || now_ms >= last_ms)
        return true;
    /* Asked once: the answer holds until the search ends. */
    if (!budget->has_asked)
        budget->may = budget->may_go_on(budget->context);
    budget->has_asked = true;
    return !budget->may;
}
