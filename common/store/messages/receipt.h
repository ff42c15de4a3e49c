/*
 * receipt: how far the members of a room have read, by their read marks. Users who do not share
 * read receipts are left out; a member who has not read or posted since joining has message_id 0.
 */
#ifndef CONFAB_COMMON_STORE_MESSAGES_RECEIPT_H
#define CONFAB_COMMON_STORE_MESSAGES_RECEIPT_H

#include <stdint.h>

#include "db/db.h"

struct receipt {
    uint64_t user_id;
    uint64_t message_id; /* the last one read; 0: none */
    int64_t read_at;     /* when the mark was set; 0: never */
};

typedef void receipt_visit(void *context, const struct receipt *receipt);

/* Visits the members of a room who share receipts, in the order of joining. Reads all: the caller
 * bounds the size of the room, and checks access. */
enum error receipt_list(struct db *db, uint64_t room_id, receipt_visit *visit, void *context);

/* Visits those of them who have read this message; ERROR_NOT_FOUND: it is not in the room. */
enum error receipt_list_of_message(struct db *db, uint64_t room_id, uint64_t message_id,
                                   receipt_visit *visit, void *context);

#endif
