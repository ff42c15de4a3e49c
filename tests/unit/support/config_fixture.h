/*
 * config_fixture: a configuration file and the result of loading it, for tests.
 */
#ifndef CONFAB_TESTS_CONFIG_FIXTURE_H
#define CONFAB_TESTS_CONFIG_FIXTURE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"
#include "config/config.h"

/* Each test has a directory of its own, an environment without CONFAB_ variables, and one file. */
struct configured {
    char folder[32];
    char path[96];
    struct config config;
    struct buffer problems;
};

/* Setup and teardown of a test; *state is its struct configured. */
int configured_setup(void **state);
int configured_teardown(void **state);

#define CONFIGURED_TEST(function) \
    cmocka_unit_test_setup_teardown(function, configured_setup, configured_teardown)

/* Removes all CONFAB_ variables from the environment. */
void configured_clear_environment(void);

void configured_write(const char *path, const void *bytes, size_t len);

/* Loads a file of these bytes; true if it is valid. */
bool configured_load(struct configured *fixture, const void *bytes, size_t len);

/* Loads a file of this content, which must be valid. */
struct config *configured_accept(struct configured *fixture, const char *content);

/* Loads a file of this content, which must be rejected with exactly these messages, where F is its
 * path. */
void configured_refuse_bytes(struct configured *fixture, const void *bytes, size_t len,
                             const char *expected);
void configured_refuse(struct configured *fixture, const char *content, const char *expected);

/* The messages, with the file's path replaced by F; valid until the next call. */
const char *configured_problems(struct configured *fixture);

void configured_assert_empty(const struct config *config);

#endif
