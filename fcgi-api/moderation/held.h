/*
 * held: messages that the word filter holds; for the handlers that post and edit.
 */
#ifndef CONFAB_FCGI_API_MODERATION_HELD_H
#define CONFAB_FCGI_API_MODERATION_HELD_H

#include "base/error.h"
#include "server/exchange.h"
#include "store/messages/message.h"

/* Holds a draft (message_id: an edit of this message; 0: a post) and answers with 202, or with 200
 * and the message if its client_id was used before. */
enum error held_hold(struct exchange *x, const struct message_draft *draft, uint64_t message_id);

#endif
