/*
 * field: reads the fields of a body, as the serializer fields of DRF do, and checks them by the
 * rules of the body's object (schema/objects.def): x->body, that of the operation.
 *
 * Each function returns true and sets *out if the field is present and valid. Otherwise it returns
 * false and adds to x->field_errors, unless the field is missing and optional. A handler reads all
 * fields before it checks x->field_errors, so that all errors are reported together. Texts point
 * into the body and are valid as long as the exchange. The object must have the field.
 */
#ifndef CONFAB_FCGI_API_REST_FIELD_H
#define CONFAB_FCGI_API_REST_FIELD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"
#include "json/json_writer.h"
#include "server/exchange.h"

/* Whether the field is given, perhaps as null. */
bool field_is_given(const struct exchange *x, const char *name);

/* Whether the field is given as null. */
bool field_is_null(const struct exchange *x, const char *name);

/* A text; also one of the words of a choice. A number is converted to text. */
bool field_text(struct exchange *x, const char *name, struct text *out);

/* true or false, or one of the words and numbers that DRF accepts for them. */
bool field_bool(struct exchange *x, const char *name, bool *out);

/* A positive integer, or a string of its decimal digits. */
bool field_id(struct exchange *x, const char *name, uint64_t *out);

/* A whole number between the field's bounds, or a string of its decimal digits. */
bool field_number(struct exchange *x, const char *name, uint64_t *out);

/* A time in RFC 3339 form from 1970 on, as microseconds since then. */
bool field_time(struct exchange *x, const char *name, int64_t *out);

/* A number from 0 to the field's maximum, which may have decimals, in thousandths. */
bool field_thousandths(struct exchange *x, const char *name, uint64_t *out);

/* A list of different ids, at most as many as the field allows: *out must have room for them. */
bool field_ids(struct exchange *x, const char *name, uint64_t *out, size_t *count);

/* The same, but an id that comes again is left out. */
bool field_id_set(struct exchange *x, const char *name, uint64_t *out, size_t *count);

/* A number of an object that is keyed by ids: {"17": 204}. */
struct field_pair {
    uint64_t id;
    uint64_t number;
};

/* An object whose names are ids and whose values are whole numbers, by rising id. If an id is given
 * twice, the last counts. The caller frees *out, which is NULL if there are none. */
bool field_numbered(struct exchange *x, const char *name, struct field_pair **out, size_t *count);

/* A list of JSON objects, which belongs to the body. */
bool field_list(struct exchange *x, const char *name, struct json_object **out);

/* The same, but an item that is not an object has an error of its own, which field_enter adds. */
bool field_items(struct exchange *x, const char *name, struct json_object **out);

/* The object whose fields are read, its rules and its errors. */
struct field_place {
    struct json_object *fields;
    const struct schema_object *body;
    struct field_errors errors;
};

/* Makes the object at an index of a list the one whose fields are read, without errors; returns the
 * former one, for field_leave or field_leave_wrong. */
struct field_place field_enter(struct exchange *x, const char *name, struct json_object *list,
                               size_t at);

/* Goes back to the object before field_enter, and drops the errors of the item. */
void field_leave(struct exchange *x, const struct field_place *outer);

/* The same, and adds the first error of the item as an error of the list. */
void field_leave_wrong(struct exchange *x, const struct field_place *outer, const char *name,
                       size_t at);

/* Writes the errors of an item as its result: {"status": 400, "errors": {...}}. */
void field_write_errors(const struct exchange *x, struct json_writer *w);

/* The same for a field that is an object; false, and nothing is entered, if it is missing, null or
 * no object. */
bool field_enter_object(struct exchange *x, const char *name, struct field_place *outer);

#endif
