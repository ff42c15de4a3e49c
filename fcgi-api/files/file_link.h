/*
 * file_link: addresses of files that need no credentials, for five minutes: for elements of a page
 * (<img>, <video>) that has only a token, which elements do not send.
 */
#ifndef CONFAB_FCGI_API_FILES_FILE_LINK_H
#define CONFAB_FCGI_API_FILES_FILE_LINK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "server/exchange.h"

#define FILE_LINK_SECONDS 300

/* Appends the query, "?expires=...&signature=...", with which the file and its thumbnail can be
 * read until *expires_at, in microseconds since 1970. Errors are those of the database. */
enum error file_link_query(struct exchange *x, uint64_t file_id, struct buffer *out,
                           int64_t *expires_at);

/* Whether the request has such a query for this file that has not expired. False also if the
 * database cannot be read. */
bool file_link_is_valid(struct exchange *x, uint64_t file_id);

#endif
