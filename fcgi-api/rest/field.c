/* Fields of the parsed JSON object: texts, booleans, ids. Each error is added to x->field_errors,
 * so that a response lists all wrong fields. What counts as text or boolean, and the wording,
 * follow Django REST framework, for clients that are used to it. */
#include "rest/field.h"

#include <inttypes.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/xalloc.h"
#include "schema/schema.h"

/* The rules of a field. A handler that reads a field which its body does not have is a bug. */
static const struct schema_field *rules_of(const struct exchange *x, const char *name) {
    const struct schema_field *field = schema_find(x->body, name);
    if (!field) {
        /* Stops in tests, before it could reach a user. */
        log_error("objects.def has no field %s for %s", name, x->route);
        abort();
    }
    return field;
}

/* The value of a field, NULL if it is missing or null. Adds an error if that is not allowed. An
 * optional null is treated as missing. */
static struct json_object *find(struct exchange *x, const struct schema_field *field) {
    struct json_object *value;
    if (!json_object_object_get_ex(x->fields, field->name, &value)) {
        /* A missing optional field is not an error; the caller's default stays. */
        if (!(field->flags & SCHEMA_OPTIONAL))
            field_errors_add(&x->field_errors, field->name, CODE_REQUIRED,
                             "This field is required.");
        return NULL;
    }
    if (!value && !(field->flags & SCHEMA_NULLABLE))
        field_errors_add(&x->field_errors, field->name, CODE_NULL, "This field may not be null.");
    return value;
}

bool field_is_given(const struct exchange *x, const char *name) {
    return json_object_object_get_ex(x->fields, name, NULL);
}

bool field_is_null(const struct exchange *x, const char *name) {
    struct json_object *value;
    return json_object_object_get_ex(x->fields, name, &value) && !value;
}

/* Whether a text is one of the words of a choice. */
static bool is_choice(const char *words, struct text text) {
    while (*words) {
        const struct text word = {words, strcspn(words, "|")};
        if (text_equals(text, word))
            return true;
        words += word.len + (words[word.len] == '|');
    }
    return false;
}

/* Checks length or choice; adds an error and returns false if the text is not allowed. */
static bool check_text(struct exchange *x, const struct schema_field *field, struct text text) {
    struct field_errors *errors = &x->field_errors;
    const char *name = field->name;
    /* Lengths are in characters (code points), as in the database. */
    const size_t points = text_code_points(text);
    if (points == 0 && (field->min > 0 || field->kind == SCHEMA_CHOICE))
        field_errors_add(errors, name, CODE_BLANK, "This field may not be blank.");
    else if (field->kind == SCHEMA_CHOICE && !is_choice(field->words, text))
        field_errors_add(errors, name, CODE_INVALID_CHOICE, "\"%.*s\" is not a valid choice.",
                         points < 64 ? (int)text.len : 0, text.at);
    else if (points < field->min)
        field_errors_add(errors, name, CODE_MIN_LENGTH,
                         "Ensure this field has at least %zu characters.", (size_t)field->min);
    else if (field->max > 0 && points > field->max)
        field_errors_add(errors, name, CODE_MAX_LENGTH,
                         "Ensure this field has no more than %zu characters.", (size_t)field->max);
    else
        return true;
    return false;
}

bool field_text(struct exchange *x, const char *name, struct text *out) {
    const struct schema_field *field = rules_of(x, name);
    struct json_object *value = find(x, field);
    if (!value)
        return false;
    /* json-c has integers and decimals as types of their own. */
    const enum json_type type = json_object_get_type(value);
    /* Numbers are taken as their text, true and false are not. */
    if (type != json_type_string && type != json_type_int && type != json_type_double) {
        field_errors_add(&x->field_errors, name, CODE_INVALID, "Not a valid string.");
        return false;
    }
    /* The text of a number is kept by json-c with its value, as long as the body lives. */
    struct text text = text_of(json_object_get_string(value));
    /* A string may be longer than strlen says only if it had a NUL, which json_validate refuses. */
    if (type == json_type_string)
        text.len = (size_t)json_object_get_string_len(value);
    if (!(field->flags & SCHEMA_KEEP))
        text = text_trim(text);
    if (!check_text(x, field, text))
        return false;
    *out = text;
    return true;
}

