/*
 * range: the header Range of a request for bytes (RFC 9110, section 14).
 */
#ifndef CONFAB_COMMON_HTTP_RANGE_H
#define CONFAB_COMMON_HTTP_RANGE_H

#include <stdint.h>

#include "base/text.h"

enum range_kind {
    RANGE_WHOLE, /* the header is missing, malformed, of another unit, or has several ranges */
    RANGE_PART,  /* 206 */
    RANGE_UNSATISFIABLE, /* 416 */
};

/* Reads the range of a content of `size` bytes, at least 1. For RANGE_PART it is *len bytes, at
 * least 1, from *from on, all within the size; else *from is 0 and *len the size. A server may
 * ignore several ranges, and so does this. */
enum range_kind range_read(struct text header, uint64_t size, uint64_t *from, uint64_t *len);

#endif
