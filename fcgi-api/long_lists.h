/*
 * long_lists: who, by which token, is in so many rooms that a page of the list is found by
 * walking down the latest rooms of all, as this process remembers it.
 *
 * It spares such a page the round trip that asks who the caller is and how many rooms there are.
 * What is remembered chooses a statement and is trusted for nothing else: the statement has no
 * row unless the caller is let in and the choice is still a good one. It is bounded: one token
 * takes the place of another.
 */
#ifndef CONFAB_LONG_LISTS_H
#define CONFAB_LONG_LISTS_H

#include <stdint.h>

#include "base/secret.h"

struct long_lists;

/* Nobody known yet; never NULL. Free with long_lists_free, which takes NULL too. */
struct long_lists *long_lists_new(void);
void long_lists_free(struct long_lists *lists);

/* How many rooms the list of who has this token had when it was noted; 0: not known. */
uint64_t long_lists_find(const struct long_lists *lists,
                         const unsigned char token_hash[SECRET_HASH_SIZE]);

/* Remembers the number of rooms; 0 forgets it. */
void long_lists_note(struct long_lists *lists, const unsigned char token_hash[SECRET_HASH_SIZE],
                     uint64_t rooms_count);

#endif
