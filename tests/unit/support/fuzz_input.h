/*
 * fuzz_input: shared by the fuzzers of the HTTP parsers: splitting an input, and checking
 * conditions.
 */
#ifndef CONFAB_TESTS_FUZZ_INPUT_H
#define CONFAB_TESTS_FUZZ_INPUT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"

/* Aborts if the condition is false; the fuzzer reports it. */
void fuzz_require(bool holds, const char *what);

/* Removes the first line of *rest and returns a copy of exactly its size, so that a sanitizer
 * detects reads beyond it. Free it with fuzz_free. */
struct text fuzz_line(struct text *rest);
void fuzz_free(struct text copy);

/* Returns whether `part` points into `whole`. */
bool fuzz_is_inside(struct text part, struct text whole);

/* Returns whether `whole` contains `part`, ignoring the case of ASCII letters. */
bool fuzz_contains(struct text whole, struct text part);

/* Maximum number of variables in fuzz_variables. */
#define FUZZ_VARIABLES 32

/* A list of "NAME=value", terminated by NULL. */
struct fuzz_variables {
    char *list[FUZZ_VARIABLES + 1];
    size_t count;
};

/* Adds a variable; its value ends at the first NUL. Ignored if the list is full. */
void fuzz_variables_add(struct fuzz_variables *variables, const char *name, struct text value);

/* Adds "NAME=value" unchanged. */
void fuzz_variables_add_line(struct fuzz_variables *variables, struct text line);

void fuzz_variables_free(struct fuzz_variables *variables);

#endif
