/*
 * pin: the messages that are pinned in a room, at most PIN_MOST, the newest pin first.
 *
 * Deleting a message ends its pin; the event message_deleted implies that.
 */
#ifndef CONFAB_COMMON_STORE_ROOMS_PIN_H
#define CONFAB_COMMON_STORE_ROOMS_PIN_H

#include <stdbool.h>
#include <stdint.h>

#include "db/db.h"
#include "store/messages/message.h"

#define PIN_MOST 100

struct pin_change {
    bool changed;  /* false: the pin was set or ended before; there is no event */
    bool too_many; /* the room has PIN_MOST others */
    uint64_t seq;  /* of the event */
};

/* Pins a message. ERROR_NOT_FOUND: no such room or message, or a deleted one. ERROR_FORBIDDEN: the
 * user is neither an admin nor, where members may pin, a member. ERROR_BAD_INPUT: too_many is
 * set. */
enum error pin_add(struct db *db, uint64_t room_id, uint64_t user_id, uint64_t message_id,
                   struct pin_change *change);

/* Ends a pin; errors as above, but for a deleted message changed is false, since it is not
 * pinned. */
enum error pin_remove(struct db *db, uint64_t room_id, uint64_t user_id, uint64_t message_id,
                      struct pin_change *change);

/* The number of pins in a room, of messages that the user of the state sees. */
enum error pin_count(struct db *db, const struct room_state *state, uint64_t *count);

/* Visits a page of the pinned messages, the latest pin first, as the user sees them. */
enum error pin_list(struct db *db, const struct room_state *state, uint64_t user_id,
                    uint64_t limit, uint64_t offset, message_visit *visit, void *context);

#endif
