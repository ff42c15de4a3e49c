/*
 * field_errors: the errors of a request's fields, reported together.
 */
#ifndef CONFAB_FCGI_API_SERVER_FIELD_ERRORS_H
#define CONFAB_FCGI_API_SERVER_FIELD_ERRORS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/error.h"

struct field_errors {
    struct buffer json;  /* members of the object: texts */
    struct buffer codes; /* members of its "codes" */
    size_t count;
    struct buffer first; /* "field: text" of the first one, */
    enum error_code first_code;
};

/* Adds the error of a field; only the first one of a field is kept. No field is named "codes". */
void field_errors_add(struct field_errors *field_errors, const char *field, enum error_code code,
                      const char *format, ...) __attribute__((format(printf, 4, 5)));

/* Adds the error of a field whose id belongs to nothing. */
void field_errors_add_missing(struct field_errors *field_errors, const char *field, uint64_t id);

/* True when there are no errors. */
bool field_errors_none(const struct field_errors *field_errors);

/* True if one of the errors has this code. */
bool field_errors_has(const struct field_errors *field_errors, enum error_code code);

/* Appends {"field": ["error"], ..., "codes": {"field": ["code"], ...}}. */
void field_errors_write(const struct field_errors *field_errors, struct buffer *out);

/* Removes all errors, keeping the memory. */
void field_errors_clear(struct field_errors *field_errors);

/* Frees the memory. */
void field_errors_free(struct field_errors *field_errors);

#endif
