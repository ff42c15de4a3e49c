#include <inttypes.h>
#include <time.h>

#include "base/clock.h"
#include "command.h"
#include "store/migrate.h"

/* Between two looks whether the database is up. */
#define PAUSE_MS 100

/* Waits for the database to come up. A refusal is waited out as well: a server that is
 * being set up refuses until its users are there. */
static enum error wait_for_database(struct db *db, uint64_t seconds) {
    static const struct timespec PAUSE = {0, PAUSE_MS * 1000000L};
    const int64_t begin = clock_monotonic_ms();
    enum error error;
    while ((error = db_ping(db)) != ERROR_NONE &&
           (uint64_t)(clock_monotonic_ms() - begin) / 1000 < seconds)
        nanosleep(&PAUSE, NULL);
    return error;
}

static enum tool_end say_failure(const struct tool *tool, enum error error, unsigned version) {
    if (error == ERROR_CONFLICT)
        return tool_fail(
            "the database has version %u of the schema and this program knows "
            "versions up to %u: install the newer confab (nothing was changed)",
            version, migrate_latest());
    if (error == ERROR_UNAVAILABLE && db_last_errno(tool->db) == 0)
        return tool_fail("another migration of this database is running; try again later");
    if (error == ERROR_INTERNAL)
        return tool_fail("the schema is at version %u, the step after it failed: %s", version,
                         db_last_error(tool->db));
    return tool_store_failed(tool, error);
}

enum tool_end command_migrate(struct tool *tool, struct arguments *arguments) {
    uint64_t seconds = 0;
    const struct arguments_option options[] = {{"--wait", ARGUMENTS_NUMBER, &seconds}};
    unsigned applied, version;
    if (!arguments_read(arguments, options, 1, 0, 0))
        return TOOL_USAGE;
    enum error error = wait_for_database(tool->db, seconds);
    if (error)
        return tool_store_failed(tool, error);
    error = migrate_run(tool->db, &applied, &version);
    if (error)
        return say_failure(tool, error, version);
    if (applied == 0)
        tool_say("The schema is at version %u; there was nothing to do.", version);
    for (size_t i = migrate_step_count - applied; i < migrate_step_count; i++)
        tool_say("Applied %04u %s.", migrate_steps[i].version, migrate_steps[i].name);
    return TOOL_DONE;
}
