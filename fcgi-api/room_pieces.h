/*
 * room_pieces: rooms of a list as they were read, each with its JSON, to be put in order and
 * written as a page.
 */
#ifndef CONFAB_ROOM_PIECES_H
#define CONFAB_ROOM_PIECES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "rest/page.h"
#include "server/exchange.h"
#include "store/room_list.h"

/* A room: what it is sorted by, a hash of what it depends on, and where its JSON stands. */
struct room_piece {
    int64_t active_at;
    uint64_t room_id;
    uint64_t hash;
    size_t start, len;
};

/* Begins as ROOM_PIECES_NONE; room_pieces_free gives the memory back. */
struct room_pieces {
    struct buffer json;
    struct room_piece *list;
    size_t count, space;
    bool brief;                   /* set by the owner: there is to be no JSON */
    uint64_t first;               /* set by the owner: the page begins with this one of `list` */
    struct room_list_state state; /* the sums of those read; the rest is set by the owner */
};

#define ROOM_PIECES_NONE \
    { .json = BUFFER_EMPTY }

void room_pieces_free(struct room_pieces *pieces);

/* Forgets the rooms, and nothing else. */
void room_pieces_clear(struct room_pieces *pieces);

/* A room_visit whose context is the pieces: adds a room. */
void room_pieces_collect(void *context, const struct room *room);

/* The latest active first; of several the newest room. */
void room_pieces_sort(struct room_pieces *pieces);

/* A hash of the rooms of the page: of all that they, as the caller sees them, depend on. */
uint64_t room_pieces_hash(const struct room_pieces *pieces, const struct page *page);

/* Makes the page the answer, with the state's number of rooms. */
void room_pieces_write(struct exchange *x, const struct page *page,
                       const struct room_pieces *pieces);

#endif
