/*
 * judge: texts that json_validate has to take, or to refuse in certain words at a certain place.
 */
#ifndef CONFAB_TESTS_JUDGE_H
#define CONFAB_TESTS_JUDGE_H

#include <stddef.h>

#include "json/json_validate.h"

#define JUDGE_COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct refusal {
    const char *text;
    size_t len;
    const char *wrong;
    size_t at;
};

#define REFUSED(text, wrong, at) \
    { (text), sizeof(text) - 1, (wrong), (at) }

/* json_validate over a copy of exactly len bytes, so that a sanitizer sees a read past them. */
const char *judge_text(const char *text, size_t len, size_t *at);

/* Fails the test unless it is taken; unless each is refused as its row says. */
void judge_taken(const char *text);
void judge_all_refused(const struct refusal *rows, size_t count);

#endif
