/*
 * edit_distance: how similar two words are, for "did you mean".
 */
#ifndef CONFAB_EDIT_DISTANCE_H
#define CONFAB_EDIT_DISTANCE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"

/* The longest word that is compared, in bytes. */
#define EDIT_DISTANCE_MAX 63

/* The number of bytes to insert, remove or replace to turn one word into the other (Levenshtein
 * distance), ASCII letters compared without case; SIZE_MAX when a word is longer than
 * EDIT_DISTANCE_MAX. */
size_t edit_distance(struct text a, struct text b);

/* True when a word at this distance is probably what was meant. */
bool edit_distance_is_near(struct text written, size_t distance);

#endif
