/* The tables of objects.def and operations.def as constants. Built twice: into the server
 * without texts, and, with SCHEMA_FULL, into the program that writes the schemas. */
#include "schema/schema.h"

#include <string.h>

/* ---- the words of objects.def ---- */

#ifdef SCHEMA_FULL
#define TEXT_OF(text) text
#else
/* Each pointer to a text is a relocation, which costs time at each start, so the server leaves
 * these out. */
#define TEXT_OF(text) NULL
#endif

#define FIELD(name, type, flags, example, meaning) \
    { name, type, flags, TEXT_OF(example), TEXT_OF(meaning) }
/* An alternative of a union. */
#define ONE_OF(constant) \
    { NULL, REF(constant), 0, NULL, NULL }

/* kind, min, max, words, of */
#define TEXT(min, max) SCHEMA_TEXT, min, max, NULL, NULL
#define TEXT_OR_NUMBER(min, max) SCHEMA_EITHER, min, max, NULL, NULL
#define ANY_TEXT TEXT(0, 0)
#define CHOICE(words) SCHEMA_CHOICE, 0, 0, words, NULL
#define CONST(word) CHOICE(word)
#define TIME SCHEMA_TIME, 0, 0, NULL, NULL
#define URL SCHEMA_URL, 0, 0, NULL, NULL
#define BOOL SCHEMA_BOOL, 0, 0, NULL, NULL
#define INTEGER(min, max) SCHEMA_INTEGER, min, max, NULL, NULL
#define COUNT INTEGER(0, 0)
#define NUMBER SCHEMA_NUMBER, 0, 0, NULL, NULL
#define DECIMAL(max) SCHEMA_DECIMAL, 0, max, NULL, NULL
#define ID INTEGER(1, 0)
#define REF(constant) SCHEMA_OBJECT, 0, 0, NULL, &SCHEMA_##constant
#define LIST(constant) SCHEMA_LIST, 0, 0, NULL, &SCHEMA_##constant
#define LIST_TO(constant, max) SCHEMA_LIST, 0, max, NULL, &SCHEMA_##constant
#define LIST_OF_TEXTS SCHEMA_LIST, 0, 0, NULL, NULL
#define IDS(max) SCHEMA_IDS, 1, max, NULL, NULL
#define COUNTS(max) SCHEMA_IDS, 0, max, NULL, NULL
#define MAP SCHEMA_MAP, 0, 0, NULL, NULL
#define ANY SCHEMA_ANY, 0, 0, NULL, NULL

#define OPTIONAL SCHEMA_OPTIONAL
#define NULLABLE SCHEMA_NULLABLE
#define KEEP SCHEMA_KEEP

/* ---- the objects ---- */

/* objects.def is included twice: first all fields, then the objects that point to them. */
#define OBJECT(constant, name, meaning, ...) \
    static const struct schema_field FIELDS_##constant[] = {__VA_ARGS__};
#define UNION OBJECT
#include "schema/objects.def"
#undef OBJECT
#undef UNION

#define DEFINE(constant, name, meaning, is_union)    \
    const struct schema_object SCHEMA_##constant = { \
        name, TEXT_OF(meaning), FIELDS_##constant,   \
        sizeof(FIELDS_##constant) / sizeof(FIELDS_##constant[0]), is_union};
#define OBJECT(constant, name, meaning, ...) DEFINE(constant, name, meaning, 0)
#define UNION(constant, name, meaning, ...) DEFINE(constant, name, meaning, 1)
#include "schema/objects.def"
#undef OBJECT
#undef UNION

const struct schema_object SCHEMA_NONE = {0};

/* ---- the operations ---- */

/* By the number of the operation. The server needs them to check fields. */
const struct schema_object *const SCHEMA_BODIES[] = {
#define OPERATION(handler, body, query, statuses, answer, summary) &SCHEMA_##body,
#include "schema/operations.def"
#undef OPERATION
};

#ifdef SCHEMA_FULL
const struct schema_operation SCHEMA_OPERATIONS[] = {
#define OPERATION(handler, body, query, statuses, answer, summary) \
    {#handler, &SCHEMA_##body, &SCHEMA_##query, statuses, &SCHEMA_##answer, summary},
#include "schema/operations.def"
#undef OPERATION
};
#endif

/* A union has no fields of its own: the first of its objects that has the name decides. */
const struct schema_field *schema_find(const struct schema_object *object, const char *name) {
    const struct schema_field *found = NULL;
    for (size_t i = 0; i < object->count && !found; i++) {
        const struct schema_field *field = &object->fields[i];
        if (object->is_union)
            found = schema_find(field->of, name);
        else if (field->name && strcmp(field->name, name) == 0)
            found = field;
    }
    return found;
}
