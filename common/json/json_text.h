/*
 * json_text: strings of json-c as texts.
 */
#ifndef CONFAB_JSON_TEXT_H
#define CONFAB_JSON_TEXT_H

#include <json-c/json.h>

#include "base/text.h"

/* The text of a string, which may have NULs; it belongs to the value. With .at NULL for NULL and
 * for a value of any other type. */
static inline struct text json_text(struct json_object *value) {
    if (!json_object_is_type(value, json_type_string))
        return (struct text){NULL, 0};
    return (struct text){json_object_get_string(value), (size_t)json_object_get_string_len(value)};
}

#endif
