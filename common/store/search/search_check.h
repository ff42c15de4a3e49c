/*
 * search_check: whether the search index has terms that it should not have.
 */
#ifndef CONFAB_COMMON_STORE_SEARCH_SEARCH_CHECK_H
#define CONFAB_COMMON_STORE_SEARCH_SEARCH_CHECK_H

#include <stdint.h>

#include "db/db.h"

/* Terms of deleted messages that the index still has, of one room. */
typedef void search_check_visit(void *context, uint64_t room_id, uint64_t terms);

/* Visits each room that has such terms, although the index has read all events of the room. Reads
 * each segment with deleted messages once, by one statement, which sees the segment, the messages
 * and the progress of the index at the same moment. */
enum error search_check_deleted(struct db *db, search_check_visit *visit, void *context);

#endif
