/*
 * fields: reads and validates the fields of a body, as the serializer fields of DRF do.
 *
 * Each function returns true and sets *out if the field is present and valid. Otherwise it returns
 * false and adds to x->field_errors, unless the field is missing and optional. A handler reads all
 * fields before it checks x->field_errors, so that all errors are reported together. Texts point
 * into the body and are valid as long as the exchange.
 */
#ifndef CONFAB_FCGI_API_REST_FIELDS_H
#define CONFAB_FCGI_API_REST_FIELDS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"
#include "server/exchange.h"

#define FIELDS_REQUIRED 1u /* a missing field is an error */
#define FIELDS_NULLABLE 2u /* null is treated as a missing field */
#define FIELDS_KEEP 4u     /* leading and trailing white space is kept */

/* A text of min to max code points after trimming. A number is converted to text. */
bool fields_text(struct exchange *x, const char *name, size_t min, size_t max, unsigned flags,
                 struct text *out);

/* True if the field is present and null. */
bool fields_is_null(const struct exchange *x, const char *name);

/* true or false, or one of the words and numbers that DRF accepts for them. */
bool fields_bool(struct exchange *x, const char *name, unsigned flags, bool *out);

/* A positive integer, or a string of its decimal digits. */
bool fields_id(struct exchange *x, const char *name, unsigned flags, uint64_t *out);

/* A whole number of at least min, or a string of its decimal digits. */
bool fields_number(struct exchange *x, const char *name, uint64_t min, unsigned flags,
                   uint64_t *out);

/* A number of an object that is keyed by ids: {"17": 204}. */
struct fields_pair {
    uint64_t id;
    uint64_t number;
};

/* An object whose names are ids and whose values are whole numbers, by rising id. Of an id that is
 * given twice the last counts. The caller frees *out, which is NULL if there are none. */
bool fields_numbered(struct exchange *x, const char *name, unsigned flags, struct fields_pair **out,
                     size_t *count);

/* A list of at most `most` JSON objects, which belongs to the body. */
bool fields_list(struct exchange *x, const char *name, size_t most, unsigned flags,
                 struct json_object **out);

/* To read the fields of one of them: from fields_enter to fields_leave it is the object whose
 * fields are read, and x->field_errors has its errors only. fields_leave drops these, and brings
 * back what was before. */
struct fields_outer {
    struct json_object *fields;
    struct field_errors errors;
};
struct fields_outer fields_enter(struct exchange *x, struct json_object *list, size_t place);
void fields_leave(struct exchange *x, const struct fields_outer *outer);

#endif
