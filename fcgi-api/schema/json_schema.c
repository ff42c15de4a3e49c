/* Schemas of objects and fields, and their examples: those of an object are put together from those
 * of its fields. */
#include "schema/json_schema.h"

#include <string.h>

#include "base/error.h"

/* The time in examples whose field has none of its own. */
static const char TIME[] = "2024-01-15T10:30:00.123456Z";

/* Kinds whose example in objects.def is a text without quotes. That of the others is JSON. */
static bool is_text(const struct schema_field *field) {
    return field->kind == SCHEMA_TEXT || field->kind == SCHEMA_EITHER ||
           field->kind == SCHEMA_CHOICE || field->kind == SCHEMA_TIME || field->kind == SCHEMA_URL;
}

/* ---- sets ---- */

void json_schema_add(struct json_schema_set *set, const struct schema_object *object) {
    /* No object, or one that only groups fields, such as a query: nothing can refer to it. */
    if (!object->name)
        return;
    for (size_t i = 0; i < set->count; i++)
        if (set->objects[i] == object)
            return;
    if (set->count == JSON_SCHEMA_MOST)
        return;
    /* Before its parts, so that an object may contain itself. */
    set->objects[set->count++] = object;
    for (size_t i = 0; i < object->count; i++)
        if (object->fields[i].of)
            json_schema_add(set, object->fields[i].of);
}

/* ---- fields ---- */

void json_schema_ref(struct json_writer *w, const char *name) {
    char ref[128] = "#/components/schemas/";
    json_write_object(w);
    json_write_member_str(w, "$ref", strncat(ref, name, sizeof(ref) - strlen(ref) - 1));
    json_write_object_end(w);
}

/* "type": "string", or ["string", "null"]: OpenAPI 3.1 and AsyncAPI take schemas with these
 * lists. */
static void write_type(struct json_writer *w, const struct schema_field *field, const char *type) {
    if (!(field->flags & SCHEMA_NULLABLE)) {
        json_write_member_str(w, "type", type);
        return;
    }
    json_write_key(w, "type");
    json_write_array(w);
    json_write_str(w, type);
    json_write_str(w, "null");
    json_write_array_end(w);
}

/* "type": ["string", "integer"], and "null". */
static void write_either(struct json_writer *w, const struct schema_field *field) {
    json_write_key(w, "type");
    json_write_array(w);
    json_write_str(w, "string");
    json_write_str(w, "integer");
    if (field->flags & SCHEMA_NULLABLE)
        json_write_str(w, "null");
    json_write_array_end(w);
}

/* Writes a keyword with a number. In the tables 0 stands for no bound. */
static void write_bound(struct json_writer *w, const char *key, uint64_t value) {
    if (value > 0)
        json_write_member_u64(w, key, value);
}

/* Writes the words of a choice: "const" if there is but one, else "enum". */
static void write_words(struct json_writer *w, const struct schema_field *field) {
    const char *words = field->words;
    const bool nullable = (field->flags & SCHEMA_NULLABLE) != 0;
    /* With null there are two values, which "const" cannot say. */
    if (!strchr(words, '|') && !nullable) {
        json_write_member_str(w, "const", words);
        return;
    }
    json_write_key(w, "enum");
    json_write_array(w);
    while (*words) {
        const size_t len = strcspn(words, "|");
        json_write_text(w, (struct text){words, len});
        words += len + (words[len] == '|');
    }
    /* "enum" holds besides "type": without this null would not be valid. */
    if (nullable)
        json_write_null(w);
    json_write_array_end(w);
}

/* A list of objects, of texts or of ids: its items are a reference or written in place. */
static void write_list(struct json_writer *w, const struct schema_field *field) {
    write_type(w, field, "array");
    write_bound(w, "maxItems", field->max);
    json_write_key(w, "items");
    if (field->of) {
        json_schema_ref(w, field->of->name);
        return;
    }
    json_write_object(w);
    json_write_member_str(w, "type", field->kind == SCHEMA_IDS ? "integer" : "string");
    if (field->kind == SCHEMA_IDS)
        json_write_member_u64(w, "minimum", field->min);
    json_write_object_end(w);
}

