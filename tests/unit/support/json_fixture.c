/* json_fixture: each text is validated as a copy of its exact size. */
#include "json_fixture.h"

#include <stdlib.h>
#include <string.h>

#include "unit.h"

const char *json_fixture_validate(const char *text, size_t len, size_t *at) {
    char *copy = malloc(len);
    memcpy(copy, text, len);
    const char *wrong = json_validate(copy, len, at);
    free(copy);
    return wrong;
}

void json_fixture_assert_valid(const char *text) {
    size_t at = 12345;
    const char *wrong = json_fixture_validate(text, strlen(text), &at);
    if (wrong != NULL)
        fail_msg("%.60s: rejected at %zu: %s", text, at, wrong);
    assert_int_equal(at, 12345); /* unchanged if the text is valid */
}

static void assert_rejected(const struct json_rejection *row) {
    size_t at = 12345;
    const char *wrong = json_fixture_validate(row->text, row->len, &at);
    if (wrong == NULL)
        fail_msg("%.60s: accepted", row->text);
    else if (strcmp(wrong, row->wrong) != 0 || at != row->at)
        fail_msg("%.60s: \"%s\" at %zu, not \"%s\" at %zu", row->text, wrong, at, row->wrong,
                 row->at);
    assert_ptr_equal(json_validate(row->text, row->len, NULL), wrong); /* at may be NULL */
}

void json_fixture_assert_all_rejected(const struct json_rejection *rows, size_t count) {
    for (size_t i = 0; i < count; i++)
        assert_rejected(&rows[i]);
}
