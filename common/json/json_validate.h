/*
 * json_validate: a strict validator of JSON (RFC 8259) that runs over the raw bytes
 * before json-c sees them.
 *
 * json-c accepts what the contract refuses, even in its strict mode: lone
 * surrogates, overlong UTF-8, NaN, single quotes, NUL inside a key, integers it
 * silently clamps. This pass refuses them anywhere in the text. It allocates
 * nothing, keeps no state and reads each byte once.
 */
#ifndef CONFAB_JSONCHECK_H
#define CONFAB_JSONCHECK_H

#include <stddef.h>

/* Deepest nesting of arrays and objects, the outermost counted. */
#define JSONCHECK_MAX_DEPTH 32

/* Checks one JSON text of len bytes, white space around it allowed. Returns NULL
 * when it is one that the contract takes, else a short static English phrase that
 * says what is wrong ("nesting over 32", "lone surrogate", ...); *at is then the
 * offset in bytes where it was found (at may be NULL).
 *
 * Refused besides bad syntax: bytes that are not UTF-8 by RFC 3629; NUL, raw or as
 * \u0000; surrogates that do not pair, as \u escapes; integers below -2^63 or above
 * 2^64-1; numbers with a fraction or exponent that overflow a double; depth over
 * JSONCHECK_MAX_DEPTH; a byte order mark; an empty text. */
const char *json_validate(const char *bytes, size_t len, size_t *at);

#endif