/* Words for true and for false; both arrays have the same length. */
static const char *const TRUE_WORDS[] = {"true", "t", "yes", "y", "on", "1"};
static const char *const FALSE_WORDS[] = {"false", "f", "no", "n", "off", "0"};

/* The words of DRF's BooleanField, in any case. */
static bool word_to_bool(struct text word, bool *out) {
    for (size_t i = 0; i < sizeof(TRUE_WORDS) / sizeof(TRUE_WORDS[0]); i++) {
        /* *out is right for both: true for the first word, false for the second. */
        *out = text_equals_nocase(word, text_of(TRUE_WORDS[i]));
        if (*out || text_equals_nocase(word, text_of(FALSE_WORDS[i])))
            return true;
    }
    return false;
}

bool field_bool(struct exchange *x, const char *name, bool *out) {
    struct json_object *value = find(x, rules_of(x, name));
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

/* A whole number, or a string of its digits, as JavaScript cannot hold all ids as numbers. */
static bool is_number(struct json_object *value, uint64_t *out) {
    const enum json_type type = json_object_get_type(value);
    return (type == json_type_int || type == json_type_string) &&
           text_to_u64(text_of(json_object_get_string(value)), out);
}

/* 0 is not an id: AUTO_INCREMENT begins with 1. */
bool field_id(struct exchange *x, const char *name, uint64_t *out) {
    struct json_object *value = find(x, rules_of(x, name));
    if (!value)
        return false;
    if (is_number(value, out) && *out > 0)
        return true;
    field_errors_add(&x->field_errors, name, CODE_INVALID, "A valid integer is required.");
    return false;
}

bool field_number(struct exchange *x, const char *name, uint64_t *out) {
    const struct schema_field *field = rules_of(x, name);
    struct json_object *value = find(x, field);
    uint64_t number;
    if (!value)
        return false;
    if (!is_number(value, &number)) {
        field_errors_add(&x->field_errors, name, CODE_INVALID, "A valid integer is required.");
        return false;
    }
    if (number < field->min) {
        field_errors_add(&x->field_errors, name, CODE_MIN_VALUE,
                         "Ensure this value is greater than or equal to %" PRIu64 ".", field->min);
        return false;
    }
    /* Without it any number is valid that fits 64 bits. */
    if (field->max > 0 && number > field->max) {
        field_errors_add(&x->field_errors, name, CODE_MAX_VALUE,
                         "Ensure this value is less than or equal to %" PRIu64 ".", field->max);
        return false;
    }
    *out = number;
    return true;
}

bool field_time(struct exchange *x, const char *name, int64_t *out) {
    struct json_object *value = find(x, rules_of(x, name));
    if (!value)
        return false;
    /* From 1970 on: the columns are DATETIME, and 0 stands for none. */
    if (json_object_is_type(value, json_type_string) &&
        clock_parse(text_of(json_object_get_string(value)), out) && *out >= 0)
        return true;
    field_errors_add(&x->field_errors, name, CODE_INVALID,
                     "Must be a time such as 2024-01-15T10:30:00Z.");
    return false;
}

bool field_thousandths(struct exchange *x, const char *name, uint64_t *out) {
    const struct schema_field *field = rules_of(x, name);
    struct json_object *value = find(x, field);
    if (!value)
        return false;
    const enum json_type type = json_object_get_type(value);
    /* 0 for other types, which are refused next. */
    const double number = json_object_get_double(value);
    if (type != json_type_int && type != json_type_double) {
        field_errors_add(&x->field_errors, name, CODE_INVALID, "A valid number is required.");
        return false;
    }
    /* Written so that what is not a number is refused as well. */
    if (!(number >= 0)) {
        field_errors_add(&x->field_errors, name, CODE_MIN_VALUE,
                         "Ensure this value is greater than or equal to 0.");
        return false;
    }
    if (!(number <= (double)field->max)) {
        field_errors_add(&x->field_errors, name, CODE_MAX_VALUE,
                         "Ensure this value is less than or equal to %" PRIu64 ".", field->max);
        return false;
    }
    /* Rounded to the nearest, as 1.005 has no exact value in binary. */
    *out = (uint64_t)(number * 1000 + 0.5);
    return true;
}

/* Bounds the number of items before anything is allocated or looked up for them. */
bool field_items(struct exchange *x, const char *name, struct json_object **out) {
    const struct schema_field *field = rules_of(x, name);
    struct json_object *value = find(x, field);
    if (!value)
        return false;
    if (!json_object_is_type(value, json_type_array)) {
        field_errors_add(&x->field_errors, name, CODE_INVALID, "Expected a list of items.");
        return false;
    }
    if (json_object_array_length(value) > field->max) {
        field_errors_add(&x->field_errors, name, CODE_MAX_LENGTH,
                         "Ensure this field has no more than %zu items.", (size_t)field->max);
        return false;
    }
    *out = value;
    return true;
}

bool field_ids(struct exchange *x, const char *name, uint64_t *out, size_t *count) {
    struct json_object *value;
    *count = 0;
    if (!field_items(x, name, &value))
        return false;
    const size_t len = json_object_array_length(value);
    for (size_t i = 0; i < len; i++) {
        struct json_object *item = json_object_array_get_idx(value, i);
        /* No id is greater than INT64_MAX, where the integers of json-c end. */
        bool valid = is_number(item, &out[i]) && out[i] > 0 && out[i] <= INT64_MAX;
        /* Each at most once. At most `max` ids, so that comparing all pairs is fast enough. */
        for (size_t j = 0; valid && j < i; j++)
            valid = out[j] != out[i];
        if (!valid) {
            field_errors_add(&x->field_errors, name, CODE_INVALID,
                             "Expected different ids; item %zu is not one.", i + 1);
            return false;
        }
    }
    *count = len;
    return true;
}

/* Adds an id unless it is there. */
static void keep_id(uint64_t *ids, size_t *count, uint64_t id) {
    for (size_t i = 0; i < *count; i++)
        if (ids[i] == id)
            return;
    ids[(*count)++] = id;
}

/* One message for all that can be wrong: such lists are made by programs. */
bool field_id_set(struct exchange *x, const char *name, uint64_t *out, size_t *count) {
    const struct schema_field *field = rules_of(x, name);
    struct json_object *value = find(x, field);
    *count = 0;
    if (!value)
        return false;
    const bool is_list = json_object_is_type(value, json_type_array);
    const size_t given = is_list ? json_object_array_length(value) : 0;
    bool valid = is_list && given <= field->max;
    for (size_t i = 0; valid && i < given; i++) {
        uint64_t id;
        valid = is_number(json_object_array_get_idx(value, i), &id) && id > 0 && id <= INT64_MAX;
        if (valid)
            keep_id(out, count, id);
    }
    if (!valid)
        field_errors_add(&x->field_errors, name, CODE_INVALID,
                         "Expected a list of at most %zu ids.", (size_t)field->max);
    return valid;
}

/* For sorting by id. The order of those with the same id is kept apart, since qsort does not
 * keep it. */
struct ordered {
    struct field_pair value;
    size_t place;
};

/* By id; those of the same id keep the order in which they came. */
static int compare_ordered(const void *one, const void *other) {
    const struct ordered *a = one, *b = other;
    if (a->value.id != b->value.id)
        return a->value.id < b->value.id ? -1 : 1;
    return a->place < b->place ? -1 : 1;
}

bool field_numbered(struct exchange *x, const char *name, struct field_pair **out, size_t *count) {
    struct json_object *value = find(x, rules_of(x, name));
    size_t found = 0, kept = 0;
    bool valid = true;
    *out = NULL;
    *count = 0;
    if (!value)
        return false;
    /* Two passes: first all members as they come, then sorted and without repetitions. */
    valid = json_object_get_type(value) == json_type_object;
    /* As many as the body has, which its own limit bounds. */
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
        /* The same id as the one before: overwrites it. */
        kept -= kept > 0 && (*out)[kept - 1].id == all[i].value.id;
        (*out)[kept++] = all[i].value;
    }
    *count = kept;
    free(all);
    return true;
}

