#include "listing.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

void listing_begin(struct listing *listing, const struct tool *tool, const char *const *headings,
                   size_t columns) {
    memset(listing, 0, sizeof(*listing));
    listing->json = tool->json;
    listing->table = table_new(headings, columns);
    listing->w = jsonw_start(&listing->out);
    if (listing->json) {
        jsonw_object(&listing->w);
        jsonw_key(&listing->w, "results");
        jsonw_array(&listing->w);
    }
}

static void print(struct listing *listing, uint64_t count) {
    if (listing->json) {
        jsonw_array_end(&listing->w);
        jsonw_member_u64(&listing->w, "count", count);
        jsonw_object_end(&listing->w);
        buffer_append_char(&listing->out, '\n');
    } else {
        table_write(listing->table, &listing->out);
    }
    tool_print(&listing->out);
    if (!listing->json && listing->shown < count)
        fprintf(stderr, "%" PRIu64 " of %" PRIu64 " are shown; --limit and --offset choose which\n",
                listing->shown, count);
}

enum tool_end listing_end(struct listing *listing, const struct tool *tool, uint64_t count,
                          enum error error) {
    if (!error)
        print(listing, count);
    table_free(listing->table);
    buffer_free(&listing->out);
    return error ? tool_store_failed(tool, error) : TOOL_DONE;
}
