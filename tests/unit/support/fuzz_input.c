/* Copies are allocated with malloc, of their exact size. */
#include "fuzz_input.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/xalloc.h"

void fuzz_require(bool holds, const char *what) {
    if (!holds) {
        fprintf(stderr, "fuzz: condition failed: %s\n", what);
        abort();
    }
}

struct text fuzz_line(struct text *rest) {
    struct text line = {"", 0};
    text_split(rest, '\n', &line);
    char *copy = malloc(line.len ? line.len : 1);
    fuzz_require(copy != NULL, "malloc succeeds");
    memcpy(copy, line.at, line.len);
    return (struct text){copy, line.len};
}

void fuzz_free(struct text copy) {
    free((char *)copy.at);
}

bool fuzz_is_inside(struct text part, struct text whole) {
    return part.at >= whole.at && part.at + part.len <= whole.at + whole.len;
}

bool fuzz_contains(struct text whole, struct text part) {
    for (size_t at = 0; at + part.len <= whole.len; at++)
        if (text_equals_nocase((struct text){whole.at + at, part.len}, part))
            return true;
    return false;
}

void fuzz_variables_add_line(struct fuzz_variables *variables, struct text line) {
    if (variables->count < FUZZ_VARIABLES)
        variables->list[variables->count++] = xstrndup(line.at, line.len);
}

void fuzz_variables_add(struct fuzz_variables *variables, const char *name, struct text value) {
    struct buffer line = BUFFER_EMPTY;
    buffer_printf(&line, "%s=", name);
    buffer_append(&line, value.at, value.len);
    fuzz_variables_add_line(variables, (struct text){line.data, line.len});
    buffer_free(&line);
}

void fuzz_variables_free(struct fuzz_variables *variables) {
    for (size_t i = 0; i < variables->count; i++)
        free(variables->list[i]);
    *variables = (struct fuzz_variables){.count = 0};
}
