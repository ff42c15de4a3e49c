#include "long_lists.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"

/* 48 KiB in all, of which only what is used becomes memory. */
#define PLACES 1024

struct place {
    unsigned char token_hash[SECRET_HASH_SIZE];
    uint64_t rooms_count; /* 0: nobody */
};

struct long_lists {
    struct place places[PLACES];
};

struct long_lists *long_lists_new(void) {
    return xcalloc(1, sizeof(struct long_lists));
}

void long_lists_free(struct long_lists *lists) {
    free(lists);
}

/* A token's hash is as good as random. */
static size_t place_of(const unsigned char token_hash[SECRET_HASH_SIZE]) {
    uint64_t number;
    memcpy(&number, token_hash, sizeof(number));
    return (size_t)(number % PLACES);
}

static bool is_of(const struct place *place, const unsigned char token_hash[SECRET_HASH_SIZE]) {
    return memcmp(place->token_hash, token_hash, SECRET_HASH_SIZE) == 0;
}

uint64_t long_lists_find(const struct long_lists *lists,
                         const unsigned char token_hash[SECRET_HASH_SIZE]) {
    const struct place *place = &lists->places[place_of(token_hash)];
    return is_of(place, token_hash) ? place->rooms_count : 0;
}

void long_lists_note(struct long_lists *lists, const unsigned char token_hash[SECRET_HASH_SIZE],
                     uint64_t rooms_count) {
    struct place *place = &lists->places[place_of(token_hash)];
    if (rooms_count == 0 && !is_of(place, token_hash))
        return;
    memcpy(place->token_hash, token_hash, SECRET_HASH_SIZE);
    place->rooms_count = rooms_count;
}
