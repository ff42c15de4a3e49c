/*
 * wiring: what goes from the pubsub to whom, and what presence is given to work with. The one
 * place where pubsub, channels, presence and clients meet.
 */
#ifndef CONFAB_PUSHD_WIRING_H
#define CONFAB_PUSHD_WIRING_H

#include <uv.h>

#include "client/client.h"

/* Opens the pubsub and presence, and connects both with the channels of the clients. */
void wiring_connect(uv_loop_t *loop, struct clients *clients);

#endif
