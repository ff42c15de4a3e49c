/*
 * order: what the router does for rooms that are moderated: it notes what API keys have done, and
 * tells users how long they have to wait.
 */
#ifndef CONFAB_FCGI_API_ORDER_H
#define CONFAB_FCGI_API_ORDER_H

#include "base/error.h"
#include "server/exchange.h"

/* Adds an entry of the audit for a change by an API key; `pattern` is that of its route, below
 * api/site/. */
enum error order_audit(struct exchange *x, const char *pattern);

/* Adds to a refusal until when the user is silenced (ERROR_SILENCED), or when the next message is
 * taken (ERROR_SLOW_MODE), in the room of the path. */
void order_say_how_long(struct exchange *x, enum error error);

/* ERROR_FORBIDDEN, with the answer, if the account of the user is newer than post_min_age and the
 * room of the path is public. */
enum error order_check_age(struct exchange *x);

/* Whether the user of the request is banned from the room of the path. */
bool order_is_banned(struct exchange *x);

/* A disabled user is active again if it was for a ban from the site that is over by now. */
void order_end_ban(struct exchange *x, struct user *user);

/* ERROR_NOT_FOUND if the message in the path is from before the user joined, in a room where that
 * is hidden. */
enum error order_check_seen(struct exchange *x);

#endif
