/*
 * blocked: marks the messages whose sender the user of the request has blocked.
 */
#ifndef CONFAB_FCGI_API_BLOCKED_H
#define CONFAB_FCGI_API_BLOCKED_H

#include "event/serialize.h"
#include "server/exchange.h"

/* Whether the user of the request has blocked this sender. False also if the list of blocked users
 * could not be read. */
bool blocked_has(struct exchange *x, uint64_t sender_id);

/* Writes a message as the user of the request sees it, marked if its sender is blocked. */
void blocked_write_message(struct exchange *x, struct json_writer *w,
                          const struct message *message);

#endif
