/*
 * json_fixture: asserts that json_validate accepts a text, or rejects it with an error text and an
 * offset.
 */
#ifndef CONFAB_TESTS_JSON_FIXTURE_H
#define CONFAB_TESTS_JSON_FIXTURE_H

#include <stddef.h>

#include "json/json_validate.h"

struct json_rejection {
    const char *text;
    size_t len;
    const char *wrong;
    size_t at;
};

#define REJECTED(text, wrong, at) \
    { (text), sizeof(text) - 1, (wrong), (at) }

/* Validates a copy of exactly len bytes, so that a sanitizer detects reads beyond it. */
const char *json_fixture_validate(const char *text, size_t len, size_t *at);

/* Assert that the text is valid; that each row is rejected with its error at its offset. */
void json_fixture_assert_valid(const char *text);
void json_fixture_assert_all_rejected(const struct json_rejection *rows, size_t count);

#endif
