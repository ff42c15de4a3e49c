#include "rest/field_errors.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "json/json_writer.h"

/* Fields are named by literals of ours, so a plain search for the key does. */
static bool is_noted(const struct problems *problems, const char *field) {
    char key[80];
    snprintf(key, sizeof(key), "\"%s\":[", field);
    return problems->json.len > 0 &&
           memmem(problems->json.data, problems->json.len, key, strlen(key)) != NULL;
}

void problems_add(struct problems *problems, const char *field, const char *format, ...) {
    char message[512];
    va_list arguments;
    if (is_noted(problems, field))
        return;
    va_start(arguments, format);
    vsnprintf(message, sizeof(message), format, arguments);
    va_end(arguments);
    struct jsonw w = jsonw_start(&problems->json);
    if (problems->count++ > 0)
        buffer_append_char(&problems->json, ',');
    jsonw_key(&w, field);
    jsonw_array(&w);
    jsonw_str(&w, message);
    jsonw_array_end(&w);
}

bool problems_none(const struct problems *problems) {
    return problems->count == 0;
}

void problems_write(const struct problems *problems, struct buffer *out) {
    buffer_append_char(out, '{');
    buffer_append(out, problems->json.data, problems->json.len);
    buffer_append_char(out, '}');
}

void problems_clear(struct problems *problems) {
    buffer_clear(&problems->json);
    problems->count = 0;
}

void problems_free(struct problems *problems) {
    buffer_free(&problems->json);
    problems->count = 0;
}
