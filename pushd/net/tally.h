/*
 * tally: how many there are of each: counts by number or by text, in an idmap whose pointers
 * are the counts. Nothing is stored for what there is none of.
 */
#ifndef CONFAB_PUSHD_TALLY_H
#define CONFAB_PUSHD_TALLY_H

#include <stdint.h>

#include "base/idmap.h"

/* How many there are. */
uint64_t tally_count(const struct idmap *map, uint64_t key);

/* One more; returns how many there are now. */
uint64_t idmap_increment(struct idmap *map, uint64_t key);

/* One less of what there is at least one of; returns how many are left. */
uint64_t idmap_decrement(struct idmap *map, uint64_t key);

/* A key for a text (64-bit FNV-1a), never 0. */
uint64_t tally_key(const char *text);

#endif
