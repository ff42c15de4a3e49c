/*
 * fake_store: what its two files share.
 */
#ifndef CONFAB_TESTS_FAKE_STORE_PRIVATE_H
#define CONFAB_TESTS_FAKE_STORE_PRIVATE_H

#include "base/buffer.h"
#include "fake_store.h"

/* NULL if the room has no such message. */
struct fake_message *fake_store_message(const struct fake_room *room, uint64_t message_id);

/* The name of a user, or of the account with id 0. */
const char *fake_store_name(uint64_t user_id);

/* Writes an event of a room as the real store and serialize do; returns the message in it. */
struct text fake_store_write_room_event(struct buffer *out, const struct fake_room *room,
                                        uint64_t seq);

/* The same for an event of a user; types that are not shown write nothing. */
void fake_store_write_user_event(struct buffer *out, const struct fake_store *store,
                                 const struct fake_record *record, uint64_t seq);

#endif
