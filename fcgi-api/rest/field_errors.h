/*
 * problems: all that is wrong with a request's fields, collected to be said at once.
 */
#ifndef CONFAB_PROBLEMS_H
#define CONFAB_PROBLEMS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"

struct problems {
    struct buffer json; /* the object being written, without its end */
    size_t count;
};

/* Notes what is wrong with a field; of a field noted twice the first counts. */
void problems_add(struct problems *problems, const char *field, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* True when nothing was noted. */
bool problems_none(const struct problems *problems);

/* Appends {"field": ["what is wrong"], ...}. */
void problems_write(const struct problems *problems, struct buffer *out);

/* Forgets all, keeping the memory. */
void problems_clear(struct problems *problems);

/* Gives the memory back. */
void problems_free(struct problems *problems);

#endif
