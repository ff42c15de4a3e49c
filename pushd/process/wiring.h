/*
 * wiring: what goes from the bus to whom, and what presence is given to work with. The one
 * place where bus, feeds, presence and sessions meet.
 */
#ifndef CONFAB_PUSHD_WIRING_H
#define CONFAB_PUSHD_WIRING_H

#include <uv.h>

#include "client/client.h"

/* Opens the bus and presence, and connects both with the feeds of the sessions. */
void wiring_connect(uv_loop_t *loop, struct sessions *sessions);

#endif
