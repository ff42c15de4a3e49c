/* Checking and writing names. In headers and paths all but letters, digits and a few signs is
 * percent-encoded, so that neither a quote nor a line break of a name means anything there. */
#include "http/file_name.h"

#include <string.h>

/* Separators of lines and paragraphs. */
#define LINE_SEPARATOR 0x2028u
#define PARAGRAPH_SEPARATOR 0x2029u

/* Neither separates folders or lines, nor controls a terminal. */
static bool is_allowed(uint32_t point) {
    const bool is_control = point < 0x20 || (point >= 0x7f && point < 0xa0);
    return !is_control && point != '/' && point != '\\' && point != LINE_SEPARATOR &&
           point != PARAGRAPH_SEPARATOR;
}

bool file_name_is_valid(struct text name) {
    uint32_t point;
    if (name.len > FILE_NAME_MOST || text_trim(name).len == 0)
        return false;
    for (size_t at = 0; at < name.len;) {
        const size_t size = text_decode(name.at + at, name.len - at, &point);
        if (size == 0 || !is_allowed(point))
            return false;
        at += size;
    }
    /* As a segment of a path they would mean another folder. */
    return !text_equals(name, text_of(".")) && !text_equals(name, text_of(".."));
}

/* Whether the name can be put between quotes as it is. A percent sign cannot: some clients decode
 * what follows it. */
static bool is_plain(char c) {
    return c >= ' ' && c < 0x7f && c != '"' && c != '\\' && c != '%';
}

void file_name_disposition(struct buffer *out, bool is_attachment, struct text name) {
    bool needs_encoding = false;
    buffer_append_str(out, is_attachment ? "attachment" : "inline");
    buffer_append_str(out, "; filename=\"");
    for (size_t i = 0; i < name.len; i++) {
        const char c = name.at[i];
        if (is_plain(c))
            buffer_append_char(out, c);
        /* One underscore for a character of several bytes: of these the first has both high
         * bits. */
        else if ((c & 0xc0) != 0x80)
            buffer_append_char(out, '_');
        needs_encoding = needs_encoding || !is_plain(c);
    }
    buffer_append_char(out, '"');
    if (!needs_encoding)
        return;
    buffer_append_str(out, "; filename*=UTF-8''");
    /* attr-char of RFC 8187. */
    buffer_append_percent_encoded(out, name, "!#$&+-.^_`|~");
}

void file_name_path(struct buffer *out, uint64_t file_id, struct text name) {
    /* Names of other paths below a file: a file with such a name would have the same path. */
    static const char *const TAKEN[] = {"thumbnail", "done", "link"};
    buffer_append_str(out, "api/chat/files/");
    buffer_append_u64(out, file_id);
    buffer_append_char(out, '/');
    for (size_t i = 0; i < sizeof(TAKEN) / sizeof(TAKEN[0]); i++)
        if (text_equals(name, text_of(TAKEN[i])))
            buffer_append_char(out, '_');
    buffer_append_percent_encoded(out, name, BUFFER_UNRESERVED);
}
