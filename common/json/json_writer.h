/*
 * json_writer: writes compact JSON (RFC 8259) directly into a buffer.
 *
 * It builds no tree: it adds commas and escapes strings. The caller opens and closes objects and
 * arrays in pairs and passes valid UTF-8 (text_is_valid).
 */
#ifndef CONFAB_JSON_WRITER_H
#define CONFAB_JSON_WRITER_H

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

/* A writer that appends to out, which the caller keeps. */
struct json_writer json_writer_start(struct buffer *out);

/* Appends the comma that a value needs before it; only for the functions in this header. */
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

/* Writes the name of a member, a string literal that needs no escaping. */
static inline void json_write_key(struct json_writer *w, const char *key) {
    json_write_separate(w);
    buffer_append_char(w->out, '"');
    buffer_append_str(w->out, key);
    buffer_append_str(w->out, "\":");
    w->comma = false;
}

/* Each writes one value, as an array element or after json_write_key. */
void json_write_text(struct json_writer *w, struct text value);
void json_write_str(struct json_writer *w, const char *value); /* NULL is written as null */
void json_write_time(struct json_writer *w, int64_t micros);   /* as clock_format writes it */

/* Writes a complete JSON value, copied as it is. */
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

/* Writes a string that needs no escaping; NULL is written as null. */
static inline void json_write_word(struct json_writer *w, const char *word) {
    if (word == NULL) {
        json_write_null(w);
        return;
    }
    json_write_raw(w, "\"", 1);
    buffer_append_str(w->out, word);
    buffer_append_char(w->out, '"');
}

/* Each writes a key and a value. */
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

/* Optional values: an empty text and the time 0 are written as null. */
static inline void json_write_member_text_or_null(struct json_writer *w, const char *key,
                                                  struct text value) {
    if (value.len > 0)
        json_write_member_text(w, key, value);
    else
        json_write_member_null(w, key);
}

static inline void json_write_member_time_or_null(struct json_writer *w, const char *key,
                                                  int64_t micros) {
    if (micros)
        json_write_member_time(w, key, micros);
    else
        json_write_member_null(w, key);
}

/* An optional id: 0 is written as null. */
static inline void json_write_member_id(struct json_writer *w, const char *key, uint64_t id) {
    json_write_key(w, key);
    if (id == 0)
        json_write_null(w);
    else
        json_write_u64(w, id);
}

#endif
