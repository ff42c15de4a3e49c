/*
 * fuzz_input: what the fuzzers of the HTTP parsers have in common: taking an input apart, and
 * stating what must hold.
 */
#ifndef CONFAB_TESTS_FUZZ_INPUT_H
#define CONFAB_TESTS_FUZZ_INPUT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"

/* Aborts, which the fuzzer reports, unless it holds. */
void fuzz_require(bool holds, const char *what);

/* Takes the next line off the front of *rest and returns a copy that ends at its last byte, so
 * that a sanitizer sees a read beyond it; free its `at` with fuzz_free. */
struct text fuzz_line(struct text *rest);
void fuzz_free(struct text copy);

/* True when `part` is inside `whole`: the same bytes in memory. */
bool fuzz_is_inside(struct text part, struct text whole);

/* True when the bytes of `part` occur in `whole`, ASCII letters compared without case. */
bool fuzz_contains(struct text whole, struct text part);

/* The most CGI variables of fuzz_variables. */
#define FUZZ_VARIABLES 32

/* A list of "NAME=value" that a NULL ends. */
struct fuzz_variables {
    char *list[FUZZ_VARIABLES + 1];
    size_t count;
};

/* Adds a variable, cut at the first NUL of the value, which none can have; one too many is left
 * out. */
void fuzz_variables_add(struct fuzz_variables *variables, const char *name, struct text value);

/* Adds "NAME=value" as it is. */
void fuzz_variables_add_line(struct fuzz_variables *variables, struct text line);

void fuzz_variables_free(struct fuzz_variables *variables);

#endif
