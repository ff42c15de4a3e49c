/*
 * retention: deleting the oldest messages of rooms, after retention_days of the room or
 * message_retention of the site.
 *
 * The messages go from the low end, with all that belongs to them: `room.trimmed` is the last
 * position that is gone. Positions and message_count stay, so that every page is still a range of
 * the primary key.
 */
#ifndef CONFAB_COMMON_STORE_MESSAGES_RETENTION_H
#define CONFAB_COMMON_STORE_MESSAGES_RETENTION_H

#include <stdint.h>

#include "db/db.h"

/* Deletes up to `limit` messages of one room whose oldest message is due; each slice is an event of
 * the room, history_trimmed. site_days: 0 keeps them forever. *deleted counts the messages; 0: none
 * is due. */
enum error retention_step(struct db *db, uint64_t site_days, uint64_t limit, uint64_t *deleted);

#endif
