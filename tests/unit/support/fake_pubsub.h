/*
 * fake_bus: takes the place of pushd/bus.c: a Redis in this process that other pushds do
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

/* Redis comes (all channels are joined then) or goes (with all that was on its way). A bus
 * is unwell at first. */
void fake_bus_set_well(struct bus *bus, bool well);

/* Sends an event, as fcgi-api would. */
void fake_bus_send(struct bus *bus, enum event_stream stream, uint64_t id,
                   const struct event_envelope *envelope);

/* Sends any bytes. */
void fake_bus_send_bytes(struct bus *bus, enum event_stream stream, uint64_t id, struct text bytes);

/* How many wait in each list. */
size_t fake_bus_unconfirmed(const struct bus *bus);
size_t fake_bus_flying(const struct bus *bus);
size_t fake_bus_unanswered(const struct bus *bus);

/* Lets one of them through, by its place; `again` leaves a copy of the message. */
void fake_bus_confirm(struct bus *bus, size_t at);
void fake_bus_deliver(struct bus *bus, size_t at, bool again);
void fake_bus_answer(struct bus *bus);

/* Loses a message on its way. */
void fake_bus_lose(struct bus *bus, size_t at);

/* Whether a channel is wanted. */
bool fake_bus_is_wanted(const struct bus *bus, enum event_stream stream, uint64_t id);

#endif
