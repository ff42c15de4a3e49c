/*
 * schema: the tables of all JSON objects that requests and answers consist of (objects.def), and of
 * what each handler takes and answers (operations.def). The checks of fields use them (rest/field),
 * and the schemas are made from them while the program is built (write_schemas.c): with
 * SCHEMA_FULL the tables have what only these need, examples and meanings.
 */
#ifndef CONFAB_FCGI_API_SCHEMA_SCHEMA_H
#define CONFAB_FCGI_API_SCHEMA_SCHEMA_H

#include <stddef.h>
#include <stdint.h>

enum schema_kind {
    SCHEMA_TEXT,    /* min to max characters (code points); max 0: any */
    SCHEMA_EITHER,  /* the same, or a number, which stands for its text */
    SCHEMA_CHOICE,  /* one of `words`, separated by | */
    SCHEMA_TIME,    /* RFC 3339 */
    SCHEMA_URL,     /* an address */
    SCHEMA_BOOL,    /* true or false */
    SCHEMA_INTEGER, /* min to max; max 0: any from min on */
    SCHEMA_NUMBER,  /* any integer, also a negative one */
    SCHEMA_DECIMAL, /* a number from 0 to max, with or without decimals; max 0: any */
    SCHEMA_OBJECT,  /* `of` */
    SCHEMA_LIST,    /* of `of`, or, if that is NULL, of texts; max: at most, 0: any number */
    SCHEMA_IDS,     /* a list of integers from min on; max as above */
    SCHEMA_MAP,     /* an object whose keys are ids, and whose values integers */
    SCHEMA_ANY,     /* any JSON */
};

/* Flags of a field. */
#define SCHEMA_OPTIONAL 1u /* may be missing */
#define SCHEMA_NULLABLE 2u /* may be null; in a request that means that it is missing */
#define SCHEMA_KEEP 4u     /* a text of a request keeps white space at both ends */

struct schema_object;

struct schema_field {
    const char *name; /* NULL: the object has the schema of this field (bare) */
    enum schema_kind kind;
    uint64_t min, max;
    const char *words;
    const struct schema_object *of;
    unsigned flags;
    const char *example; /* a text, or JSON for kinds that are not text; NULL: made from the kind;
                            "": not in the example of the object */
    const char *meaning; /* Markdown */
};

struct schema_object {
    const char *name; /* of the component: "Room"; NULL: SCHEMA_NONE */
    const char *meaning;
    const struct schema_field *fields;
    size_t count;
    int is_union; /* one of the objects of its fields */
};

/* SCHEMA_ROOM and so on, all of them; and no object at all. */
#define OBJECT(constant, name, meaning, ...) extern const struct schema_object SCHEMA_##constant;
#define UNION OBJECT
#include "schema/objects.def"
#undef OBJECT
#undef UNION
extern const struct schema_object SCHEMA_NONE;

/* OPERATION_rooms_list and so on, one for each handler. */
enum schema_operation_id {
#define OPERATION(handler, body, query, statuses, answer, summary) OPERATION_##handler,
#include "schema/operations.def"
#undef OPERATION
};

/* The bodies of requests, by operation. */
extern const struct schema_object *const SCHEMA_BODIES[];

/* A row of operations.def. */
struct schema_operation {
    const char *name;                   /* of the handler */
    const struct schema_object *body;   /* of requests, */
    const struct schema_object *query;  /* their parameters, */
    const char *statuses;               /* of success: "201 200" */
    const struct schema_object *answer; /* the body of these */
    const char *summary;
};

/* By operation; only in the program that writes the schemas. */
extern const struct schema_operation SCHEMA_OPERATIONS[];

/* The field of an object, or of one that a union consists of; NULL: none has this name. */
const struct schema_field *schema_find(const struct schema_object *object, const char *name);

#endif
