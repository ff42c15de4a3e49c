/*
 * list_output: prints a list as a table or as a JSON document.
 *
 * A command begins the output, passes it to a callback of the store that adds each item to
 * the table or the JSON, and ends it. The document is {"results": [...], "count": N}.
 */
#ifndef CONFAB_CONFABCTL_LIST_OUTPUT_H
#define CONFAB_CONFABCTL_LIST_OUTPUT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "cli.h"
#include "table.h"
#include "json/json_writer.h"

/* The default of --limit. */
#define LIST_OUTPUT_DEFAULT_LIMIT 1000

struct list_output {
    bool json;            /* add items to w, otherwise to table */
    struct json_writer w; /* within the array */
    struct table *table;
    uint64_t shown; /* items added; the callback counts them */
    struct buffer out;
};

/* Begins a list with these columns (see table_new); list_output_end frees it. */
void list_output_begin(struct list_output *output, const struct cli *cli,
                       const char *const *headings, size_t columns);

/* Prints the list and frees it. If there are more items (`count`) than shown, prints a note on
 * standard error. If `error` is set, prints that instead of the list. */
enum cli_status list_output_end(struct list_output *output, const struct cli *cli, uint64_t count,
                                enum error error);

#endif
