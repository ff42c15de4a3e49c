/*
 * message_page: the messages of a room a page at a time, by offset or by cursor, at the same
 * price wherever the page is.
 */
#ifndef CONFAB_COMMON_STORE_MESSAGE_PAGE_H
#define CONFAB_COMMON_STORE_MESSAGE_PAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/secret.h"
#include "db/db.h"
#include "store/message.h"
#include "store/room_state.h"
#include "store/token.h"
#include "store/user_names.h"

/* Which page of a room's messages. */
enum message_page_kind { MESSAGE_PAGE_OFFSET, MESSAGE_PAGE_BEFORE, MESSAGE_PAGE_AFTER };

struct message_page {
    enum message_page_kind kind;
    uint64_t limit;
    uint64_t from; /* an offset, or the cursor's message id (0 after: the beginning) */
};

/* Visits one page of the room whose state is given, newest first. *cursor_found is false
 * when the page's cursor is no message of this room. No access check. One round trip; one
 * more for senders whose names are not cached, and one more for an empty page by cursor. */
enum error message_page_list(struct db *db, struct user_names *names,
                             const struct room_state *state, const struct message_page *page,
                             bool *cursor_found, message_visit *visit, void *context);

/* Authenticates a member of the room by token and visits the page, in one round trip. Sets of the
 * identity what token_member_from_row does. *found is false, and nothing was visited, if the token
 * does not let its user read the room, the page is empty, or it is one by cursor: the ordinary way
 * finds out which. */
enum error message_page_by_token(struct db *db, struct user_names *names,
                                 const unsigned char token_hash[SECRET_HASH_SIZE], uint64_t room_id,
                                 const struct message_page *page, struct identity *identity,
                                 bool *found, message_visit *visit, void *context);

#endif
