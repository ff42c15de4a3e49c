#include "json_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

const char *judge_text(const char *text, size_t len, size_t *at) {
    char *copy = malloc(len);
    memcpy(copy, text, len);
    const char *wrong = json_validate(copy, len, at);
    free(copy);
    return wrong;
}

void judge_taken(const char *text) {
    size_t at = 12345;
    const char *wrong = judge_text(text, strlen(text), &at);
    if (wrong != NULL)
        fail_msg("%.60s: refused at %zu: %s", text, at, wrong);
    assert_int_equal(at, 12345); /* untouched when there is nothing to point at */
}

static void judge_refused(const struct refusal *row) {
    size_t at = 12345;
    const char *wrong = judge_text(row->text, row->len, &at);
    if (wrong == NULL)
        fail_msg("%.60s: taken", row->text);
    else if (strcmp(wrong, row->wrong) != 0 || at != row->at)
        fail_msg("%.60s: \"%s\" at %zu, not \"%s\" at %zu", row->text, wrong, at, row->wrong,
                 row->at);
    assert_ptr_equal(json_validate(row->text, row->len, NULL), wrong); /* at may be NULL */
}

void judge_all_refused(const struct refusal *rows, size_t count) {
    for (size_t i = 0; i < count; i++)
        judge_refused(&rows[i]);
}
