/*
 * field_errors: all that is wrong with a request's fields, collected to be said at once.
 */
#ifndef CONFAB_PROBLEMS_H
#define CONFAB_PROBLEMS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"

struct field_errors {
    struct buffer json; /* the object being written, without its end */
    size_t count;
};

/* Notes what is wrong with a field; of a field noted twice the first counts. */
void field_errors_add(struct field_errors *field_errors, const char *field, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* True when nothing was noted. */
bool field_errors_none(const struct field_errors *field_errors);

/* Appends {"field": ["what is wrong"], ...}. */
void field_errors_write(const struct field_errors *field_errors, struct buffer *out);

/* Forgets all, keeping the memory. */
void field_errors_clear(struct field_errors *field_errors);

/* Gives the memory back. */
void field_errors_free(struct field_errors *field_errors);

#endif
