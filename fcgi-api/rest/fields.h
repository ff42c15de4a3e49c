/*
 * fields: reads and checks the fields of a body, as DRF's serializer fields do.
 *
 * Each reader returns true and sets *out if the field is there and sound. Else it returns
 * false, having noted in x->field_errors what is wrong; a field that may be missing and is
 * missing is no problem. All are read before x->field_errors is looked at, so that every wrong
 * field is named at once. Texts point into the body and live as long as the exchange.
 */
#ifndef CONFAB_FCGI_API_REST_FIELDS_H
#define CONFAB_FCGI_API_REST_FIELDS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"
#include "server/exchange.h"

#define FIELDS_REQUIRED 1u /* missing is a problem */
#define FIELDS_NULLABLE 2u /* null is taken, as if the field were missing */
#define FIELDS_KEEP 4u     /* white space at the ends is kept */

/* Text of min to max code points, after trimming. Numbers are taken as their digits. */
bool fields_text(struct exchange *x, const char *name, size_t min, size_t max, unsigned flags,
                 struct text *out);

/* true or false; also the words and numbers that DRF takes for them. */
bool fields_bool(struct exchange *x, const char *name, unsigned flags, bool *out);

/* A positive whole number, or its decimal digits as a string. */
bool fields_id(struct exchange *x, const char *name, unsigned flags, uint64_t *out);

#endif
