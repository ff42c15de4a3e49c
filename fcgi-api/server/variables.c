/* A search for each name of the list in the table of variables.def. */
#include "server/variables.h"

#include <string.h>

static const struct {
    const char *name;
    size_t len;
} NAMES[VARIABLE_COUNT] = {
#define VARIABLE(name) {#name, sizeof(#name) - 1},
#include "server/variables.def"
#undef VARIABLE
};

/* VARIABLE_COUNT: not in the table. */
static enum variable variable_of(const char *name, size_t len) {
    unsigned variable = 0;
    while (variable < VARIABLE_COUNT &&
           (NAMES[variable].len != len || memcmp(NAMES[variable].name, name, len) != 0))
        variable++;
    return (enum variable)variable;
}

void variables_find(char *const *list, const char *values[VARIABLE_COUNT]) {
    memset(values, 0, VARIABLE_COUNT * sizeof(values[0]));
    for (; *list; list++) {
        const char *equals = strchr(*list, '=');
        if (!equals)
            continue;
        const enum variable variable = variable_of(*list, (size_t)(equals - *list));
        if (variable < VARIABLE_COUNT && !values[variable])
            values[variable] = equals + 1;
    }
}
