/* /api/site/audit/: what moderators, API keys and the administrator have done. */
#include <inttypes.h>

#include "event/serialize.h"
#include "handlers/handlers.h"
#include "rest/link.h"
#include "rest/page.h"

/* last_id: of the last entry that was written, for the link to the next page. */
struct audit_listing {
    struct json_writer w;
    uint64_t last_id;
};

static void write_entry(void *context, const struct audit_entry *entry) {
    struct audit_listing *listing = context;
    serialize_audit_entry(&listing->w, entry);
    listing->last_id = entry->id;
}

/* Oldest first, so that a reader can continue after the last entry that it has. The numbers have
 * no gaps: they count the entries and tell which pages there are, without COUNT(*). */
enum error audit_list(struct exchange *x) {
    struct buffer results = BUFFER_EMPTY, url = BUFFER_EMPTY;
    struct audit_listing listing = {.w = json_writer_start(&results)};
    uint64_t after = 0, limit = PAGE_DEFAULT, oldest, last;
    page_number(x, "after", 0, &after);
    page_number(x, "limit", 1, &limit);
    if (!field_errors_none(&x->field_errors))
        return ERROR_BAD_INPUT;
    if (limit > PAGE_MOST)
        limit = PAGE_MOST;
    /* The ends before the entries: what is added in between is on the next page. */
    enum error error = audit_log_ends(x->service->db, &oldest, &last);
    json_write_array(&listing.w);
    if (!error)
        error = audit_log_list(x->service->db, after, limit, write_entry, &listing);
    json_write_array_end(&listing.w);
    if (!error) {
        struct json_writer w = json_writer_start(&x->response.body);
        json_write_object(&w);
        /* oldest is last + 1 if there is none, which makes 0. */
        json_write_member_u64(&w, "count", last + 1 - oldest);
        json_write_key(&w, "next");
        /* No link at the end, also if there were no entries: the reader asks again later. */
        if (listing.last_id && listing.last_id < last) {
            link_self(&url, x->request);
            buffer_printf(&url, "?after=%" PRIu64 "&limit=%" PRIu64, listing.last_id, limit);
            json_write_text(&w, (struct text){url.data, url.len});
        } else {
            json_write_null(&w);
        }
        /* A reader goes forward only; the key is there for clients that know other lists. */
        json_write_member_null(&w, "previous");
        json_write_key(&w, "results");
        json_write_raw(&w, results.data, results.len);
        json_write_object_end(&w);
    }
    buffer_free(&results);
    buffer_free(&url);
    return error;
}
