/*
 * etag: weak entity tags (RFC 9110, section 8.8.3) made from counters.
 */
#ifndef CONFAB_FCGI_API_REST_ETAG_H
#define CONFAB_FCGI_API_REST_ETAG_H

#include <stdbool.h>

#include "server/exchange.h"
#include "store/room.h"
#include "store/room_state.h"

/* True when the client has some answer already, and asks whether it still holds. */
bool etag_is_asked(const struct exchange *x);

/* Begins the tag of an answer; what the answer depends on is to be appended, in letters, digits
 * and dots. The tag that is begun last counts. */
struct buffer *etag_begin(struct exchange *x);

/* Ends the tag. Returns true, with a status of 304, if the client has that answer already. */
bool etag_end(struct exchange *x);

/* Both for an answer that shows a room's contents: any change of the room counts. */
bool etag_set_room(struct exchange *x, const struct room_state *state);

/* Adds the headers ETag, Cache-Control and Vary, if a tag was set. */
void etag_write(struct exchange *x);

#endif
