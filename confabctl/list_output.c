/* list_output: a list as a table or as JSON: {"results":[...],"count":N}. A command begins it,
 * fills either the table or the writer in its callback, and ends it. Nothing is printed before the
 * end, so that an error leaves no half of a list on standard output. */
#include "list_output.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

void list_output_begin(struct list_output *output, const struct cli *cli,
                       const char *const *headings, size_t columns) {
    /* The headings must outlive the output. */
    memset(output, 0, sizeof(*output));
    output->json = cli->json;
    /* Both are made; only the one that is asked for is filled. */
    output->table = table_new(headings, columns);
    output->w = json_writer_start(&output->out);
    if (output->json) {
        json_write_object(&output->w);
        json_write_key(&output->w, "results");
        json_write_array(&output->w);
    }
}

/* Ends the list and prints it, with the number of those that --limit has left out. */
static void print(struct list_output *output, uint64_t count) {
    if (output->json) {
        json_write_array_end(&output->w);
        /* All that there are, also if --limit shows fewer. */
        json_write_member_u64(&output->w, "count", count);
        json_write_object_end(&output->w);
        buffer_append_char(&output->out, '\n');
    } else {
        table_write(output->table, &output->out);
    }
    cli_output(&output->out);
    /* On standard error, so that a script reads only the table from standard output. */
    if (!output->json && output->shown < count)
        fprintf(stderr, "Showing %" PRIu64 " of %" PRIu64 "; use --limit and --offset for more.\n",
                output->shown, count);
}

enum cli_status list_output_end(struct list_output *output, const struct cli *cli, uint64_t count,
                                enum error error) {
    if (!error)
        print(output, count);
    /* Nothing of the list is printed after an error. */
    table_free(output->table);
    buffer_free(&output->out);
    return error ? cli_store_error(cli, error) : CLI_OK;
}
