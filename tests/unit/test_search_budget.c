/* search_budget: when a search ends. */
#include "store/search/search_budget.h"
#include "support/unit.h"

/* Answers, and counts the questions. */
struct places {
    bool are_free;
    int asked;
};

static bool take_place(void *context) {
    struct places *places = context;
    places->asked++;
    return places->are_free;
}

static struct search_budget budget_of(struct places *places, uint64_t work) {
    return (struct search_budget){
        .end_ms = 1000, .work = work, .may_go_on = take_place, .context = places};
}

static void no_place_is_taken_before_its_end(void **state) {
    struct places places = {.are_free = false};
    struct search_budget budget = budget_of(&places, 1000000);
    (void)state;
    assert_false(search_budget_is_over(&budget, 999));
    assert_int_equal(places.asked, 0);
}

static void little_work_goes_on_if_there_is_a_place(void **state) {
    struct places free_ones = {.are_free = true}, taken = {.are_free = false};
    struct search_budget goes_on = budget_of(&free_ones, SEARCH_LITTLE_WORK - 1);
    struct search_budget ends = budget_of(&taken, SEARCH_LITTLE_WORK - 1);
    (void)state;
    for (int i = 0; i < 3; i++) {
        assert_false(search_budget_is_over(&goes_on, 1000 + i));
        assert_true(search_budget_is_over(&ends, 1000 + i));
    }
    assert_int_equal(free_ones.asked, 1);
    assert_int_equal(taken.asked, 1);
}

static void much_work_ends_without_a_place(void **state) {
    struct places places = {.are_free = true};
    struct search_budget budget = budget_of(&places, SEARCH_LITTLE_WORK);
    (void)state;
    assert_true(search_budget_is_over(&budget, 1000));
    assert_int_equal(places.asked, 0);
}

static void it_ends_after_the_longest_time(void **state) {
    const int64_t last = 1000 + (SEARCH_BUDGETS_MOST - 1) * SEARCH_BUDGET_MS;
    struct places places = {.are_free = true};
    struct search_budget budget = budget_of(&places, 0);
    (void)state;
    assert_false(search_budget_is_over(&budget, last - 1));
    assert_true(search_budget_is_over(&budget, last));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_place_is_taken_before_its_end),
        cmocka_unit_test(little_work_goes_on_if_there_is_a_place),
        cmocka_unit_test(much_work_ends_without_a_place),
        cmocka_unit_test(it_ends_after_the_longest_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
