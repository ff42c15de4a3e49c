/*
 * etag: weak entity tags (RFC 9110, section 8.8.3) made from counters.
 */
#ifndef CONFAB_FCGI_API_REST_ETAG_H
#define CONFAB_FCGI_API_REST_ETAG_H

#include <stdbool.h>

#include "server/exchange.h"
#include "store/rooms/room.h"
#include "store/rooms/room_state.h"

/* True if the request is conditional: it has If-None-Match. */
bool etag_is_conditional(const struct exchange *x);

/* Begins the tag of the response and returns the buffer to append everything to on which the
 * response depends, as letters, digits and dots. Replaces a tag that was begun before. */
struct buffer *etag_begin(struct exchange *x);

/* Ends the tag. True, with status 304, if it matches If-None-Match. */
bool etag_end(struct exchange *x);

/* Sets the tag of a response that shows a room or its contents, and ends it. Every change of the
 * room changes the tag. */
bool etag_set_room(struct exchange *x, const struct room_state *state);

/* The part of a tag that depends on the settings of the user for the room. */
uint64_t etag_view(const struct room_state *state);

/* The part of a tag that depends on the room's bell: whether there is one, and its name. */
uint64_t etag_bell(const struct exchange *x, const struct room_state *state);

/* As etag_set_room, for a list of members; profile_changes as in store/users/profile.h. */
bool etag_set_members(struct exchange *x, const struct room_state *state, uint64_t profile_changes);

/* Sets the seconds for which the client may use the response without asking again; by default it
 * asks each time. */
void etag_set_max_age(struct exchange *x, unsigned seconds);

/* Adds the headers ETag, Cache-Control and Vary, if there is a tag and no error. */
void etag_write(struct exchange *x);

#endif
