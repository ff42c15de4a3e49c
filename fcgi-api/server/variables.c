/* A search for each name of the list of variables (the environment, or FCGI_PARAMS) in the table of
 * variables.def. One pass over the list; values stay where they are. */
#include "server/variables.h"

#include <stdbool.h>
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
    /* Linear: some twenty names, and most differ in length. */
    unsigned variable = 0;
    while (variable < VARIABLE_COUNT &&
           (NAMES[variable].len != len || memcmp(NAMES[variable].name, name, len) != 0))
        variable++;
    return (enum variable)variable;
}

void variables_find(char *const *list, const char *values[VARIABLE_COUNT]) {
    bool twice[VARIABLE_COUNT] = {false};
    memset(values, 0, VARIABLE_COUNT * sizeof(values[0]));
    for (; *list; list++) {
        const char *equals = strchr(*list, '=');
        if (!equals)
            continue;
        const enum variable variable = variable_of(*list, (size_t)(equals - *list));
        if (variable == VARIABLE_COUNT)
            continue;
        /* The first of several, and a note that there were several. */
        if (values[variable])
            twice[variable] = true;
        if (!values[variable])
            values[variable] = equals + 1;
    }
    /* A header that came twice could be read differently by the web server and here, so it counts
     * as missing; so does "-", which some servers pass for none. */
    for (size_t i = 0; i < VARIABLE_COUNT; i++)
        if (values[i] && strncmp(NAMES[i].name, "HTTP_", 5) == 0 &&
            (twice[i] || strcmp(values[i], "-") == 0))
            values[i] = NULL;
}
