/*
 * jsonw: writes JSON (RFC 8259) straight into a buffer, compact, in one pass.
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

struct jsonw {
    struct buffer *out; /* not owned */
    bool comma;         /* a value has been written at this level */
};

/* A writer at the end of out, which stays the caller's. */
struct jsonw jsonw_start(struct buffer *out);

/* Sets the comma that a value needs before it; for the functions here. */
static inline void jsonw_separate(struct jsonw *w) {
    if (w->comma)
        buffer_append_char(w->out, ',');
    w->comma = true;
}

static inline void jsonw_open(struct jsonw *w, char bracket) {
    jsonw_separate(w);
    buffer_append_char(w->out, bracket);
    w->comma = false;
}

static inline void jsonw_close(struct jsonw *w, char bracket) {
    buffer_append_char(w->out, bracket);
    w->comma = true;
}

static inline void jsonw_object(struct jsonw *w) {
    jsonw_open(w, '{');
}

static inline void jsonw_object_end(struct jsonw *w) {
    jsonw_close(w, '}');
}

static inline void jsonw_array(struct jsonw *w) {
    jsonw_open(w, '[');
}

static inline void jsonw_array_end(struct jsonw *w) {
    jsonw_close(w, ']');
}

/* A member's name: a literal of the program's own, written without escaping. One
 * reservation for the comma, the quotes and the colon, and inline, so that the compiler
 * knows the length: keys are half of all that is written. */
static inline void jsonw_key(struct jsonw *w, const char *key) {
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

/* One value each, as an array element or after jsonw_key. */
void jsonw_text(struct jsonw *w, struct text value);
void jsonw_str(struct jsonw *w, const char *value); /* NULL is written as null */
void jsonw_time(struct jsonw *w, int64_t micros);   /* as clock_format writes it */

/* A finished piece of JSON, copied as it is. */
static inline void jsonw_raw(struct jsonw *w, const char *json, size_t len) {
    jsonw_separate(w);
    buffer_append(w->out, json, len);
}

static inline void jsonw_u64(struct jsonw *w, uint64_t value) {
    jsonw_separate(w);
    buffer_append_u64(w->out, value);
}

static inline void jsonw_bool(struct jsonw *w, bool value) {
    if (value)
        jsonw_raw(w, "true", 4);
    else
        jsonw_raw(w, "false", 5);
}

static inline void jsonw_null(struct jsonw *w) {
    jsonw_raw(w, "null", 4);
}

/* A word of the program's own, written without escaping; NULL is written as null. */
static inline void jsonw_word(struct jsonw *w, const char *word) {
    if (word == NULL) {
        jsonw_null(w);
        return;
    }
    jsonw_raw(w, "\"", 1);
    buffer_append_str(w->out, word);
    buffer_append_char(w->out, '"');
}

/* Key and value in one call, for the shapes. */
static inline void jsonw_member_text(struct jsonw *w, const char *key, struct text value) {
    jsonw_key(w, key);
    jsonw_text(w, value);
}

static inline void jsonw_member_str(struct jsonw *w, const char *key, const char *value) {
    jsonw_key(w, key);
    jsonw_str(w, value);
}

static inline void jsonw_member_u64(struct jsonw *w, const char *key, uint64_t value) {
    jsonw_key(w, key);
    jsonw_u64(w, value);
}

static inline void jsonw_member_bool(struct jsonw *w, const char *key, bool value) {
    jsonw_key(w, key);
    jsonw_bool(w, value);
}

static inline void jsonw_member_null(struct jsonw *w, const char *key) {
    jsonw_key(w, key);
    jsonw_null(w);
}

static inline void jsonw_member_time(struct jsonw *w, const char *key, int64_t micros) {
    jsonw_key(w, key);
    jsonw_time(w, micros);
}

/* An id that may be missing: 0 is written as null. */
static inline void jsonw_member_id(struct jsonw *w, const char *key, uint64_t id) {
    jsonw_key(w, key);
    if (id == 0)
        jsonw_null(w);
    else
        jsonw_u64(w, id);
}

#endif
