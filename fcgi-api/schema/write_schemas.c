/* write_schemas: a program of the build. Writes both schemas as C, so that the server has them as
 * texts and needs no tables for them; schema/schema_text.h declares them. */
#include <stdio.h>
#include <string.h>

#include "schema/asyncapi.h"
#include "schema/openapi.h"

/* The place of the servers, which are known only when a request comes. */
static const char SERVERS[] = "@SERVERS@";

/* Characters on a line of C. */
#define LINE 90

/* Writes a text as adjacent string literals, which the compiler joins again. */
static void write_literal(const char *text, size_t len) {
    size_t column = LINE;
    for (size_t i = 0; i < len; i++, column++) {
        /* A line ends before a character of UTF-8, never inside of one. */
        if (column >= LINE && ((unsigned char)text[i] & 0xC0) != 0x80) {
            fputs(i == 0 ? "    \"" : "\"\n    \"", stdout);
            column = 0;
        }
        /* All other characters of JSON may be in a literal: it has no line breaks and no NUL. */
        if (text[i] == '"' || text[i] == '\\')
            putchar('\\');
        putchar(text[i]);
    }
    puts("\"");
}

/* Writes a document as the parts before and after its servers. */
static void write_parts(const char *name, struct buffer *document) {
    const char *text = buffer_str(document);
    /* It is found: both documents have it in the place of their servers. */
    const char *found = strstr(text, SERVERS);
    const char *after = found + strlen(SERVERS);
    printf("const char %s_START[] =\n", name);
    write_literal(text, (size_t)(found - text));
    printf(";\nconst char %s_END[] =\n", name);
    write_literal(after, strlen(after));
    puts(";");
    buffer_free(document);
}

int main(void) {
    struct buffer api = BUFFER_EMPTY, events = BUFFER_EMPTY;
    openapi_write(&api, SERVERS);
    asyncapi_write(&events, SERVERS);
    puts("#include \"schema/schema_text.h\"\n");
    write_parts("SCHEMA_TEXT_API", &api);
    write_parts("SCHEMA_TEXT_EVENTS", &events);
    return 0;
}
