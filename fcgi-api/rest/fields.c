/* Fields of the parsed JSON object: texts, booleans, ids. Each error is added to x->field_errors,
 * so that a response lists all wrong fields. What counts as text or boolean, and the wording,
 * follow Django REST framework, for clients that are used to it. */
#include "rest/fields.h"

#include <inttypes.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"

static const char REQUIRED[] = "This field is required.";
static const char NOT_NULL[] = "This field may not be null.";
static const char NOT_BLANK[] = "This field may not be blank.";

/* The value of a field, NULL if it is missing or null. Adds an error if that is not allowed. */
static struct json_object *find(struct exchange *x, const char *name, unsigned flags) {
    struct json_object *value;
    if (!json_object_object_get_ex(x->fields, name, &value)) {
        /* A field that is missing and optional is no error; the caller's default stays. */
        if (flags & FIELDS_REQUIRED)
            field_errors_add(&x->field_errors, name, CODE_REQUIRED, "%s", REQUIRED);
        return NULL;
    }
    if (!value && !(flags & FIELDS_NULLABLE))
        field_errors_add(&x->field_errors, name, CODE_NULL, "%s", NOT_NULL);
    return value;
}

bool fields_is_null(const struct exchange *x, const char *name) {
    struct json_object *value;
    return json_object_object_get_ex(x->fields, name, &value) && !value;
}

bool fields_text(struct exchange *x, const char *name, size_t min, size_t max, unsigned flags,
                 struct text *out) {
    struct json_object *value = find(x, name, flags);
    if (!value)
        return false;
    const enum json_type type = json_object_get_type(value);
    /* Numbers are taken as their text, true and false are not. */
    if (type != json_type_string && type != json_type_int && type != json_type_double) {
        field_errors_add(&x->field_errors, name, CODE_INVALID, "Not a valid string.");
        return false;
    }
    struct text text = text_of(json_object_get_string(value));
    /* A string may be longer than strlen says only if it had a NUL, which json_validate refuses. */
    if (type == json_type_string)
        text.len = (size_t)json_object_get_string_len(value);
    if (!(flags & FIELDS_KEEP))
        text = text_trim(text);
    /* Lengths are in characters (code points), as in the database. */
    const size_t points = text_code_points(text);
    if (points == 0 && min > 0)
        field_errors_add(&x->field_errors, name, CODE_BLANK, "%s", NOT_BLANK);
    else if (points < min)
        field_errors_add(&x->field_errors, name, CODE_MIN_LENGTH,
                         "Ensure this field has at least %zu characters.", min);
    else if (points > max)
        field_errors_add(&x->field_errors, name, CODE_MAX_LENGTH,
                         "Ensure this field has no more than %zu characters.", max);
    else {
        *out = text;
        return true;
    }
    return false;
}

/* Words for true and for false; both arrays have the same length. */
static const char *const TRUE_WORDS[] = {"true", "t", "yes", "y", "on", "1"};
static const char *const FALSE_WORDS[] = {"false", "f", "no", "n", "off", "0"};

static bool word_to_bool(struct text word, bool *out) {
    for (size_t i = 0; i < sizeof(TRUE_WORDS) / sizeof(TRUE_WORDS[0]); i++) {
        /* *out is right for both: true for the first word, false for the second. */
        *out = text_equals_nocase(word, text_of(TRUE_WORDS[i]));
        if (*out || text_equals_nocase(word, text_of(FALSE_WORDS[i])))
            return true;
    }
    return false;
}

bool fields_bool(struct exchange *x, const char *name, unsigned flags, bool *out) {
    struct json_object *value = find(x, name, flags);
    if (!value)
        return false;
    /* Forms have only strings. */
    const enum json_type type = json_object_get_type(value);
    if (type == json_type_boolean) {
        *out = json_object_get_boolean(value);
        return true;
    }
    if ((type == json_type_string || type == json_type_int) &&
        word_to_bool(text_of(json_object_get_string(value)), out))
        return true;
    field_errors_add(&x->field_errors, name, CODE_INVALID, "Must be a valid boolean.");
    return false;
}

bool fields_id(struct exchange *x, const char *name, unsigned flags, uint64_t *out) {
    struct json_object *value = find(x, name, flags);
    if (!value)
        return false;
    const enum json_type type = json_object_get_type(value);
    /* Also as a string, as JavaScript cannot hold all ids as numbers. */
    if ((type == json_type_int || type == json_type_string) &&
        text_to_u64(text_of(json_object_get_string(value)), out) && *out > 0)
        return true;
    field_errors_add(&x->field_errors, name, CODE_INVALID, "A valid integer is required.");
    return false;
}

