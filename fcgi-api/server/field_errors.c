/* The errors of the fields of a request. They are written as JSON at once: "field":["message"], and
 * "field":["code"] for the object "codes"; each field has one of each, the first. */
#include "server/field_errors.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "json/json_writer.h"

/* Names of fields are literals without escapes, so it is enough to search for the key. */
static bool has_error(const struct field_errors *field_errors, const char *field) {
    char key[80];
    snprintf(key, sizeof(key), "\"%s\":[", field);
    return field_errors->json.len > 0 &&
           memmem(field_errors->json.data, field_errors->json.len, key, strlen(key)) != NULL;
}

/* Appends "field":["value"] to the members of an object. */
static void add_member(struct buffer *members, const char *field, const char *value) {
    /* Each writer begins without state and knows no comma between fields. */
    if (members->len > 0)
        buffer_append_char(members, ',');
    struct json_writer w = json_writer_start(members);
    json_write_key(&w, field);
    json_write_array(&w);
    json_write_str(&w, value);
    json_write_array_end(&w);
}

void field_errors_add(struct field_errors *field_errors, const char *field, enum error_code code,
                      const char *format, ...) {
    char message[512];
    va_list arguments;
    /* Later checks of the same field would only repeat it. */
    if (has_error(field_errors, field))
        return;
    va_start(arguments, format);
    vsnprintf(message, sizeof(message), format, arguments);
    va_end(arguments);
    if (field_errors->count == 0) {
        buffer_printf(&field_errors->first, "%s: %s", field, message);
        field_errors->first_code = code;
    }
    add_member(&field_errors->json, field, message);
    add_member(&field_errors->codes, field, error_code_word(code));
    field_errors->count++;
}

void field_errors_add_missing(struct field_errors *field_errors, const char *field, uint64_t id) {
    /* The text of Django REST framework. */
    field_errors_add(field_errors, field, CODE_DOES_NOT_EXIST,
                     "Invalid pk \"%" PRIu64 "\" - object does not exist.", id);
}

bool field_errors_none(const struct field_errors *field_errors) {
    return field_errors->count == 0;
}

bool field_errors_has(const struct field_errors *field_errors, enum error_code code) {
    char value[80];
    snprintf(value, sizeof(value), "[\"%s\"]", error_code_word(code));
    return field_errors->count > 0 &&
           memmem(field_errors->codes.data, field_errors->codes.len, value, strlen(value)) != NULL;
}

void field_errors_write(const struct field_errors *field_errors, struct buffer *out) {
    buffer_append_char(out, '{');
    buffer_append(out, field_errors->json.data, field_errors->json.len);
    buffer_append_str(out, field_errors->count > 0 ? ",\"codes\":{" : "\"codes\":{");
    buffer_append(out, field_errors->codes.data, field_errors->codes.len);
    buffer_append_str(out, "}}");
}

void field_errors_clear(struct field_errors *field_errors) {
    buffer_clear(&field_errors->json);
    buffer_clear(&field_errors->codes);
    buffer_clear(&field_errors->first);
    field_errors->count = 0;
}

void field_errors_free(struct field_errors *field_errors) {
    buffer_free(&field_errors->json);
    buffer_free(&field_errors->codes);
    buffer_free(&field_errors->first);
    field_errors->count = 0;
}
