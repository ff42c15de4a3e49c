/*
 * page: limit and offset of a list, and the JSON around its results, as in LimitOffsetPagination of
 * DRF.
 */
#ifndef CONFAB_FCGI_API_REST_PAGE_H
#define CONFAB_FCGI_API_REST_PAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "server/exchange.h"
#include "json/json_writer.h"

#define PAGE_DEFAULT 50
#define PAGE_MOST 200

/* A page ends before it is longer than this, whatever its limit. The first result is always shown.
 * What is around the results takes less than a KiB. */
#define PAGE_BYTES ((size_t)1023 * 1024)

struct page {
    uint64_t limit;
    uint64_t offset;
    uint64_t shown;    /* results that page_keep has kept */
    bool is_full;      /* page_keep has refused one */
    uint64_t count;    /* as page_begin has written it */
    size_t results_at; /* where the results begin in the body */
};

/* Reads a query parameter, an integer of at least min. False if it is missing, or invalid; then an
 * error is added to x->field_errors. A number that exceeds 64 bits becomes UINT64_MAX. */
bool page_number(struct exchange *x, const char *name, uint64_t min, uint64_t *value);

/* Reads before, at least 1, or after, at least 0: the id of the item next to the page. Sets *before
 * and *after to which of them is given; both are an error, which is added to x->field_errors. 0 if
 * there is none. */
uint64_t page_read_cursor(struct exchange *x, bool *before, bool *after);

/* Whether a query parameter is 1 or true, and not 0, false, or missing. Any other word is an error,
 * which is added to x->field_errors. */
bool page_flag(struct exchange *x, const char *name);

/* Reads limit, reduced to PAGE_MOST, and offset; adds errors to x->field_errors. False if that has
 * any. */
bool page_read(struct exchange *x, uint64_t limit_default, struct page *page);

/* The same with PAGE_DEFAULT for a list of what belongs to the room, whose tag it sets. False if
 * there is nothing to list: *error is ERROR_BAD_INPUT, or ERROR_NONE with 304. */
bool page_read_in_room(struct exchange *x, struct page *page, enum error *error);

/* Writes the object up to the beginning of the array: count, next and previous. The links keep the
 * query parameters of the request that are listed in `kept`, names separated by blanks. */
void page_begin(struct exchange *x, struct json_writer *w, struct page *page, uint64_t count,
                const char *kept);

/* To be called after each result that may be long, with the length of the body before it. False if
 * the page would be longer than PAGE_BYTES: then the result is removed again, and all later ones
 * must be left out. */
bool page_keep(struct page *page, struct json_writer *w, size_t len_before);

/* Ends array and object. The next page of a full one begins after what is shown. The arguments are
 * those of page_begin; count may have become known since. */
void page_end(struct exchange *x, struct json_writer *w, struct page *page, uint64_t count,
              const char *kept);

/* Writes a member of the object, the link to the page before or after the item with this id:
 * ?before=42&limit=50. null unless `exists`. */
void page_write_cursor(struct exchange *x, struct json_writer *w, const char *key, bool exists,
                       const char *cursor, uint64_t id, uint64_t limit);

/* Appends "&name=value" to a URL for each parameter of the request in `kept`, as above. */
void page_keep_parameters(struct exchange *x, struct buffer *url, const char *kept);

#endif
