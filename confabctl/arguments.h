/*
 * arguments: the words of a command line behind the command's name.
 *
 * Each command says in a small table which options it has; `--name value` and
 * `--name=value` are the same, options and other words may come in any order, and `--`
 * ends the options.
 */
#ifndef CONFABCTL_ARGUMENTS_H
#define CONFABCTL_ARGUMENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Words that are left to be read; only the words, not the array, are others'. */
struct arguments {
    const char **words;
    size_t count;
};

/* The values of an option that may be repeated, in order; the caller frees the array, not
 * the words in it. To be empty before arguments_read. */
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
    void *value; /* left alone when the option is not given */
};

/* Takes the options out of the words and checks that between `min` and `max` words are
 * left. On a mistake says on standard error what is wrong and returns false. */
bool arguments_read(struct arguments *arguments, const struct arguments_option *options,
                    size_t option_count, size_t min, size_t max);

/* Reads a word as an id, a whole number over 0. On a mistake says so and returns false. */
bool arguments_id(const char *word, uint64_t *id);

#endif