bool field_list(struct exchange *x, const char *name, struct json_object **out) {
    if (!field_items(x, name, out))
        return false;
    for (size_t i = 0; i < json_object_array_length(*out); i++)
        if (!json_object_is_type(json_object_array_get_idx(*out, i), json_type_object)) {
            field_errors_add(&x->field_errors, name, CODE_INVALID, "Item %zu is not a JSON object.",
                             i + 1);
            return false;
        }
    return true;
}

struct field_place field_enter(struct exchange *x, const char *name, struct json_object *list,
                               size_t at) {
    /* The item takes the place of the body: the functions above read its fields, and errors gather
     * in a list of its own. */
    const struct field_place outer = {x->fields, x->body, x->field_errors};
    /* Before x->body changes, as the rules are those of the list. */
    const struct schema_object *body = rules_of(x, name)->of;
    x->fields = json_object_array_get_idx(list, at);
    x->body = body;
    x->field_errors = (struct field_errors){.count = 0};
    if (!json_object_is_type(x->fields, json_type_object))
        field_errors_add(&x->field_errors, "non_field_errors", CODE_INVALID,
                         "Expected a JSON object.");
    return outer;
}

/* Errors that were not written as a result end here. */
void field_leave(struct exchange *x, const struct field_place *outer) {
    field_errors_free(&x->field_errors);
    x->fields = outer->fields;
    x->body = outer->body;
    x->field_errors = outer->errors;
}

