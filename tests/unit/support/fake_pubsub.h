/*
 * fake_pubsub: takes the place of pushd/pubsub.c: a Redis in this process that other pushds do
 * not share, and whose every word waits until a test lets it through.
 *
 * What waits stands in three lists: channels that are to be confirmed, messages on their
 * way here, and answers about presence. A message comes in only if its channel was
 * confirmed when it was sent.
 */
#ifndef CONFAB_TESTS_FAKE_BUS_H
#define CONFAB_TESTS_FAKE_BUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "redis/pubsub.h"

/* Redis comes (all channels are joined then) or goes (with all that was on its way). A pubsub
 * is unwell at first. */
void fake_pubsub_set_up(struct pubsub *pubsub, bool well);

/* Sends an event, as fcgi-api would. */
void fake_pubsub_send(struct pubsub *pubsub, enum event_stream stream, uint64_t id,
                      const struct event_envelope *envelope);

/* Sends any bytes. */
void fake_pubsub_send_bytes(struct pubsub *pubsub, enum event_stream stream, uint64_t id,
                            struct text bytes);

/* How many wait in each list. */
size_t fake_pubsub_unconfirmed(const struct pubsub *pubsub);
size_t fake_pubsub_in_flight(const struct pubsub *pubsub);
size_t fake_pubsub_unanswered(const struct pubsub *pubsub);

/* Lets one of them through, by its place; `again` leaves a copy of the message. */
void fake_pubsub_confirm(struct pubsub *pubsub, size_t at);
void fake_pubsub_deliver(struct pubsub *pubsub, size_t at, bool again);
void fake_pubsub_answer(struct pubsub *pubsub);

/* Loses a message on its way. */
void fake_pubsub_lose(struct pubsub *pubsub, size_t at);

/* Whether a channel is wanted. */
bool fake_pubsub_is_subscribed(const struct pubsub *pubsub, enum event_stream stream, uint64_t id);

#endif
