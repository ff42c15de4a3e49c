/*
 * arguments: parses the arguments of a command.
 *
 * Each command has a table of its options. `--name value` and `--name=value` are the same;
 * options and positional arguments may be mixed in any order; `--` ends the options.
 */
#ifndef CONFAB_CONFABCTL_ARGUMENTS_H
#define CONFAB_CONFABCTL_ARGUMENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The arguments not read yet. The array belongs to the caller and is modified; the strings do
 * not. */
struct arguments {
    const char **argv;
    size_t argc;
};

/* The values of an option that may be repeated, in order. Must be empty before
 * arguments_read. The caller frees the array, not the strings. */
struct arguments_list {
    const char **values;
    size_t count, space;
};

enum arguments_kind {
    ARGUMENTS_FLAG,   /* value: bool, set to true */
    ARGUMENTS_TEXT,   /* value: const char * */
    ARGUMENTS_NUMBER, /* value: uint64_t */
    ARGUMENTS_LIST,   /* value: struct arguments_list */
};

struct arguments_option {
    const char *name; /* with its dashes: "--limit" */
    enum arguments_kind kind;
    void *value; /* unchanged if the option is not given */
};

/* Removes the options from the arguments and checks that between `min` and `max` positional
 * arguments are left. Otherwise prints an error and returns false. */
bool arguments_read(struct arguments *arguments, const struct arguments_option *options,
                    size_t option_count, size_t min, size_t max);

/* Parses an id, a positive integer. Otherwise prints an error and returns false. */
bool arguments_id(const char *argument, uint64_t *id);

#endif