void field_leave_wrong(struct exchange *x, const struct field_place *outer, const char *name,
                       size_t at) {
    /* The errors of the item become one error of the list, which names the item. */
    struct field_errors errors = x->field_errors;
    x->fields = outer->fields;
    x->body = outer->body;
    x->field_errors = outer->errors;
    field_errors_add(&x->field_errors, name, errors.first_code, "Item %zu: %s", at + 1,
                     buffer_str(&errors.first));
    /* Its first error only: with many items a list of all would be long. */
    field_errors_free(&errors);
}

/* The same form as the answer to a request with wrong fields, so that clients read both alike. */
void field_write_errors(const struct exchange *x, struct json_writer *w) {
    struct buffer errors = BUFFER_EMPTY;
    field_errors_write(&x->field_errors, &errors);
    json_write_object(w);
    json_write_member_u64(w, "status", 400);
    json_write_key(w, "errors");
    json_write_raw(w, errors.data, errors.len);
    json_write_object_end(w);
    buffer_free(&errors);
}

/* Unlike an item a wrong object is an error of the field itself. */
bool field_enter_object(struct exchange *x, const char *name, struct field_place *outer) {
    const struct schema_field *field = rules_of(x, name);
    struct json_object *value = find(x, field);
    if (!value)
        return false;
    if (!json_object_is_type(value, json_type_object)) {
        field_errors_add(&x->field_errors, name, CODE_INVALID, "Expected a JSON object.");
        return false;
    }
    *outer = (struct field_place){x->fields, x->body, x->field_errors};
    x->fields = value;
    x->body = field->of;
    x->field_errors = (struct field_errors){.count = 0};
    return true;
}
