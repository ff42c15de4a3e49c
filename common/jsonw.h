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

#include "buffer.h"
#include "text.h"

struct jsonw {
    struct buffer *out; /* not owned */
    bool comma;         /* a value has been written at this level */
};

/* A writer at the end of out, which stays the caller's. */
struct jsonw jsonw_start(struct buffer *out);

void jsonw_object(struct jsonw *w);     /* { */
void jsonw_object_end(struct jsonw *w); /* } */
void jsonw_array(struct jsonw *w);      /* [ */
void jsonw_array_end(struct jsonw *w);  /* ] */

/* A member's name: a literal of the program's own, written without escaping. */
void jsonw_key(struct jsonw *w, const char *key);

/* One value each, as an array element or after jsonw_key. */
void jsonw_text(struct jsonw *w, struct text value);
void jsonw_str(struct jsonw *w, const char *value); /* NULL is written as null */
void jsonw_u64(struct jsonw *w, uint64_t value);
void jsonw_bool(struct jsonw *w, bool value);
void jsonw_null(struct jsonw *w);
void jsonw_time(struct jsonw *w, int64_t micros); /* as clock_format writes it */

/* A finished piece of JSON, copied as it is. */
void jsonw_raw(struct jsonw *w, const char *json, size_t len);

/* Key and value in one call, for the shapes. */
void jsonw_member_text(struct jsonw *w, const char *key, struct text value);
void jsonw_member_str(struct jsonw *w, const char *key, const char *value);
void jsonw_member_u64(struct jsonw *w, const char *key, uint64_t value);
void jsonw_member_bool(struct jsonw *w, const char *key, bool value);
void jsonw_member_null(struct jsonw *w, const char *key);
void jsonw_member_time(struct jsonw *w, const char *key, int64_t micros);

/* An id that may be missing: 0 is written as null. */
void jsonw_member_id(struct jsonw *w, const char *key, uint64_t id);

#endif
