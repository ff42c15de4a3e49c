/*
 * upkeep: what a process does for the database between two requests.
 */
#ifndef CONFAB_UPKEEP_H
#define CONFAB_UPKEEP_H

#include "server/exchange.h"

/* Now and then, in one process at a time, drops what is to be dropped: old events, ended
 * sessions, what deleted rooms left behind. Takes some 20 ms at most after a request, and
 * goes on where it stopped after the next. */
void housekeeping_after_request(struct service *service);

/* The same while nobody asks for anything; then it may take longer. */
void housekeeping_when_idle(struct service *service);

#endif
