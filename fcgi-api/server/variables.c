#include "server/variables.h"

#include <string.h>

/* Which variable a name is; VARIABLE_COUNT: none that is looked at. */
static enum variable variable_of(const char *name, size_t len) {
    switch (len) {
#define OF_LENGTH(length, rows) \
    case length:                \
        rows break;
#define VARIABLE(known)                                \
    if (memcmp(name, #known, sizeof(#known) - 1) == 0) \
        return VARIABLE_##known;
#include "server/variables.def"
#undef VARIABLE
#undef OF_LENGTH
    default:
        break;
    }
    return VARIABLE_COUNT;
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
