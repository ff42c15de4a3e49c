/*
 * message_page: pages of the messages of a room, by offset or by cursor. All pages cost the same,
 * wherever they are in the room.
 */
#ifndef CONFAB_COMMON_STORE_MESSAGES_MESSAGE_PAGE_H
#define CONFAB_COMMON_STORE_MESSAGES_MESSAGE_PAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "db/db.h"
#include "secrets/secret.h"
#include "store/logins/token.h"
#include "store/messages/message.h"
#include "store/rooms/room_state.h"
#include "store/users/user_names.h"

enum message_page_kind {
    MESSAGE_PAGE_OFFSET,
    MESSAGE_PAGE_BEFORE,
    MESSAGE_PAGE_AFTER,
    MESSAGE_PAGE_AROUND, /* at most half of the limit are newer */
};

struct message_page {
    enum message_page_kind kind;
    uint64_t limit;
    uint64_t from; /* offset, or message id of the cursor (AFTER 0: from the beginning) */
};

/* Visits one page of a room as the user sees it, newest message first, by AFTER oldest first. Sets
 * *cursor_found to false if the cursor is not a message of this room. Does not check access. One
 * round trip to the database; another one if names of senders are not cached, and for an empty page
 * by cursor. */
enum error message_page_list(struct db *db, struct user_names *names,
                             const struct room_state *state, uint64_t user_id,
                             const struct message_page *page, bool *cursor_found,
                             message_visit *visit, void *context);

/* Authenticates a member of the room by token and visits a page by offset, in one round trip. Sets
 * the fields of the identity that token_member_from_row sets. *found is false and nothing is
 * visited if the token does not permit it, the page is empty, or it is a page by cursor. */
enum error message_page_by_token(struct db *db, struct user_names *names,
                                 const unsigned char token_hash[SECRET_HASH_SIZE], uint64_t room_id,
                                 const struct message_page *page, struct identity *identity,
                                 bool *found, message_visit *visit, void *context);

/* A page of the direct replies to a message. */
struct message_replies {
    uint64_t room_id;
    uint64_t message_id;
    uint64_t limit;
    uint64_t offset;
};

/* Visits a page of the direct replies to a message, oldest first, as the user sees them; *count, of
 * all of them, is set before. ERROR_NOT_FOUND if there is no such message. One round trip, and one
 * more for names. */
enum error message_page_replies(struct db *db, struct user_names *names, uint64_t user_id,
                                const struct message_replies *replies, uint64_t *count,
                                message_visit *visit, void *context);

#endif