/* A reference, or null. */
static void write_reference(struct json_writer *w, const struct schema_field *field) {
    if (!(field->flags & SCHEMA_NULLABLE)) {
        /* Not a bare $ref: draft 07 ignores all keywords beside it, and the field has a
         * description. */
        json_write_key(w, "allOf");
        json_write_array(w);
        json_schema_ref(w, field->of->name);
        json_write_array_end(w);
        return;
    }
    /* Only the reference may be replaced by null; the object itself has no null. */
    json_write_key(w, "anyOf");
    json_write_array(w);
    json_schema_ref(w, field->of->name);
    json_write_object(w);
    json_write_member_str(w, "type", "null");
    json_write_object_end(w);
    json_write_array_end(w);
}

/* The keywords of a field's schema. */
static void write_keywords(struct json_writer *w, const struct schema_field *field) {
    switch (field->kind) {
    case SCHEMA_TEXT:
    case SCHEMA_EITHER:
        if (field->kind == SCHEMA_TEXT)
            write_type(w, field, "string");
        else
            write_either(w, field);
        write_bound(w, "minLength", field->min);
        write_bound(w, "maxLength", field->max);
        break;
    case SCHEMA_CHOICE:
        write_type(w, field, "string");
        write_words(w, field);
        break;
    case SCHEMA_TIME:
        write_type(w, field, "string");
        json_write_member_str(w, "format", "date-time");
        break;
    case SCHEMA_URL:
        write_type(w, field, "string");
        json_write_member_str(w, "format", "uri");
        break;
    case SCHEMA_BOOL:
        write_type(w, field, "boolean");
        break;
    case SCHEMA_INTEGER:
        write_type(w, field, "integer");
        json_write_member_u64(w, "minimum", field->min);
        write_bound(w, "maximum", field->max);
        break;
    case SCHEMA_NUMBER:
        write_type(w, field, "integer");
        break;
    case SCHEMA_DECIMAL:
        write_type(w, field, "number");
        json_write_member_u64(w, "minimum", 0);
        write_bound(w, "maximum", field->max);
        break;
    case SCHEMA_OBJECT:
        write_reference(w, field);
        break;
    case SCHEMA_LIST:
    case SCHEMA_IDS:
        write_list(w, field);
        break;
    /* The keys are ids, which a schema need not name: "additionalProperties" is that of each
     * value. */
    case SCHEMA_MAP:
        write_type(w, field, "object");
        json_write_key(w, "additionalProperties");
        json_write_object(w);
        json_write_member_str(w, "type", "integer");
        json_write_member_u64(w, "minimum", 0);
        json_write_object_end(w);
        break;
    case SCHEMA_ANY:
        break;
    }
}

/* The description is beside the keywords, which is why references need allOf. */
void json_schema_field(struct json_writer *w, const struct schema_field *field) {
    json_write_object(w);
    if (field->meaning)
        json_write_member_str(w, "description", field->meaning);
    write_keywords(w, field);
    json_write_object_end(w);
}

/* ---- examples ---- */

void json_schema_field_example(struct json_writer *w, const struct schema_field *field) {
    const char *example = field->example;
    /* JSON is copied; of a kind that is a text only null is. */
    if (example && (!is_text(field) || strcmp(example, "null") == 0)) {
        json_schema_raw(w, example);
        return;
    }
    /* An example of the table as a text, or else the simplest value that is valid. */
    switch (field->kind) {
    case SCHEMA_TEXT:
    case SCHEMA_EITHER:
    case SCHEMA_URL:
        json_write_str(w, example ? example : "");
        break;
    case SCHEMA_CHOICE:
        json_write_text(w, example ? text_of(example)
                                   : (struct text){field->words, strcspn(field->words, "|")});
        break;
    case SCHEMA_TIME:
        json_write_str(w, example ? example : TIME);
        break;
    case SCHEMA_BOOL:
        json_write_bool(w, false);
        break;
    case SCHEMA_INTEGER:
    case SCHEMA_NUMBER:
    case SCHEMA_DECIMAL:
        json_write_u64(w, field->min > 0 ? field->min : 1);
        break;
    case SCHEMA_OBJECT:
        json_schema_example(w, field->of);
        break;
    /* One item shows what a list has; a list of texts is shown empty. */
    case SCHEMA_LIST:
    case SCHEMA_IDS:
        json_write_array(w);
        if (field->of)
            json_schema_example(w, field->of);
        json_write_array_end(w);
        break;
    case SCHEMA_MAP:
    case SCHEMA_ANY:
        json_write_object(w);
        json_write_object_end(w);
        break;
    }
}

