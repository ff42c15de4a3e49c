/*
 * fuzz_json_validate: text that json_validate accepts is UTF-8 and parsed to its end by json-c.
 *
 * fcgi-api passes only text accepted by json_validate to json-c. So json-c may accept more, but
 * never less.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "base/text.h"
#include "json/json_validate.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds, const char *what) {
    if (!holds) {
        fprintf(stderr, "fuzz_jsoncheck: %s\n", what);
        abort();
    }
}

/* Returns whether json-c parses the terminated text as one value followed by white space only. */
static bool json_c_reads(const char *text, size_t len) {
    struct json_tokener *tokener = json_tokener_new_ex(64);

    require(tokener != NULL, "no tokener");

    /* The terminator tells json-c that a number at the end is complete. */
    struct json_object *value = json_tokener_parse_ex(tokener, text, (int)len + 1);
    bool whole = json_tokener_get_error(tokener) == json_tokener_success;
    size_t end = json_tokener_get_parse_end(tokener);

    if (end < len)
        end += strspn(text + end, " \t\r\n");
    json_object_put(value);
    json_tokener_free(tokener);
    return whole && end >= len;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    size_t at = SIZE_MAX;
    const char *wrong = json_validate((const char *)data, size, &at);

    if (wrong != NULL) {
        require(at <= size, "the offset is beyond the text");
        return 0;
    }
    require(at == SIZE_MAX, "an offset was set for a good text");
    require(text_is_valid((const char *)data, size), "what was taken is no text");

    char *text = malloc(size + 1);

    require(text != NULL, "no memory");
    memcpy(text, data, size);
    text[size] = '\0';
    require(json_c_reads(text, size), "json-c refuses what was taken");
    free(text);
    return 0;
}
