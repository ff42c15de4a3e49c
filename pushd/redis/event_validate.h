/*
 * payload: what comes on a channel of Redis, looked at before anything is done with it.
 * Whoever may publish there may send anything.
 */
#ifndef CONFAB_PUSHD_PAYLOAD_H
#define CONFAB_PUSHD_PAYLOAD_H

#include <stdbool.h>

#include "event/event.h"

/* Reads a payload into an envelope, whose text points into it. False unless it is an event
 * that this kind of channel carries, with a number if it is one that is on record and
 * without one if it never is; its text is a JSON object fit for clients, or nothing, for an
 * event that is not shown. */
bool event_validate(enum event_stream stream, struct text payload, struct event_envelope *envelope);

#endif
