/* events purge: runs all pending housekeeping at once. */
#include <inttypes.h>

#include "command.h"
#include "event/bell.h"
#include "store/housekeeping.h"

/* Duration of one slice of work; the command runs slices until all is done. */
#define SLICE_MS 10000

enum cli_status command_events_purge(struct cli *cli, struct arguments *arguments) {
    struct housekeeping run = {0};
    uint64_t total = 0;
    bool finished = false;
    if (!arguments_read(arguments, NULL, 0, 0, 0))
        return CLI_USAGE;
    /* Each slice commits what it deleted, so an interrupted run can be repeated. */
    while (!finished) {
        uint64_t deleted;
        const enum error error =
            housekeeping_run(cli->db, &cli->config, SLICE_MS, &run, &deleted, &finished);
        /* `run` has the place where the work continues. */
        total += deleted;
        /* Clients that read bells are notified of what was deleted in their rooms. */
        if (deleted > 0)
            bell_ring_changed(cli->publisher.bell, cli->db);
        if (error)
            return cli_store_error(cli, error);
    }
    cli_message("Rows deleted: %" PRIu64 " (events older than %" PRIu64
                " day%s, expired sessions, remains of deleted rooms, unused rate limits).",
                total, cli->config.event_retention, text_plural(cli->config.event_retention));
    return CLI_OK;
}
