/*
 * page: limit and offset of a list, and the envelope it is answered in, as DRF's
 * LimitOffsetPagination has them.
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

/* Reads a query parameter that is a whole number of at least min; false when it is
 * missing, or wrong, which is noted in x->field_errors. Beyond 64 bits it is UINT64_MAX. */
bool page_number(struct exchange *x, const char *name, uint64_t min, uint64_t *value);

/* Reads limit and offset; what is wrong is noted in x->field_errors. */
void page_read(struct exchange *x, uint64_t limit_default, uint64_t limit_most, struct page *page);

/* Opens the envelope up to the array of results: count, and next and previous by offset.
 * The other query parameters of the request that are in `kept` (names separated by
 * blanks, in alphabetical order, all after "offset") are kept in the links. */
void page_begin(struct exchange *x, struct json_writer *w, const struct page *page, uint64_t count,
                const char *kept);

/* Closes array and envelope. */
void page_end(struct json_writer *w);

#endif
