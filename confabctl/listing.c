#include "listing.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

void listing_begin(struct listing *listing, const struct tool *tool, const char *const *headings,
                   size_t columns) {
    memset(listing, 0, sizeof(*listing));
    listing->json = tool->json;
    listing->table = table_new(headings, columns);
    listing->w = json_writer_start(&listing->out);
    if (listing->json) {
        json_write_object(&listing->w);
        json_write_key(&listing->w, "results");
        json_write_array(&listing->w);
    }
}

static void print(struct listing *listing, uint64_t count) {
    if (listing->json) {
        json_write_array_end(&listing->w);
        json_write_member_u64(&listing->w, "count", count);
        json_write_object_end(&listing->w);
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
