/*
 * crowded_minutes: which pages of the public rooms ended among rooms of one minute, and in which,
 * as this process remembers for some seconds.
 *
 * It spares such a page the round trip that finds this out: the rooms of that minute and of later
 * ones are sorted at once, and they are the right ones if they fill the page. So what is remembered
 * is never trusted. It is bounded: one page takes the place of another.
 */
#ifndef CONFAB_CROWDED_MINUTES_H
#define CONFAB_CROWDED_MINUTES_H

#include <stdint.h>

/* A page that no longer ends so is noticed when this is over. */
#define CROWDED_MINUTES_MS 10000

struct crowded_minutes;

/* Nothing known yet; never NULL. Free with crowded_minutes_free, which takes NULL too. */
struct crowded_minutes *crowded_minutes_new(void);
void crowded_minutes_free(struct crowded_minutes *minutes);

/* A time, in micros since 1970, in the minute in which a page ended that ends with the `end`th
 * public room; 0: not known. `now` is clock_monotonic_ms. */
int64_t crowded_minutes_find(const struct crowded_minutes *minutes, uint64_t end, int64_t now);

/* Remembers it; `at` 0 forgets it. */
void crowded_minutes_note(struct crowded_minutes *minutes, uint64_t end, int64_t at, int64_t now);

/* Remembers a later time, if there is one, for no longer than the one before: fewer rooms are to be
 * sorted then. */
void crowded_minutes_narrow(struct crowded_minutes *minutes, uint64_t end, int64_t at);

#endif
