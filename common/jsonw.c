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

/* True for the bytes that cannot stand in a string as they are. */
static bool needs_escape(char c) {
    return (unsigned char)c < 0x20 || c == '"' || c == '\\';
}

#define EVERY_BYTE (UINT64_MAX / 255)
#define HIGH_BITS (EVERY_BYTE * 0x80)

/* The bytes of a word that are below 0x20, as their highest bits; a byte behind one that is
 * may be marked without cause. Bytes of 0x80 and more never are. */
static uint64_t below_space(uint64_t word) {
    return (word - EVERY_BYTE * 0x20) & ~word & HIGH_BITS;
}

static uint64_t zero_bytes(uint64_t word) {
    return (word - EVERY_BYTE) & ~word & HIGH_BITS;
}

/* How many bytes from `from` on need no escape for certain, eight at a time. */
static size_t plain_words(struct text value, size_t from) {
    size_t at = from;
    uint64_t word;
    while (value.len - at >= sizeof word) {
        memcpy(&word, value.at + at, sizeof word);
        if (below_space(word) | zero_bytes(word ^ EVERY_BYTE * '"') |
            zero_bytes(word ^ EVERY_BYTE * '\\'))
            break;
        at += sizeof word;
    }
    return at - from;
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

        i += plain_words(value, i);
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
    separate(w);
    buffer_append_u64(w->out, value);
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
