/*
 * fake_clock: a monotonic clock that is stopped until a test advances it. It replaces the
 * system's for the whole program, the timers of libuv included; the time of day is real.
 */
#ifndef CONFAB_TESTS_FAKE_CLOCK_H
#define CONFAB_TESTS_FAKE_CLOCK_H

#include <stdint.h>

void fake_clock_advance(int64_t milliseconds);

#endif
