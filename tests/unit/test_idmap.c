/* idmap: random changes, compared with a plain array; memory, counters, keys of texts. */
#include <stdlib.h>
#include <string.h>

#include "base/idmap.h"
#include "support/unit.h"

#define KEYS 400

/* Keys with a value each, in the order of model[]; a NULL value is not an entry. */
struct model {
    uint64_t keys[KEYS];
    void *values[KEYS];
    unsigned seen[KEYS];
    const struct idmap *map;
};

static uint64_t next_random(uint64_t *seed) {
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed;
}

static void *value_of(uint64_t number) {
    return (void *)(uintptr_t)(number | 1);
}

static size_t index_of(const struct model *model, uint64_t key) {
    for (size_t i = 0; i < KEYS; i++)
        if (model->keys[i] == key)
            return i;
    fail_msg("a key that was never put");
    return 0;
}

static void see(void *context, uint64_t key, void *value) {
    struct model *model = context;
    const size_t i = index_of(model, key);
    assert_ptr_equal(value, model->values[i]);
    model->seen[i]++;
}

static void compare(const struct idmap *map, struct model *model) {
    size_t count = 0;
    memset(model->seen, 0, sizeof(model->seen));
    idmap_each(map, see, model);
    for (size_t i = 0; i < KEYS; i++) {
        count += model->values[i] != NULL;
        assert_int_equal(model->seen[i], model->values[i] != NULL);
        assert_ptr_equal(idmap_get(map, model->keys[i]), model->values[i]);
    }
    assert_int_equal(idmap_count(map), count);
}

/* Keeps keys whose value has an even tens digit, and records the calls. */
static bool keep_some(void *context, uint64_t key, void *value) {
    struct model *model = context;
    const size_t i = index_of(model, key);
    assert_ptr_equal(value, model->values[i]);
    model->seen[i]++;
    const bool keep = (uintptr_t)value / 10 % 2 == 0;
    if (!keep)
        model->values[i] = NULL;
    return keep;
}

static void filter(struct idmap *map, struct model *model) {
    const size_t before = idmap_count(map);
    size_t asked = 0;
    memset(model->seen, 0, sizeof(model->seen));
    idmap_filter(map, keep_some, model);
    for (size_t i = 0; i < KEYS; i++) {
        assert_true(model->seen[i] <= 1);
        asked += model->seen[i];
    }
    assert_int_equal(asked, before);
}

/* Keys like ids, and keys unlike them. */
static uint64_t make_key(unsigned kind, uint64_t i, uint64_t *seed) {
    switch (kind) {
    case 0:
        return i;
    case 1:
        return i << 32;
    case 2:
        return i * 4096;
    case 3:
        return UINT64_MAX - i;
    default:
        return next_random(seed);
    }
}

static void changes_in_any_order_match_a_model(void **state) {
    (void)state;
    for (unsigned round = 0; round < 50; round++) {
        uint64_t seed = 0x9E3779B97F4A7C15u + round;
        struct idmap map = {0};
        static struct model model;
        memset(&model, 0, sizeof(model));
        for (size_t i = 0; i < KEYS; i++)
            model.keys[i] = make_key(round % 5, i, &seed);
        for (unsigned step = 0; step < 4000; step++) {
            const size_t i = next_random(&seed) % KEYS;
            /* Phases of growing and of shrinking. */
            const bool put = next_random(&seed) % 10 < (step / 800 % 2 ? 2 : 8);
            void *value = put ? value_of(next_random(&seed)) : NULL;
            assert_ptr_equal(put ? idmap_put(&map, model.keys[i], value)
                                 : idmap_remove(&map, model.keys[i]),
                             model.values[i]);
            model.values[i] = value;
            if (step % 500 == 0)
                filter(&map, &model);
            if (step % 100 == 0)
                compare(&map, &model);
        }
        compare(&map, &model);
        idmap_free(&map);
        assert_int_equal(idmap_count(&map), 0);
    }
}

static void an_empty_map_can_be_used(void **state) {
    struct idmap map = {0};
    (void)state;
    assert_null(idmap_get(&map, 0));
    assert_null(idmap_remove(&map, UINT64_MAX));
    assert_int_equal(idmap_count(&map), 0);
    idmap_each(&map, see, NULL);
    idmap_filter(&map, keep_some, NULL);
    idmap_free(&map);
}

static void memory_follows_the_number_of_keys(void **state) {
    struct idmap map = {0};
    uint32_t largest;
    (void)state;
    for (uint64_t key = 0; key < 100000; key++)
        assert_null(idmap_put(&map, key, value_of(key)));
    largest = map.size;
    assert_in_range(largest, 131072, 262144);
    for (uint64_t key = 0; key < 99990; key++)
        assert_ptr_equal(idmap_remove(&map, key), value_of(key));
    assert_in_range(map.size, 16, 128);
    for (uint64_t key = 99990; key < 100000; key++)
        assert_ptr_equal(idmap_remove(&map, key), value_of(key));
    assert_int_equal(map.size, 0);
    assert_null(map.slots);
}

static void counters_take_no_slot_at_zero(void **state) {
    struct idmap map = {0};
    (void)state;
    assert_int_equal(idmap_counter(&map, 7), 0);
    assert_int_equal(idmap_increment(&map, 7), 1);
    assert_int_equal(idmap_increment(&map, 7), 2);
    assert_int_equal(idmap_increment(&map, 0), 1);
    assert_int_equal(idmap_counter(&map, 7), 2);
    assert_int_equal(idmap_count(&map), 2);
    assert_int_equal(idmap_decrement(&map, 7), 1);
    assert_int_equal(idmap_decrement(&map, 7), 0);
    assert_int_equal(idmap_counter(&map, 7), 0);
    assert_int_equal(idmap_decrement(&map, 0), 0);
    assert_int_equal(idmap_count(&map), 0);
    assert_null(map.slots);
}

/* Test vectors by the authors of FNV-1a. */
static void text_keys_are_fnv_1a(void **state) {
    (void)state;
    assert_true(idmap_text_key("") == UINT64_C(0xcbf29ce484222325));
    assert_true(idmap_text_key("a") == UINT64_C(0xaf63dc4c8601ec8c));
    assert_true(idmap_text_key("foobar") == UINT64_C(0x85944171f73967e8));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(changes_in_any_order_match_a_model),
        cmocka_unit_test(an_empty_map_can_be_used),
        cmocka_unit_test(memory_follows_the_number_of_keys),
        cmocka_unit_test(counters_take_no_slot_at_zero),
        cmocka_unit_test(text_keys_are_fnv_1a),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
