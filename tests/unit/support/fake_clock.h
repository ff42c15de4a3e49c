/*
 * fake_clock: a monotonic clock that stands still until a test moves it on. It takes the
 * place of the system's for the whole program, libuv's timers included; the time of day
 * goes on as ever.
 */
#ifndef CONFAB_TESTS_FAKE_CLOCK_H
#define CONFAB_TESTS_FAKE_CLOCK_H

#include <stdint.h>

void fake_clock_advance(int64_t milliseconds);

#endif
