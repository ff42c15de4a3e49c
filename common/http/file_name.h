/*
 * file_name: the names of files as users give them: which names are valid, and how they are written
 * into headers and paths. No file is ever stored under such a name.
 */
#ifndef CONFAB_COMMON_HTTP_FILE_NAME_H
#define CONFAB_COMMON_HTTP_FILE_NAME_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/text.h"

/* The longest name, in bytes, as in most file systems. */
#define FILE_NAME_MOST 255

/* True for valid UTF-8 of at most FILE_NAME_MOST bytes, not only white space, without control
 * characters, separators of lines and slashes of either kind, that is not "." or "..". */
bool file_name_is_valid(struct text name);

/* Appends the value of Content-Disposition (RFC 6266): attachment or inline, and the name; one that
 * is not plain ASCII also in the form of RFC 8187, with a replacement for clients that do not know
 * it. The name must be valid. */
void file_name_disposition(struct buffer *out, bool is_attachment, struct text name);

/* Appends the path of a file below that of the site, "api/chat/files/7/cat.png". The id alone
 * identifies the file; the name is for people. A name that is that of another path there gets an
 * underscore. */
void file_name_path(struct buffer *out, uint64_t file_id, struct text name);

#endif
