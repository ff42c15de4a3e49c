/* The content type of a body; JSON objects and forms. Both become an object of json-c in x->fields,
 * which field.c reads. json-c only sees what json_validate accepts. */
#include "rest/body.h"

#include <json-c/json.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "json/json_validate.h"

/* True if the value of a charset, which may be in quotes, is UTF-8. */
static bool is_utf8(struct text charset) {
    const size_t len = charset.len;
    if (len > 1 && charset.at[0] == '"' && charset.at[len - 1] == '"')
        charset = (struct text){charset.at + 1, len - 2};
    return text_equals_nocase(charset, text_of("utf-8")) ||
           text_equals_nocase(charset, text_of("utf8"));
}

/* True if a Content-Type is of this type. Parameters are ignored, except that a charset must be
 * UTF-8. */
static bool is_type(const char *content_type, const char *type) {
    const size_t len = strlen(type);
    if (strncasecmp(content_type, type, len) != 0)
        return false;
    const char *rest = content_type + len;
    /* "application/jsonx" is another type. */
    rest += strspn(rest, " \t");
    if (*rest != '\0' && *rest != ';')
        return false;
    struct text parameters = text_of(rest), name, value;
    while (text_split(&parameters, ';', &value))
        if (text_split(&value, '=', &name) &&
            text_equals_nocase(text_trim(name), text_of("charset")) && !is_utf8(text_trim(value)))
            return false;
    return true;
}

/* Names the byte at which parsing failed, for authors of clients. */
static enum error refuse_json(struct exchange *x, const char *why, size_t at) {
    char detail[160];
    snprintf(detail, sizeof(detail), "JSON parse error - %s (at byte %zu).", why, at);
    return exchange_fail(x, ERROR_BAD_INPUT, CODE_PARSE_ERROR, detail);
}

/* json_validate first: it is strict (RFC 8259), bounds the depth, and refuses NUL and broken
 * UTF-8. */
static enum error parse_json(struct exchange *x) {
    const struct text body = x->request->body;
    size_t at = 0;
    const char *why = json_validate(body.at, body.len, &at);
    if (why)
        return refuse_json(x, why, at);
    /* Kept for all requests of the process: making one allocates its whole stack. */
    if (!x->tokener)
        x->tokener = json_tokener_new_ex(JSON_VALIDATE_MAX_DEPTH + 2);
    if (!x->tokener)
        return ERROR_INTERNAL;
    /* The NUL after the body is parsed too: it ends a number, which could otherwise continue. */
    struct json_object *object = json_tokener_parse_ex(x->tokener, body.at, (int)body.len + 1);
    const enum json_tokener_error result = json_tokener_get_error(x->tokener);
    /* Also after an error, as it would continue in the middle of this body. */
    json_tokener_reset(x->tokener);
    if (result != json_tokener_success)
        return refuse_json(x, "invalid", 0);
    /* A list or a plain value is valid JSON, but has no fields. */
    if (!json_object_is_type(object, json_type_object)) {
        json_object_put(object);
        return exchange_fail(x, ERROR_BAD_INPUT, CODE_INVALID,
                             "Invalid data. Expected a JSON object.");
    }
    x->fields = object;
    return ERROR_NONE;
}

/* Adds a name=value pair of a form; of a repeated name the last counts, as in JSON. The decoded
 * name and value are in `scratch`, separated by a NUL. */
static bool add_pair(struct json_object *object, struct text pair, struct buffer *scratch) {
    /* A name without "=" has an empty value. */
    const char *equals = memchr(pair.at, '=', pair.len);
    const size_t name_len = equals ? (size_t)(equals - pair.at) : pair.len;
    struct text value = {"", 0};
    if (equals)
        value = (struct text){equals + 1, pair.len - name_len - 1};
    buffer_clear(scratch);
    /* `true`: a plus sign is a space in forms. */
    if (!request_decode((struct text){pair.at, name_len}, true, scratch) ||
        !text_is_valid(buffer_str(scratch), scratch->len))
        return false;
    /* Both share one buffer, so the value's place is known only now. */
    const size_t start = scratch->len + 1;
    buffer_append_char(scratch, '\0');
    if (!request_decode(value, true, scratch) ||
        !text_is_valid(buffer_str(scratch) + start, scratch->len - start))
        return false;
    json_object_object_add(
        object, scratch->data,
        json_object_new_string_len(buffer_str(scratch) + start, (int)(scratch->len - start)));
    return true;
}

/* application/x-www-form-urlencoded: all values are strings, which the readers of fields
 * convert. */
static enum error parse_form(struct exchange *x) {
    struct buffer scratch = BUFFER_EMPTY;
    struct text rest = x->request->body;
    bool valid = true;
    /* Freed with the exchange, also after an error. */
    x->fields = json_object_new_object();
    /* Empty pairs, as in "a=1&&b=2", are skipped. */
    while (rest.len > 0 && valid) {
        const char *end = memchr(rest.at, '&', rest.len);
        const size_t len = end ? (size_t)(end - rest.at) : rest.len;
        valid = len == 0 || add_pair(x->fields, (struct text){rest.at, len}, &scratch);
        const size_t skip = end ? len + 1 : len;
        rest = (struct text){rest.at + skip, rest.len - skip};
    }
    buffer_free(&scratch);
    return valid ? ERROR_NONE
                 : exchange_fail(x, ERROR_BAD_INPUT, CODE_PARSE_ERROR,
                                 "The form is not valid percent-encoded UTF-8.");
}

/* The type is echoed, in JSON, so that it must be valid UTF-8. */
static enum error refuse_type(struct exchange *x, const char *type) {
    char detail[200];
    /* Cut to 100 bytes, perhaps in the middle of a character. */
    snprintf(detail, sizeof(detail), "Unsupported media type \"%.100s\" in request.", type);
    const bool is_utf8 = text_is_valid(detail, strlen(detail));
    return exchange_fail(x, ERROR_MEDIA_TYPE, CODE_UNSUPPORTED_MEDIA_TYPE,
                         is_utf8 ? detail : "Unsupported media type in request.");
}

enum error body_parse(struct exchange *x, bool form) {
    /* The web server passed on another number of bytes than it announced. */
    if (x->request->body_error == ERROR_BAD_INPUT)
        return exchange_fail(x, ERROR_BAD_INPUT, CODE_BAD_REQUEST,
                             "The length of the body differs from Content-Length.");
    /* Too large, or broken off: the error has its standard answer. */
    if (x->request->body_error)
        return x->request->body_error;
    /* No body is an object without fields: each required one is then reported. */
    if (x->request->body.len == 0) {
        x->fields = json_object_new_object();
        return ERROR_NONE;
    }
    const char *type = request_header(x->request, VARIABLE_CONTENT_TYPE);
    /* Without a type nothing is guessed (RFC 9110, section 8.3). */
    if (!type)
        return refuse_type(x, "");
    if (is_type(type, "application/json"))
        return parse_json(x);
    if (form && is_type(type, "application/x-www-form-urlencoded"))
        return parse_form(x);
    return refuse_type(x, type);
}
