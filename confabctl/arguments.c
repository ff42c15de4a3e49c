#include "arguments.h"

#include <string.h>

#include "base/array.h"
#include "base/text.h"
#include "tool.h"

/* Whether the word is this option; *value is then what stands behind a =, or NULL. */
static bool matches(const char *word, const char *name, const char **value) {
    const size_t len = strlen(name);
    if (strncmp(word, name, len) != 0 || (word[len] != '\0' && word[len] != '='))
        return false;
    *value = word[len] == '=' ? word + len + 1 : NULL;
    return true;
}

static bool store(const struct arguments_option *option, const char *value) {
    struct arguments_list *list = option->value;
    switch (option->kind) {
    case ARGUMENTS_FLAG:
        *(bool *)option->value = true;
        break;
    case ARGUMENTS_TEXT:
        *(const char **)option->value = value;
        break;
    case ARGUMENTS_NUMBER:
        if (text_to_u64(text_of(value), option->value))
            break;
        tool_fail("%s needs a whole number, not '%s'", option->name, value);
        return false;
    case ARGUMENTS_LIST:
        list->values =
            array_reserve(list->values, &list->space, list->count + 1, sizeof(*list->values));
        list->values[list->count++] = value;
        break;
    }
    return true;
}

/* Reads the option at words[*at], and its value, which may be the next word. */
static bool read_option(struct arguments *arguments, size_t *at,
                        const struct arguments_option *options, size_t option_count) {
    const char *word = arguments->words[*at];
    for (size_t i = 0; i < option_count; i++) {
        const char *value;
        if (!matches(word, options[i].name, &value))
            continue;
        if (options[i].kind == ARGUMENTS_FLAG && value) {
            tool_fail("%s takes no value", options[i].name);
            return false;
        }
        if (options[i].kind != ARGUMENTS_FLAG && !value) {
            if (*at + 1 >= arguments->count) {
                tool_fail("%s needs a value", word);
                return false;
            }
            value = arguments->words[++*at];
        }
        return store(&options[i], value);
    }
    tool_fail("there is no option '%s' here", word);
    return false;
}

bool arguments_read(struct arguments *arguments, const struct arguments_option *options,
                    size_t option_count, size_t min, size_t max) {
    size_t kept = 0;
    bool only_words = false;
    for (size_t i = 0; i < arguments->count; i++) {
        const char *word = arguments->words[i];
        if (only_words || word[0] != '-' || word[1] == '\0')
            arguments->words[kept++] = word;
        else if (strcmp(word, "--") == 0)
            only_words = true;
        else if (!read_option(arguments, &i, options, option_count))
            return false;
    }
    arguments->count = kept;
    if (kept < min)
        tool_fail("something is missing");
    else if (kept > max)
        tool_fail("'%s' is too much", arguments->words[max]);
    return kept >= min && kept <= max;
}

bool arguments_id(const char *word, uint64_t *id) {
    if (text_to_u64(text_of(word), id) && *id > 0)
        return true;
    tool_fail("'%s' is no id: a whole number over 0 is wanted", word);
    return false;
}
