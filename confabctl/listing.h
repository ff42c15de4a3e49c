/*
 * listing: a list that is printed as a table for people or as one JSON document.
 *
 * A command begins a listing, hands it to a visitor of the store that adds each thing in
 * either form, and ends it. The document is {"results": [...], "count": N}.
 */
#ifndef CONFABCTL_LISTING_H
#define CONFABCTL_LISTING_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "table.h"
#include "tool.h"
#include "json/json_writer.h"

/* Things shown unless --limit says otherwise. */
#define LISTING_LIMIT 1000

struct listing {
    bool json;            /* add to w, else to table */
    struct json_writer w; /* within the array */
    struct table *table;
    uint64_t shown; /* things added, counted by who adds them */
    struct buffer out;
};

/* Begins a listing with these columns (see table_new). */
void listing_begin(struct listing *listing, const struct tool *tool, const char *const *headings,
                   size_t columns);

/* Prints the listing and frees it. When it shows fewer things than there are, `count`, a
 * note on standard error says so. With an error says that instead. */
enum tool_end listing_end(struct listing *listing, const struct tool *tool, uint64_t count,
                          enum error error);

#endif
