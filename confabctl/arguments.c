/* arguments: options with and without values, positional arguments, ids. Options may be anywhere
 * before `--`; positional arguments are moved to the front of argv, and argc becomes their number.
 * Errors are printed here; the caller returns CLI_USAGE. */
#include "arguments.h"

#include <string.h>

#include "base/array.h"
#include "base/text.h"
#include "cli.h"

/* Returns whether the argument is this option; *value is the text after `=`, or NULL. */
static bool matches(const char *argument, const char *name, const char **value) {
    /* "--name" must be followed by the end or by `=`: "--limits" is another option. */
    const size_t len = strlen(name);
    if (strncmp(argument, name, len) != 0 || (argument[len] != '\0' && argument[len] != '='))
        return false;
    *value = argument[len] == '=' ? argument + len + 1 : NULL;
    return true;
}

/* Stores the value where option->value points to, by its kind. An option given twice: the last one
 * counts, or a list grows. */
static bool store(const struct arguments_option *option, const char *value) {
    struct arguments_list *list = option->value;
    switch (option->kind) {
    case ARGUMENTS_FLAG:
        *(bool *)option->value = true;
        break;
    case ARGUMENTS_TEXT:
        *(const char **)option->value = value;
        break;
    /* An unsigned number of 64 bits; signs and blanks are not accepted. */
    case ARGUMENTS_NUMBER:
        if (text_to_u64(text_of(value), option->value))
            break;
        cli_error("%s requires a non-negative integer, not '%s'", option->name, value);
        return false;
    case ARGUMENTS_LIST:
        /* Grows by one; the caller frees the array, the texts belong to argv. */
        list->values =
            array_reserve(list->values, &list->space, list->count + 1, sizeof(*list->values));
        list->values[list->count++] = value;
        break;
    }
    return true;
}

/* Reads the option at argv[*at] and its value, which may be the next argument. */
static bool read_option(struct arguments *arguments, size_t *at,
                        const struct arguments_option *options, size_t option_count) {
    const char *argument = arguments->argv[*at];
    for (size_t i = 0; i < option_count; i++) {
        const char *value;
        if (!matches(argument, options[i].name, &value))
            continue;
        /* "--flag=value" is refused rather than ignored. */
        if (options[i].kind == ARGUMENTS_FLAG && value) {
            cli_error("%s does not take a value", options[i].name);
            return false;
        }
        /* "--name value": the value is the next argument, even if it begins with a dash. */
        if (options[i].kind != ARGUMENTS_FLAG && !value) {
            if (*at + 1 >= arguments->argc) {
                cli_error("%s requires a value", argument);
                return false;
            }
            value = arguments->argv[++*at];
        }
        return store(&options[i], value);
    }
    /* Unknown options are errors, so that a misspelt one changes nothing. */
    cli_error("unknown option '%s'", argument);
    return false;
}

bool arguments_read(struct arguments *arguments, const struct arguments_option *options,
                    size_t option_count, size_t min, size_t max) {
    size_t kept = 0;
    bool options_ended = false;
    for (size_t i = 0; i < arguments->argc; i++) {
        /* Positional arguments are moved to the front of the same array: they never pass the one
         * that is read. */
        const char *argument = arguments->argv[i];
        /* "-" alone is an argument. */
        if (options_ended || argument[0] != '-' || argument[1] == '\0')
            arguments->argv[kept++] = argument;
        else if (strcmp(argument, "--") == 0)
            options_ended = true;
        else if (!read_option(arguments, &i, options, option_count))
            return false;
    }
    /* min and max are numbers of positional arguments. */
    arguments->argc = kept;
    if (kept < min)
        cli_error("missing argument");
    else if (kept > max)
        cli_error("unexpected argument '%s'", arguments->argv[max]);
    return kept >= min && kept <= max;
}

bool arguments_id(const char *argument, uint64_t *id) {
    if (text_to_u64(text_of(argument), id) && *id > 0)
        return true;
    cli_error("invalid id '%s': must be a positive integer", argument);
    return false;
}
