/*
 * option: the table made from options.def. Private to config; programs read struct config.
 */
#ifndef CONFAB_COMMON_CONFIG_OPTION_H
#define CONFAB_COMMON_CONFIG_OPTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"
#include "config/config.h"
#include "http/cidr.h"

enum option_kind { OPTION_KIND_SECTION, OPTION_KIND_TEXT, OPTION_KIND_NUMBER, OPTION_KIND_CHOICE };

/* Separate the entries of a list, of addresses or of origins. */
#define OPTION_LIST_SEPARATORS CIDR_LIST_SEPARATORS

/* Flags of a text. */
enum {
    OPTION_SECRET = 1,
    OPTION_ADDRESSES = 2,
    OPTION_ORIGINS = 4,
    OPTION_COOKIE = 8,
    OPTION_USERNAME = 16,
    OPTION_URL = 32,
    OPTION_HTTPS_ORIGINS = 64,
};

struct option {
    enum option_kind kind;
    const char *key; /* NULL for a section */
    size_t offset;   /* of its member in struct config */
    unsigned flags;
    const char *initial; /* default of a text or choice */
    uint64_t number;     /* default of a number */
    uint64_t min;
    uint64_t max;
    const char *unit;
    const char *choices;
    const char *help; /* the title of a section */
};

#define OPTION_SECTION(title) +1
#define OPTION_TEXT(key, initial, flags, help) +1
#define OPTION_NUMBER(key, initial, min, max, unit, help) +1
#define OPTION_CHOICE(key, initial, choices, help) +1
enum {
    OPTION_COUNT = 0
#include "config/options.def"
};
#undef OPTION_SECTION
#undef OPTION_TEXT
#undef OPTION_NUMBER
#undef OPTION_CHOICE

/* The table, in the order of options.def. */
extern const struct option option_table[OPTION_COUNT];

/* The row of a key; NULL when there is none. */
const struct option *option_find(struct text key);

/* The key most similar to an unknown one, for "did you mean"; NULL when none is similar. */
const char *option_nearest(struct text key);

/* The member of the option in *config: a char *, uint64_t or unsigned. */
void *option_field(struct config *config, const struct option *option);
const void *option_field_const(const struct config *config, const struct option *option);

/* Sets a text to a copy of the value and frees the former one. */
void option_store(struct config *config, const struct option *option, struct text value);

/* Finds the index of a word among the choices; false when it is not one of them. */
bool option_choice(const struct option *option, struct text word, unsigned *index);

/* The word at an index, which must be one. */
struct text option_choice_at(const struct option *option, unsigned index);

#endif
