/*
 * json_schema: the objects of schema.h as JSON Schema (2020-12; what is used means the same in
 * draft 07, which AsyncAPI takes), and examples of them.
 */
#ifndef CONFAB_FCGI_API_SCHEMA_JSON_SCHEMA_H
#define CONFAB_FCGI_API_SCHEMA_JSON_SCHEMA_H

#include "schema/schema.h"
#include "json/json_writer.h"

/* More objects than there are. */
#define JSON_SCHEMA_MOST 256

/* The objects that a document refers to, each once. */
struct json_schema_set {
    const struct schema_object *objects[JSON_SCHEMA_MOST];
    size_t count;
};

/* Adds an object and all that it consists of. */
void json_schema_add(struct json_schema_set *set, const struct schema_object *object);

/* Writes the members of components/schemas. */
void json_schema_write_set(struct json_writer *w, const struct json_schema_set *set);

/* Writes {"$ref": ...}. */
void json_schema_ref(struct json_writer *w, const char *name);

/* Writes JSON as it is. */
static inline void json_schema_raw(struct json_writer *w, const char *json) {
    json_write_raw(w, json, strlen(json));
}

/* Writes the schema of a field, with its description. */
void json_schema_field(struct json_writer *w, const struct schema_field *field);

/* Writes an example of a field or an object. */
void json_schema_field_example(struct json_writer *w, const struct schema_field *field);
void json_schema_example(struct json_writer *w, const struct schema_object *object);

#endif
