/*
 * blocked: which messages are of users whom the user of a request has blocked.
 */
#ifndef CONFAB_FCGI_API_BLOCKED_H
#define CONFAB_FCGI_API_BLOCKED_H

#include "event/serialize.h"
#include "server/exchange.h"

/* Whether the user has blocked this one. */
bool blocked_has(struct exchange *x, uint64_t sender_id);

/* Writes a message for the user, marked if its sender is blocked. */
void blocked_write_message(struct exchange *x, struct json_writer *w,
                          const struct message *message);

#endif