void json_schema_example(struct json_writer *w, const struct schema_object *object) {
    const struct schema_field *fields = object->fields;
    /* A union is shown by its first object; a field without a name stands for the whole object. */
    if (object->is_union || !fields[0].name) {
        json_schema_field_example(w, &fields[0]);
        return;
    }
    json_write_object(w);
    for (size_t i = 0; i < object->count; i++) {
        /* An empty one in the table: an optional field that the example of its object leaves
         * out. */
        if (fields[i].example && *fields[i].example == '\0')
            continue;
        json_write_key(w, fields[i].name);
        json_schema_field_example(w, &fields[i]);
    }
    json_write_object_end(w);
}

/* ---- components ---- */

/* Each of the objects is a component of its own. */
static void write_union(struct json_writer *w, const struct schema_object *object) {
    json_write_key(w, "oneOf");
    json_write_array(w);
    for (size_t i = 0; i < object->count; i++)
        json_schema_ref(w, object->fields[i].of->name);
    json_write_array_end(w);
}

/* The codes with their meanings, from the table of errors. */
static void write_codes(struct json_writer *w) {
    json_write_member_str(w, "type", "string");
    json_write_key(w, "enum");
    json_write_array(w);
    for (size_t i = 0; i < CODE_COUNT; i++)
        json_write_str(w, error_code_word((enum error_code)i));
    json_write_array_end(w);
    /* An extension that documentation tools show. Validators ignore keywords that begin with
     * x-. */
    json_write_key(w, "x-enum-descriptions");
    json_write_array(w);
#define ERROR_CODE(name, word, meaning) json_write_str(w, meaning);
#include "base/error_codes.def"
#undef ERROR_CODE
    json_write_array_end(w);
}

/* Unknown fields are not forbidden: later versions may answer with more. */
static void write_properties(struct json_writer *w, const struct schema_object *object) {
    const struct schema_field *fields = object->fields;
    bool any_required = false;
    json_write_member_str(w, "type", "object");
    json_write_key(w, "properties");
    json_write_object(w);
    for (size_t i = 0; i < object->count; i++) {
        any_required = any_required || !(fields[i].flags & SCHEMA_OPTIONAL);
        json_write_key(w, fields[i].name);
        json_schema_field(w, &fields[i]);
    }
    json_write_object_end(w);
    /* Draft 07 takes an empty list, older tools do not. */
    if (!any_required)
        return;
    json_write_key(w, "required");
    json_write_array(w);
    for (size_t i = 0; i < object->count; i++)
        if (!(fields[i].flags & SCHEMA_OPTIONAL))
            json_write_str(w, fields[i].name);
    json_write_array_end(w);
}

/* A component is the list of codes, a union, a single value without a name, or an object. */
static void write_component(struct json_writer *w, const struct schema_object *object) {
    json_write_key(w, object->name);
    json_write_object(w);
    json_write_member_str(w, "description", object->meaning);
    if (object == &SCHEMA_ERROR_CODE)
        write_codes(w);
    else if (object->is_union)
        write_union(w, object);
    else if (!object->fields[0].name)
        write_keywords(w, &object->fields[0]);
    else
        write_properties(w, object);
    json_write_key(w, "examples");
    json_write_array(w);
    json_schema_example(w, object);
    json_write_array_end(w);
    json_write_object_end(w);
}

void json_schema_write_set(struct json_writer *w, const struct json_schema_set *set) {
    for (size_t i = 0; i < set->count; i++)
        write_component(w, set->objects[i]);
}
