/*
 * clock: the wall clock, the monotonic clock, and times in RFC 3339 form.
 */
#ifndef CONFAB_CLOCK_H
#define CONFAB_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"

/* Bytes that clock_format writes, with the terminator. */
#define CLOCK_TEXT_SIZE 28

/* Microseconds since 1970-01-01T00:00:00Z. */
int64_t clock_now(void);

/* Milliseconds of a clock that never goes back; only differences are meaningful. */
int64_t clock_monotonic_ms(void);

/* Microseconds of the same clock. */
int64_t clock_monotonic_us(void);

/* Microseconds of CPU time used by the calling thread. */
int64_t clock_thread_us(void);

/* Writes microseconds since 1970 as RFC 3339 in UTC with six digits, such as
 * 2024-01-15T10:30:00.123456Z, and a terminator. Times outside the years 0000 to 9999 are
 * clamped. */
void clock_format(int64_t micros, char out[CLOCK_TEXT_SIZE]);

/* Reads a time in RFC 3339 form, with any offset from UTC: microseconds since 1970. Digits after
 * the sixth of a fraction are ignored. False if the text is not such a time, or names a day that
 * does not exist. */
bool clock_parse(struct text text, int64_t *micros);

/* Microseconds since 1970 of a date and time in UTC (proleptic Gregorian calendar). */
int64_t clock_from_civil(int year, unsigned month, unsigned day, unsigned hour, unsigned minute,
                         unsigned second, unsigned long micro);

#endif
