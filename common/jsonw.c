#include "jsonw.h"

#include <string.h>

#include "clock.h"

struct jsonw jsonw_start(struct buffer *out) {
    return (struct jsonw){out, false};
}

/* Sets the comma that a value or a key needs before it. */
static void separate(struct jsonw *w) {
    if (w->comma)
        buffer_append_char(w->out, ',');
    w->comma = true;
}

static void open_level(struct jsonw *w, char bracket) {
    separate(w);
    buffer_append_char(w->out, bracket);
    w->comma = false;
}

static void close_level(struct jsonw *w, char bracket) {
    buffer_append_char(w->out, bracket);
    w->comma = true;
}

void jsonw_object(struct jsonw *w) {
    open_level(w, '{');
}

void jsonw_object_end(struct jsonw *w) {
    close_level(w, '}');
}

void jsonw_array(struct jsonw *w) {
    open_level(w, '[');
}

void jsonw_array_end(struct jsonw *w) {
    close_level(w, ']');
}

/* One reservation for the comma, the quotes and the colon: keys are half of all that is
 * written. */
void jsonw_key(struct jsonw *w, const char *key) {
    const size_t len = strlen(key);
    char *start = buffer_reserve(w->out, len + 4), *at = start;
    if (w->comma)
        *at++ = ',';
    *at++ = '"';
    memcpy(at, key, len);
    at += len;
    *at++ = '"';
    *at++ = ':';
    w->out->len += (size_t)(at - start);
    w->comma = false;
}

/* True for the bytes that cannot stand in a string as they are. */
static bool needs_escape(char c) {
    return (unsigned char)c < 0x20 || c == '"' || c == '\\';
}

static void append_escape(struct buffer *out, char c) {
    static const char named[] = "\"\\\b\f\n\r\t";
    static const char names[] = "\"\\bfnrt";
    static const char digits[] = "0123456789abcdef";
    const char *found = c == '\0' ? NULL : strchr(named, c);

    if (found != NULL) {
        char escape[2] = {'\\', names[found - named]};

        buffer_append(out, escape, sizeof escape);
    } else {
        char escape[6] = {'\\', 'u', '0', '0', digits[c >> 4 & 15], digits[c & 15]};

        buffer_append(out, escape, sizeof escape);
    }
}

void jsonw_text(struct jsonw *w, struct text value) {
    size_t i = 0;

    separate(w);
    /* The usual text needs no escape: then this is the one allocation. */
    buffer_reserve(w->out, value.len + 2);
    buffer_append_char(w->out, '"');
    while (i < value.len) {
        size_t run = i;

        while (i < value.len && !needs_escape(value.at[i]))
            i++;
        buffer_append(w->out, value.at + run, i - run);
        if (i < value.len)
            append_escape(w->out, value.at[i++]);
    }
    buffer_append_char(w->out, '"');
}

void jsonw_str(struct jsonw *w, const char *value) {
    if (value == NULL)
        jsonw_null(w);
    else
        jsonw_text(w, text_of(value));
}

void jsonw_u64(struct jsonw *w, uint64_t value) {
    char digits[20];
    size_t at = sizeof digits;

    do {
        digits[--at] = (char)('0' + value % 10);
        value /= 10;
    } while (value > 0);
    jsonw_raw(w, digits + at, sizeof digits - at);
}

void jsonw_bool(struct jsonw *w, bool value) {
    if (value)
        jsonw_raw(w, "true", 4);
    else
        jsonw_raw(w, "false", 5);
}

void jsonw_null(struct jsonw *w) {
    jsonw_raw(w, "null", 4);
}

void jsonw_time(struct jsonw *w, int64_t micros) {
    char quoted[CLOCK_TEXT_SIZE + 1];

    quoted[0] = '"';
    clock_format(micros, quoted + 1);
    quoted[CLOCK_TEXT_SIZE] = '"'; /* in place of the terminator */
    jsonw_raw(w, quoted, sizeof quoted);
}

void jsonw_raw(struct jsonw *w, const char *json, size_t len) {
    separate(w);
    buffer_append(w->out, json, len);
}

void jsonw_member_text(struct jsonw *w, const char *key, struct text value) {
    jsonw_key(w, key);
    jsonw_text(w, value);
}

void jsonw_member_str(struct jsonw *w, const char *key, const char *value) {
    jsonw_key(w, key);
    jsonw_str(w, value);
}

void jsonw_member_u64(struct jsonw *w, const char *key, uint64_t value) {
    jsonw_key(w, key);
    jsonw_u64(w, value);
}

void jsonw_member_bool(struct jsonw *w, const char *key, bool value) {
    jsonw_key(w, key);
    jsonw_bool(w, value);
}

void jsonw_member_null(struct jsonw *w, const char *key) {
    jsonw_key(w, key);
    jsonw_null(w);
}

void jsonw_member_time(struct jsonw *w, const char *key, int64_t micros) {
    jsonw_key(w, key);
    jsonw_time(w, micros);
}

void jsonw_member_id(struct jsonw *w, const char *key, uint64_t id) {
    jsonw_key(w, key);
    if (id == 0)
        jsonw_null(w);
    else
        jsonw_u64(w, id);
}
