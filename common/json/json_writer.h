/*
 * json_writer: writes JSON (RFC 8259) straight into a buffer, compact, in one pass.
 *
 * The writer keeps no tree: it sets commas, escapes strings, and trusts the caller
 * to open and close in pairs. Strings must be valid UTF-8 (text_is_valid).
 */
#ifndef CONFAB_JSONW_H
#define CONFAB_JSONW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/buffer.h"
#include "base/text.h"

struct json_writer {
    struct buffer *out; /* not owned */
    bool comma;         /* a value has been written at this level */
};

/* A writer at the end of out, which stays the caller's. */
struct json_writer json_writer_start(struct buffer *out);

/* Sets the comma that a value needs before it; for the functions here. */
static inline void json_write_separate(struct json_writer *w) {
    if (w->comma)
        buffer_append_char(w->out, ',');
    w->comma = true;
}

static inline void json_write_open(struct json_writer *w, char bracket) {
    json_write_separate(w);
    buffer_append_char(w->out, bracket);
    w->comma = false;
}

static inline void json_write_close(struct json_writer *w, char bracket) {
    buffer_append_char(w->out, bracket);
    w->comma = true;
}

static inline void json_write_object(struct json_writer *w) {
    json_write_open(w, '{');
}

static inline void json_write_object_end(struct json_writer *w) {
    json_write_close(w, '}');
}

static inline void json_write_array(struct json_writer *w) {
    json_write_open(w, '[');
}

static inline void json_write_array_end(struct json_writer *w) {
    json_write_close(w, ']');
}

/* A member's name: a literal of the program's own, written without escaping. */
static inline void json_write_key(struct json_writer *w, const char *key) {
    json_write_separate(w);
    buffer_append_char(w->out, '"');
    buffer_append_str(w->out, key);
    buffer_append_str(w->out, "\":");
    w->comma = false;
}

/* One value each, as an array element or after json_write_key. */
void json_write_text(struct json_writer *w, struct text value);
void json_write_str(struct json_writer *w, const char *value); /* NULL is written as null */
void json_write_time(struct json_writer *w, int64_t micros);   /* as clock_format writes it */

/* A finished piece of JSON, copied as it is. */
static inline void json_write_raw(struct json_writer *w, const char *json, size_t len) {
    json_write_separate(w);
    buffer_append(w->out, json, len);
}

static inline void json_write_u64(struct json_writer *w, uint64_t value) {
    json_write_separate(w);
    buffer_append_u64(w->out, value);
}

static inline void json_write_bool(struct json_writer *w, bool value) {
    if (value)
        json_write_raw(w, "true", 4);
    else
        json_write_raw(w, "false", 5);
}

static inline void json_write_null(struct json_writer *w) {
    json_write_raw(w, "null", 4);
}

/* A word of the program's own, written without escaping; NULL is written as null. */
static inline void json_write_word(struct json_writer *w, const char *word) {
    if (word == NULL) {
        json_write_null(w);
        return;
    }
    json_write_raw(w, "\"", 1);
    buffer_append_str(w->out, word);
    buffer_append_char(w->out, '"');
}

/* Key and value in one call, for the shapes. */
static inline void json_write_member_text(struct json_writer *w, const char *key,
                                          struct text value) {
    json_write_key(w, key);
    json_write_text(w, value);
}

static inline void json_write_member_str(struct json_writer *w, const char *key,
                                         const char *value) {
    json_write_key(w, key);
    json_write_str(w, value);
}

static inline void json_write_member_u64(struct json_writer *w, const char *key, uint64_t value) {
    json_write_key(w, key);
    json_write_u64(w, value);
}

static inline void json_write_member_bool(struct json_writer *w, const char *key, bool value) {
    json_write_key(w, key);
    json_write_bool(w, value);
}

static inline void json_write_member_null(struct json_writer *w, const char *key) {
    json_write_key(w, key);
    json_write_null(w);
}

static inline void json_write_member_time(struct json_writer *w, const char *key, int64_t micros) {
    json_write_key(w, key);
    json_write_time(w, micros);
}

/* An id that may be missing: 0 is written as null. */
static inline void json_write_member_id(struct json_writer *w, const char *key, uint64_t id) {
    json_write_key(w, key);
    if (id == 0)
        json_write_null(w);
    else
        json_write_u64(w, id);
}

#endif
