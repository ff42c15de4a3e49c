/*
 * json_validate: a strict validator of JSON (RFC 8259) for the raw bytes, before json-c parses
 * them.
 *
 * Even in its strict mode json-c accepts lone surrogates, overlong UTF-8, NaN, single quotes, NUL
 * inside a key, and integers that it silently clamps. The validator rejects them anywhere in the
 * text. It allocates nothing, keeps no state and reads each byte once.
 */
#ifndef CONFAB_JSON_VALIDATE_H
#define CONFAB_JSON_VALIDATE_H

#include <stddef.h>

/* Deepest nesting of arrays and objects; the outermost is level 1. */
#define JSON_VALIDATE_MAX_DEPTH 32

/* Validates one JSON text of len bytes; white space around it is allowed. Returns NULL when it is
 * valid, else a short static English phrase for the error ("nesting over 32", "lone surrogate",
 * ...), and sets *at (at may be NULL) to the offset of the error in bytes.
 *
 * Rejected besides bad syntax: bytes that are not UTF-8 by RFC 3629; NUL, raw or as
 * \u0000; surrogates that do not pair, as \u escapes; integers below -2^63 or above
 * 2^64-1; numbers with a fraction or exponent that overflow a double; depth over
 * JSON_VALIDATE_MAX_DEPTH; a byte order mark; an empty text. */
const char *json_validate(const char *bytes, size_t len, size_t *at);

#endif
