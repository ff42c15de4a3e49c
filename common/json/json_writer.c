#include "json/json_writer.h"

#include <string.h>

#include "base/clock.h"

struct json_writer json_writer_start(struct buffer *out) {
    return (struct json_writer){out, false};
}

/* True for the bytes that cannot stand in a string as they are. */
static bool needs_escape(char c) {
    return (unsigned char)c < 0x20 || c == '"' || c == '\\';
}

#define EVERY_BYTE (UINT64_MAX / 255)
#define HIGH_BITS (EVERY_BYTE * 0x80)

/* Not 0 if one of eight bytes needs an escape. A byte from 0x80 on never does; a lower one that
 * is too low for what is taken from it turns its highest bit on, the only bit that is kept. */
static uint64_t word_escapes(const char *at) {
    uint64_t word;

    memcpy(&word, at, sizeof word);
    return ((word - EVERY_BYTE * 0x20) | ((word ^ EVERY_BYTE * '"') - EVERY_BYTE) |
            ((word ^ EVERY_BYTE * '\\') - EVERY_BYTE)) &
           ~word & HIGH_BITS;
}

/* Whether nothing in the text needs an escape, as is usual. The last eight bytes may lie over
 * the eight before them. */
static bool is_plain(struct text value) {
    const size_t size = sizeof(uint64_t);

    if (value.len < size) {
        for (size_t i = 0; i < value.len; i++)
            if (needs_escape(value.at[i]))
                return false;
        return true;
    }
    for (size_t at = 0; at < value.len - size; at += size)
        if (word_escapes(value.at + at))
            return false;
    return !word_escapes(value.at + value.len - size);
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

static void append_escaped(struct buffer *out, struct text value) {
    size_t i = 0;

    while (i < value.len) {
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
    /* With the comma and the quotes: the one allocation, if nothing is escaped. */
    buffer_reserve(w->out, value.len + 2);
    buffer_append_char(w->out, '"');
    if (is_plain(value))
        buffer_append(w->out, value.at, value.len);
    else
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
    char *quoted = buffer_reserve(w->out, CLOCK_TEXT_SIZE + 1);

    quoted[0] = '"';
    clock_format(micros, quoted + 1);
    quoted[CLOCK_TEXT_SIZE] = '"'; /* in place of the terminator */
    w->out->len += CLOCK_TEXT_SIZE + 1;
}