/* A whole number as JSON, or a string of its digits. */
static bool is_number(struct json_object *value, uint64_t *out) {
    const enum json_type type = json_object_get_type(value);
    return (type == json_type_int || type == json_type_string) &&
           text_to_u64(text_of(json_object_get_string(value)), out);
}

bool fields_number(struct exchange *x, const char *name, uint64_t min, unsigned flags,
                   uint64_t *out) {
    struct json_object *value = find(x, name, flags);
    uint64_t number;
    if (!value)
        return false;
    if (!is_number(value, &number)) {
        field_errors_add(&x->field_errors, name, CODE_INVALID, "A valid integer is required.");
        return false;
    }
    if (number < min) {
        field_errors_add(&x->field_errors, name, CODE_MIN_VALUE,
                         "Ensure this value is greater than or equal to %" PRIu64 ".", min);
        return false;
    }
    *out = number;
    return true;
}

/* By id. The order of those with the same id is kept apart, since qsort does not keep it. */
struct ordered {
    struct fields_pair value;
    size_t place;
};

static int compare_ordered(const void *one, const void *other) {
    const struct ordered *a = one, *b = other;
    if (a->value.id != b->value.id)
        return a->value.id < b->value.id ? -1 : 1;
    return a->place < b->place ? -1 : 1;
}

bool fields_numbered(struct exchange *x, const char *name, unsigned flags, struct fields_pair **out,
                     size_t *count) {
    struct json_object *value = find(x, name, flags);
    size_t found = 0, kept = 0;
    bool valid = true;
    *out = NULL;
    *count = 0;
    if (!value)
        return false;
    valid = json_object_get_type(value) == json_type_object;
    const size_t size = valid ? (size_t)json_object_object_length(value) : 0;
    struct ordered *all = xcalloc(size + 1, sizeof(*all));
    if (valid) {
        json_object_object_foreach(value, key, member) {
            struct ordered *one = &all[found];
            valid = valid && text_to_u64(text_of(key), &one->value.id) && one->value.id > 0 &&
                    one->value.id <= INT64_MAX && is_number(member, &one->value.number);
            one->place = found++;
        }
    }
    if (!valid) {
        field_errors_add(&x->field_errors, name, CODE_INVALID,
                         "Must be an object of ids and whole numbers.");
        free(all);
        return false;
    }
    /* "17" and "017" are the same id: the last one stays. */
    qsort(all, found, sizeof(*all), compare_ordered);
    *out = xcalloc(size + 1, sizeof(**out));
    for (size_t i = 0; i < found; i++) {
        kept -= kept > 0 && (*out)[kept - 1].id == all[i].value.id;
        (*out)[kept++] = all[i].value;
    }
    *count = kept;
    free(all);
    return true;
}

bool fields_list(struct exchange *x, const char *name, size_t most, unsigned flags,
                 struct json_object **out) {
    struct json_object *value = find(x, name, flags);
    if (!value)
        return false;
    if (!json_object_is_type(value, json_type_array)) {
        field_errors_add(&x->field_errors, name, CODE_INVALID, "Expected a list of items.");
        return false;
    }
    const size_t count = json_object_array_length(value);
    if (count > most) {
        field_errors_add(&x->field_errors, name, CODE_MAX_LENGTH,
                         "Ensure this field has no more than %zu items.", most);
        return false;
    }
    for (size_t i = 0; i < count; i++)
        if (!json_object_is_type(json_object_array_get_idx(value, i), json_type_object)) {
            field_errors_add(&x->field_errors, name, CODE_INVALID,
                             "Item %zu is not a JSON object.", i + 1);
            return false;
        }
    *out = value;
    return true;
}

struct fields_outer fields_enter(struct exchange *x, struct json_object *list, size_t place) {
    const struct fields_outer outer = {x->fields, x->field_errors};
    x->fields = json_object_array_get_idx(list, place);
    x->field_errors = (struct field_errors){.count = 0};
    return outer;
}

void fields_leave(struct exchange *x, const struct fields_outer *outer) {
    field_errors_free(&x->field_errors);
    x->fields = outer->fields;
    x->field_errors = outer->errors;
}
