/* /api/chat/rooms/{id}/reads/ and messages/{id}/reads/: read marks of the members, in rooms that
 * are not too large, for users who share their own. read_marks.c sets them. */
#include <stdlib.h>

#include "base/array.h"
#include "handlers/handlers.h"
#include "rest/page.h"
#include "restriction.h"
#include "store/messages/receipt.h"

/* All marks are read first, since the answer begins with their number. */
struct receipts {
    struct receipt *items;
    size_t count, space;
};

/* Copies a row; rooms with receipts are small, so memory is bounded by receipts_members. */
static void keep_receipt(void *context, const struct receipt *receipt) {
    struct receipts *list = context;
    list->items = array_reserve(list->items, &list->space, list->count + 1, sizeof(*list->items));
    list->items[list->count++] = *receipt;
}

static void write_receipt(struct json_writer *w, const struct receipt *receipt) {
    json_write_object(w);
    json_write_member_u64(w, "user_id", receipt->user_id);
    json_write_member_id(w, "last_read_message_id", receipt->message_id);
    json_write_member_time_or_null(w, "read_at", receipt->read_at);
    json_write_object_end(w);
}

/* The page is cut out of the list, which is read whole: its number comes first in the JSON. */
static void write_page(struct exchange *x, struct page *page, const struct receipts *list) {
    struct json_writer w = json_writer_start(&x->response.body);
    page_begin(x, &w, page, list->count, "");
    for (uint64_t i = page->offset; i < list->count && i - page->offset < page->limit; i++)
        write_receipt(&w, &list->items[i]);
    page_end(x, &w, page, list->count, "");
}

/* Whether the user may see up to which message the members have read. */
static enum error check_access(struct exchange *x) {
    /* The marks are those of all members. */
    if (restriction_check_hidden(x))
        return ERROR_FORBIDDEN;
    /* Sharing is mutual: a user who hides the own marks does not see those of others. */
    if (x->identity.hides_read)
        return exchange_fail(x, ERROR_FORBIDDEN, CODE_NOT_SHARED,
                             "You do not share what you have read, so you cannot see what others "
                             "have read.");
    if (x->identity.room.members_count > x->service->config->receipts_members)
        return exchange_fail(x, ERROR_FORBIDDEN, CODE_TOO_MANY_MEMBERS,
                             "The room has too many members to show who has read.");
    return ERROR_NONE;
}

/* message_id: lists those who have read this message; 0: how far each member has read. */
static enum error list_receipts(struct exchange *x, uint64_t message_id) {
    struct db *db = x->service->db;
    struct receipts list = {NULL, 0, 0};
    struct page page;
    /* Such rooms are small: one page has nearly all of them. */
    if (!page_read(x, PAGE_MOST, &page))
        return ERROR_BAD_INPUT;
    enum error error = check_access(x);
    if (error)
        return error;
    /* For a message: the members whose mark is at it or after it. */
    error = message_id ? receipt_list_of_message(db, x->ids[0], message_id, keep_receipt, &list)
                       : receipt_list(db, x->ids[0], keep_receipt, &list);
    if (!error)
        write_page(x, &page, &list);
    free(list.items);
    return error;
}

enum error reads_list(struct exchange *x) {
    return list_receipts(x, 0);
}

enum error reads_of_message(struct exchange *x) {
    return list_receipts(x, x->ids[1]);
}
