/* The rows of options.def, and what parsers need to know about one. The file is included with
 * macros that turn each row into an element of the table; config.h includes the same file to make
 * the fields of struct config. */
#include "config/option.h"

#include <stdlib.h>
#include <string.h>

#include "base/edit_distance.h"
#include "base/xalloc.h"

#define OPTION_SECTION(title) {.kind = OPTION_KIND_SECTION, .help = (title)},
#define OPTION_TEXT(name, standard, bits, words) \
    {.kind = OPTION_KIND_TEXT,                   \
     .key = #name,                               \
     .offset = offsetof(struct config, name),    \
     .flags = (bits),                            \
     .initial = (standard),                      \
     .help = (words)},
#define OPTION_NUMBER(name, standard, least, most, measure, words) \
    {.kind = OPTION_KIND_NUMBER,                                   \
     .key = #name,                                                 \
     .offset = offsetof(struct config, name),                      \
     .number = (standard),                                         \
     .min = (least),                                               \
     .max = (most),                                                \
     .unit = (measure),                                            \
     .help = (words)},
#define OPTION_CHOICE(name, standard, words_allowed, words) \
    {.kind = OPTION_KIND_CHOICE,                            \
     .key = #name,                                          \
     .offset = offsetof(struct config, name),               \
     .initial = (standard),                                 \
     .choices = (words_allowed),                            \
     .help = (words)},

const struct option option_table[OPTION_COUNT] = {
#include "config/options.def"
};

const struct option *option_find(struct text key) {
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        /* A linear search: some hundred rows, once for each line. */
        const struct option *option = &option_table[i];
        if (option->kind != OPTION_KIND_SECTION && text_equals(text_of(option->key), key))
            return option;
    }
    return NULL;
}

const char *option_nearest(struct text written) {
    const char *nearest = NULL;
    size_t shortest = SIZE_MAX;
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        const struct option *option = &option_table[i];
        /* Headings in the table have no key. */
        size_t distance = option->kind == OPTION_KIND_SECTION
                              ? SIZE_MAX
                              : edit_distance(written, text_of(option->key));
        /* The first of several that are as near. */
        if (distance < shortest) {
            shortest = distance;
            nearest = option->key;
        }
    }
    return edit_distance_is_near(written, shortest) ? nearest : NULL;
}

void *option_field(struct config *config, const struct option *option) {
    /* The offset was taken from the field of the same name, so the type behind it is that of the
     * row's kind. */
    return (char *)config + option->offset;
}

const void *option_field_const(const struct config *config, const struct option *option) {
    return (const char *)config + option->offset;
}

void option_store(struct config *config, const struct option *option, struct text value) {
    char **text = option_field(config, option);
    /* Owned by the configuration; freed by config_free. */
    free(*text);
    *text = xstrndup(value.at, value.len);
}

bool option_choice(const struct option *option, struct text value, unsigned *index) {
    struct text rest = text_of(option->choices);
    struct text word;
    /* The choices are written "off|on"; the index of the word is what the field holds. */
    for (*index = 0; text_next_word(&rest, "|", &word); ++*index) {
        if (text_equals(word, value))
            return true;
    }
    return false;
}

struct text option_choice_at(const struct option *option, unsigned index) {
    struct text rest = text_of(option->choices);
    struct text word;
    /* The index comes from option_choice and is always in range, so that the word at the index is
     * the last one read. */
    while (text_next_word(&rest, "|", &word) && index > 0)
        index--;
    return word;
}
