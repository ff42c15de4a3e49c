/*
 * fake_pubsub: replaces pushd/redis/pubsub.c by a Redis in this process, without other pushd
 * processes, where everything waits until a test delivers it.
 *
 * There are three lists: channels to be confirmed, messages in flight, and replies about presence.
 * A message is in flight only if its channel was confirmed when it was sent.
 */
#ifndef CONFAB_TESTS_FAKE_PUBSUB_H
#define CONFAB_TESTS_FAKE_PUBSUB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "redis/pubsub.h"

/* Redis is up (and confirms all channels) or down (and all that is in flight is lost). It is down
 * at first. */
void fake_pubsub_set_up(struct pubsub *pubsub, bool well);

/* Publishes an event, as fcgi-api does. */
void fake_pubsub_send(struct pubsub *pubsub, enum event_stream stream, uint64_t id,
                      const struct event_envelope *envelope);

/* Publishes any bytes. */
void fake_pubsub_send_bytes(struct pubsub *pubsub, enum event_stream stream, uint64_t id,
                            struct text bytes);

/* The length of each list. */
size_t fake_pubsub_unconfirmed(const struct pubsub *pubsub);
size_t fake_pubsub_in_flight(const struct pubsub *pubsub);
size_t fake_pubsub_unreplied(const struct pubsub *pubsub);

/* Delivers one, by its index; `again` leaves a copy of the message in flight. */
void fake_pubsub_confirm(struct pubsub *pubsub, size_t at);
void fake_pubsub_deliver(struct pubsub *pubsub, size_t at, bool again);
void fake_pubsub_reply(struct pubsub *pubsub);

/* Loses a message in flight. */
void fake_pubsub_lose(struct pubsub *pubsub, size_t at);

/* Whether pushd is subscribed to a channel, confirmed or not. */
bool fake_pubsub_is_subscribed(const struct pubsub *pubsub, enum event_stream stream, uint64_t id);

#endif
