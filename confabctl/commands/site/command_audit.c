/* audit: what moderators, API keys and this program have done. Oldest first, from a number on, so
 * that a script can continue where it ended. */
#include "command.h"
#include "event/serialize.h"
#include "list_output.h"

/* Ids of 0 stand for nothing: no user, no room, no subject. */
static void add_row(struct table *table, const struct audit_entry *entry) {
    table_u64(table, entry->id);
    table_time(table, entry->created_at);
    table_str(table, audit_actor_name(entry->actor));
    table_u64(table, entry->actor_id);
    table_text(table, entry->action);
    table_u64(table, entry->user_id);
    table_u64(table, entry->room_id);
    table_u64(table, entry->subject_id);
    table_text(table, entry->reason);
}

static void list_entry(void *context, const struct audit_entry *entry) {
    struct list_output *output = context;
    output->shown++;
    if (output->json)
        serialize_audit_entry(&output->w, entry);
    else
        add_row(output->table, entry);
}

enum cli_status command_audit(struct cli *cli, struct arguments *arguments) {
    static const char *const HEADINGS[] = {">ID",   "TIME (UTC)", "BY",       ">ACTOR", "ACTION",
                                           ">USER", ">ROOM",      ">SUBJECT", "REASON"};
    uint64_t after = 0, limit = LIST_OUTPUT_DEFAULT_LIMIT, oldest, last;
    const struct arguments_option options[] = {{"--after", ARGUMENTS_NUMBER, &after},
                                               {"--limit", ARGUMENTS_NUMBER, &limit}};
    struct list_output output;
    if (!arguments_read(arguments, options, 2, 0, 0))
        return CLI_USAGE;
    /* Numbers have no gaps: the number of entries after --after is computed from the first and last
     * one. */
    enum error error = audit_log_ends(cli->db, &oldest, &last);
    list_output_begin(&output, cli, HEADINGS, 9);
    if (!error)
        error = audit_log_list(cli->db, after, limit, list_entry, &output);
    /* Those after this number, as far as they are kept. */
    const uint64_t first = after + 1 > oldest ? after + 1 : oldest;
    return list_output_end(&output, cli, error || first > last ? 0 : last + 1 - first, error);
}
