/*
 * event_validate: checks messages from Redis, which come from anyone who may publish there.
 */
#ifndef CONFAB_PUSHD_REDIS_EVENT_VALIDATE_H
#define CONFAB_PUSHD_REDIS_EVENT_VALIDATE_H

#include <stdbool.h>

#include "event/event.h"

/* Parses a payload into an envelope, whose text points into it. False unless all of these hold:
 * its type belongs on this kind of channel; it has a number exactly if the type is recorded in
 * the database; its text is a valid JSON object, or empty for a type that is not shown. */
bool event_validate(enum event_stream stream, struct text payload, struct event_envelope *envelope);

#endif
