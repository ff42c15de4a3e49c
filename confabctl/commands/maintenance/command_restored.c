/* restored: gives the database a new id after a backup was restored. Sequence numbers of the backup
 * may be given out again for other events, so clients must not continue with theirs. */
#include "command.h"
#include "store/events/sync.h"

enum cli_status command_restored(struct cli *cli, struct arguments *arguments) {
    if (!arguments_read(arguments, NULL, 0, 0, 0))
        return CLI_USAGE;
    /* The only statement; the services need not be stopped. */
    const enum error error = sync_new_database(cli->db);
    if (error)
        return cli_store_error(cli, error);
    cli_message("The database has a new id: clients load their rooms again.");
    return CLI_OK;
}
