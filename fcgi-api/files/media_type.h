/*
 * media_type: the types of files (RFC 6838): what the bytes say, by libmagic, against what the
 * client says.
 */
#ifndef CONFAB_FCGI_API_FILES_MEDIA_TYPE_H
#define CONFAB_FCGI_API_FILES_MEDIA_TYPE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"

/* The longest type (RFC 6838, section 4.2: twice 127, and a slash), with a terminator. */
#define MEDIA_TYPE_SIZE 256

/* The bytes at the beginning of a file that decide on its type. */
#define MEDIA_TYPE_HEAD 65536

/* Writes a type in lower case, without parameters and in its usual spelling (image/jpg is
 * image/jpeg); false if it is not of the form of one, or too long. */
bool media_type_normalize(struct text type, char out[MEDIA_TYPE_SIZE]);

/* Finds the type of a file by its first bytes. Unknown ones are text/plain or
 * application/octet-stream. False, with the cause logged, if libmagic cannot be used. */
bool media_type_find(struct text bytes, char out[MEDIA_TYPE_SIZE]);

/* Whether a claimed type agrees with the one that was found; both normalized. It agrees if it is
 * the same, less exact (application/octet-stream, or text/plain for any text), or a format of which
 * libmagic recognizes only the container. */
bool media_type_agrees(struct text claimed, struct text found);

/* Whether a type is in a list, separated by commas or blanks, of types and ranges such as image/
 * with an asterisk. An empty list has all types. */
bool media_type_is_listed(const char *list, struct text type);

#endif
