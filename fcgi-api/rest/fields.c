/* Fields of the parsed JSON object: texts, booleans, ids. Each error is added to x->field_errors,
 * so that a response lists all wrong fields. What counts as text or boolean, and the wording,
 * follow Django REST framework, for clients that are used to it. */
#include "rest/fields.h"

#include <json-c/json.h>
#include <string.h>

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
