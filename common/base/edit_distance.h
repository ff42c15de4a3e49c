/*
 * spelling: how far one word is from another, for "did you mean".
 */
#ifndef CONFAB_SPELLING_H
#define CONFAB_SPELLING_H

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"

/* Longest word that is looked at, in bytes. */
#define EDIT_DISTANCE_MAX 63

/* The number of bytes to insert, remove or replace to make one word of the other
 * (Levenshtein's distance), ASCII letters compared without case; SIZE_MAX when a
 * word is longer than EDIT_DISTANCE_MAX. */
size_t edit_distance(struct text a, struct text b);

/* True when a word at this distance may well be what was meant. */
bool edit_distance_is_near(struct text written, size_t distance);

#endif
