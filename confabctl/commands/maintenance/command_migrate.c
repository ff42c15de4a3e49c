/* migrate: waits for the database, applies the missing schema migrations, and makes the site's own
 * user. The steps and the lock against a second migration are in store/migrate; here are the wait,
 * the privileged user, and the messages. */
#include <inttypes.h>
#include <time.h>

#include "base/clock.h"
#include "command.h"
#include "store/migrate.h"
#include "store/site/external_user.h"

/* Interval between two attempts to connect. */
#define PAUSE_MS 100

/* Waits until the database accepts connections. An access error does not end the wait: a server
 * that is being set up rejects its users until they are created. */
static enum error wait_for_database(struct db *db, uint64_t seconds) {
    static const struct timespec PAUSE = {0, PAUSE_MS * 1000000L};
    const int64_t begin = clock_monotonic_ms();
    enum error error;
    /* At least one attempt, also with --wait 0. */
    while ((error = db_ping(db)) != ERROR_NONE &&
           (uint64_t)(clock_monotonic_ms() - begin) / 1000 < seconds)
        nanosleep(&PAUSE, NULL);
    return error;
}

/* Prints what went wrong. version is that of the schema when it failed. */
static enum cli_status report_failure(const struct cli *cli, enum error error, unsigned version) {
    if (error == ERROR_CONFLICT)
        return cli_error(
            "the schema is at version %u, but this program supports versions up to %u: "
            "install a newer confab (nothing was changed)",
            version, migrate_latest());
    /* No error of the server: the lock was not free within its time. db_last_errno is 0 if no
     * statement failed. */
    if (error == ERROR_UNAVAILABLE && db_last_errno(cli->db) == 0)
        return cli_error("another migration of this database is running; try again later");
    if (error == ERROR_TIMEOUT)
        return cli_error("the schema is at version %u; a table is in use, perhaps by a backup: try "
                         "again later",
                         version);
    if (error == ERROR_INTERNAL)
        return cli_error("the schema is at version %u; the next migration failed: %s", version,
                         db_last_error(cli->db));
    return cli_store_error(cli, error);
}

enum cli_status command_migrate(struct cli *cli, struct arguments *arguments) {
    uint64_t seconds = 0;
    const struct arguments_option options[] = {{"--wait", ARGUMENTS_NUMBER, &seconds}};
    unsigned applied, version;
    if (!arguments_read(arguments, options, 1, 0, 0))
        return CLI_USAGE;
    /* This connects, perhaps as root. The administrator's user may be known by a file that only
     * root can read. */
    enum error error = wait_for_database(cli->db, seconds);
    if (error)
        return cli_store_error(cli, error);
    /* Nothing else is done as root. */
    if (cli_drop_root(cli))
        return CLI_FAILED;
    error = migrate_run(cli->db, &applied, &version);
    if (error)
        return report_failure(cli, error, version);
    if (applied == 0)
        cli_message("The schema is up to date (version %u).", version);
    /* The steps applied are the last ones of the table. */
    for (size_t i = migrate_step_count - applied; i < migrate_step_count; i++)
        cli_message("Applied %04u %s.", migrate_steps[i].version, migrate_steps[i].name);
    /* A current database may be read-only. */
    error = external_user_name_site(cli->db, cli->config.jwt_actor);
    /* Without applied steps a failure here is ignored: the user exists already. */
    return error && applied > 0 ? cli_store_error(cli, error) : CLI_OK;
}
