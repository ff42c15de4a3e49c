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

struct page {
    uint64_t limit;
    uint64_t offset;
};

/* Reads a query parameter, an integer of at least min. False if it is missing, or invalid; then an
 * error is added to x->field_errors. A number that exceeds 64 bits becomes UINT64_MAX. */
bool page_number(struct exchange *x, const char *name, uint64_t min, uint64_t *value);

/* Reads limit, reduced to limit_most, and offset; adds errors to x->field_errors. */
void page_read(struct exchange *x, uint64_t limit_default, uint64_t limit_most, struct page *page);

/* Writes the object up to the beginning of the array: count, next and previous. The links keep the
 * query parameters of the request that are listed in `kept` (names separated by blanks, in
 * alphabetical order, all after "offset"). */
void page_begin(struct exchange *x, struct json_writer *w, const struct page *page, uint64_t count,
                const char *kept);

/* Ends array and object. */
void page_end(struct json_writer *w);

#endif
