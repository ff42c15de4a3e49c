/*
 * clock: the two clocks, and times as the contract writes them.
 */
#ifndef CONFAB_CLOCK_H
#define CONFAB_CLOCK_H

#include <stdint.h>

/* Bytes clock_format writes, its terminator included. */
#define CLOCK_TEXT_SIZE 28

/* Microseconds since 1970-01-01T00:00:00Z. */
int64_t clock_now(void);

/* Milliseconds of a clock that never goes back; only differences mean something. */
int64_t clock_monotonic_ms(void);

/* Microseconds of the same clock. */
int64_t clock_monotonic_us(void);

/* Microseconds of CPU time that the calling thread has used. */
int64_t clock_thread_us(void);

/* Writes micros since 1970 as RFC 3339 in UTC with six digits, such as
 * 2024-01-15T10:30:00.123456Z, and a terminator into out. Years 0000 to 9999. */
void clock_format(int64_t micros, char out[CLOCK_TEXT_SIZE]);

/* Micros since 1970 of a date and time in UTC (proleptic Gregorian calendar). */
int64_t clock_from_civil(int year, unsigned month, unsigned day, unsigned hour, unsigned minute,
                         unsigned second, unsigned long micro);

#endif
