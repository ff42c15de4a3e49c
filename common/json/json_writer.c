/* Escaping of strings, and the values that are not written inline. Only what RFC 8259 demands is
 * escaped: quote, backslash and control characters; everything else is UTF-8 as it was stored,
 * after validation. */
#include "json/json_writer.h"

#include <string.h>

#include "base/clock.h"

struct json_writer json_writer_start(struct buffer *out) {
    return (struct json_writer){out, false};
}

/* True for the bytes that must be escaped in a string. */
static bool needs_escape(char c) {
    return (unsigned char)c < 0x20 || c == '"' || c == '\\';
}

/* Appends one character as an escape, the short one where there is one. */
static void append_escape(struct buffer *out, char c) {
    static const char named[] = "\"\\\b\f\n\r\t";
    static const char names[] = "\"\\bfnrt";
    static const char digits[] = "0123456789abcdef";
    /* strchr would find the terminator for NUL. */
    const char *found = c == '\0' ? NULL : strchr(named, c);

    if (found != NULL) {
        char escape[2] = {'\\', names[found - named]};

        buffer_append(out, escape, sizeof(escape));
    } else {
        /* Only control characters are left, all below 0x20. */
        char escape[6] = {'\\', 'u', '0', '0', digits[c >> 4 & 15], digits[c & 15]};

        buffer_append(out, escape, sizeof(escape));
    }
}

/* Appends a text with all that must be escaped. */
static void append_escaped(struct buffer *out, struct text value) {
    size_t i = 0;

    while (i < value.len) {
        /* A run without escapes is copied at once. */
        size_t run = i;

        while (i < value.len && !needs_escape(value.at[i]))
            i++;
        buffer_append(out, value.at + run, i - run);
        if (i < value.len)
            append_escape(out, value.at[i++]);
    }
}

void json_write_text(struct json_writer *w, struct text value) {
    json_write_separate(w);
    buffer_append_char(w->out, '"');
    append_escaped(w->out, value);
    buffer_append_char(w->out, '"');
}

void json_write_str(struct json_writer *w, const char *value) {
    if (value == NULL)
        json_write_null(w);
    else
        json_write_text(w, text_of(value));
}

void json_write_time(struct json_writer *w, int64_t micros) {
    json_write_separate(w);
    /* Two quotes; the size of the text counts its terminator already. */
    char *quoted = buffer_reserve(w->out, CLOCK_TEXT_SIZE + 1);

    quoted[0] = '"';
    clock_format(micros, quoted + 1);
    quoted[CLOCK_TEXT_SIZE] = '"'; /* in place of the terminator */
    w->out->len += CLOCK_TEXT_SIZE + 1;
}
