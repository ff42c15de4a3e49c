/*
 * message_private: what message.c and message_post.c share.
 */
#ifndef CONFAB_COMMON_STORE_MESSAGES_MESSAGE_PRIVATE_H
#define CONFAB_COMMON_STORE_MESSAGES_MESSAGE_PRIVATE_H

#include "store/messages/message.h"

/* The column client_id is unique for a room and sender. Its first letter says whether the client
 * chose it or the store generated it, so that the kinds never collide. */
#define MESSAGE_KEY_OF_CLIENT 'c'
#define MESSAGE_KEY_OF_STORE 's'
/* The number of a held message, so that it is posted once. */
#define MESSAGE_KEY_OF_HELD 'h'

/* Reads MESSAGE_QUOTE_COLUMNS, starting at column `first`, of this message. */
struct message_quote message_quote_from_row(const struct db_rows *rows, unsigned first,
                                            uint64_t message_id);

/* The same into the change, with copies of the texts, since the rows are freed. */
void message_keep_quote(const struct db_rows *rows, unsigned first, uint64_t message_id,
                        struct message_change *change);

/* Reads the row that every change of a message returns, and frees the rows: outcome, changed, id,
 * seq, position, time, and the bell of the room, which only a post reads; with mentions, their
 * columns; after the post of a reply to a message, what it shows of that. */
enum error message_read_change(struct db_rows *rows, uint64_t reply_to_id, bool with_mentions,
                               struct message_change *change);

#endif
