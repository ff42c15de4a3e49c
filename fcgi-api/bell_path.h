/*
 * bell_path: where clients find bells; rooms as their members see them.
 */
#ifndef CONFAB_FCGI_API_BELL_PATH_H
#define CONFAB_FCGI_API_BELL_PATH_H

#include "json/json_writer.h"
#include "server/exchange.h"
#include "store/rooms/room.h"

/* Writes a room for the user of the request. For a member it has the path of the room's bell, if
 * bell_dir is set and the file could be written. */
void bell_path_write_room(struct exchange *x, struct json_writer *w, const struct room *room);

/* Appends the path of a user's own bell; nothing if there is none. */
void bell_path_of_user(struct exchange *x, uint64_t user_id, struct buffer *path);

#endif
