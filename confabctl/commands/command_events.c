#include <inttypes.h>

#include "command.h"
#include "store/housekeeping.h"

/* One stretch of work; there is no end of time but that of the work. */
#define STRETCH_MS 10000

enum tool_end command_events_purge(struct tool *tool, struct arguments *arguments) {
    uint64_t total = 0;
    bool finished = false;
    if (!arguments_read(arguments, NULL, 0, 0, 0))
        return TOOL_USAGE;
    while (!finished) {
        uint64_t dropped;
        const enum error error = housekeeping_run(tool->db, tool->config.event_retention,
                                                  STRETCH_MS, &dropped, &finished);
        total += dropped;
        if (error)
            return tool_store_failed(tool, error);
    }
    tool_say("Rows dropped: %" PRIu64 " (events older than %" PRIu64
             " days, sessions that have "
             "run out, what deleted rooms left behind, rate limits that are full again).",
             total, tool->config.event_retention);
    return TOOL_DONE;
}
