/*
 * etag: weak entity tags (RFC 9110, section 8.8.3) made from counters.
 */
#ifndef CONFAB_ETAG_H
#define CONFAB_ETAG_H

#include <stdbool.h>

#include "exchange.h"
#include "store/room.h"
#include "store/room_state.h"

/* True when the client has some answer already, and asks whether it still holds. */
bool etag_is_asked(const struct exchange *x);

/* Sets the tag of an answer that depends on what the format spells out; the tag set last
 * counts. Returns true, with a status of 304, if the client has that answer already. */
bool etag_set(struct exchange *x, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The same for an answer that shows a room's contents: any change of the room counts. */
bool etag_set_room(struct exchange *x, const struct room_state *state);

/* Adds the headers ETag, Cache-Control and Vary, if a tag was set. */
void etag_write(struct exchange *x);

#endif
