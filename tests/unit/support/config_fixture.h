/*
 * configured: a file of a configuration, and what came of reading it, for the tests of that.
 */
#ifndef CONFAB_TESTS_CONFIGURED_H
#define CONFAB_TESTS_CONFIGURED_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"
#include "config/config.h"

/* Each test has a folder of its own, an environment without ours, and one file. */
struct configured {
    char folder[32];
    char path[96];
    struct config config;
    struct buffer problems;
};

/* Before and behind each test; *state is its struct configured. */
int configured_setup(void **state);
int configured_teardown(void **state);

#define CONFIGURED_TEST(function) \
    cmocka_unit_test_setup_teardown(function, configured_setup, configured_teardown)

/* Takes all variables of ours out of the environment. */
void configured_clear_environment(void);

void configured_write(const char *path, const void *bytes, size_t len);

/* Loads a file of these bytes; whether it was taken. */
bool configured_load(struct configured *fixture, const void *bytes, size_t len);

/* Loads a file of this content, which must be taken without a word. */
struct config *configured_accept(struct configured *fixture, const char *content);

/* Loads a file of this content, which must be refused in exactly these words, in which F is
 * its path. */
void configured_refuse_bytes(struct configured *fixture, const void *bytes, size_t len,
                             const char *expected);
void configured_refuse(struct configured *fixture, const char *content, const char *expected);

/* The problems, with the file's path shortened to F; valid until they are asked for again. */
const char *configured_problems(struct configured *fixture);

void configured_assert_empty(const struct config *config);

#endif
