/* token add, list and revoke. The database has only the hash of a token's key; the key is printed
 * once. */
#include <inttypes.h>

#include "command.h"
#include "event/publish.h"
#include "list_output.h"
#include "secrets/secret.h"
#include "store/logins/token.h"
#include "store/rooms/ban.h"

enum cli_status command_token_add(struct cli *cli, struct arguments *arguments) {
    char key[SECRET_KEY_SIZE];
    unsigned char hash[SECRET_HASH_SIZE];
    struct user user;
    uint64_t id;
    if (!arguments_read(arguments, NULL, 0, 1, 1))
        return CLI_USAGE;
    /* The audit has an entry for the user whose token it is. */
    const enum cli_status status = cli_change_user(cli, arguments->argv[0], &user);
    if (status)
        return status;
    /* Enabling the user would end the token. A ban that has expired is ended here, as at a
     * login. */
    if (!user.is_active && !ban_end_due(cli->db, user.id))
        return cli_error("user '%s' is disabled; enable the user first", user.name);
    secret_make_key(key);
    /* Only the hash is stored. */
    secret_hash_key(text_of(key), hash);
    const enum error error = token_add(cli->db, user.id, hash, &id);
    if (error)
        return cli_store_error(cli, error);
    /* Nothing else on standard output, for TOKEN=$(confabctl token add NAME). */
    cli_message("%s", key);
    return CLI_OK;
}

/* A row of the list of tokens, whose keys are not known here. */
static void list_token(void *context, const struct token *token) {
    struct list_output *output = context;
    output->shown++;
    if (output->json) {
        json_write_object(&output->w);
        json_write_member_u64(&output->w, "token_id", token->id);
        json_write_member_u64(&output->w, "user_id", token->user_id);
        json_write_member_text(&output->w, "username", token->username);
        json_write_member_time(&output->w, "created_at", token->created_at);
        json_write_member_time_or_null(&output->w, "last_used_at", token->last_used_at);
        json_write_member_time_or_null(&output->w, "expires_at", token->expires_at);
        json_write_object_end(&output->w);
        return;
    }
    table_u64(output->table, token->id);
    table_text(output->table, token->username);
    table_time(output->table, token->created_at);
    table_time(output->table, token->last_used_at);
    table_time(output->table, token->expires_at);
}

enum cli_status command_token_list(struct cli *cli, struct arguments *arguments) {
    static const char *const HEADINGS[] = {">ID", "USER", "CREATED (UTC)", "LAST USED",
                                           "EXPIRES"};
    struct list_output output;
    /* Without a name: id 0, the tokens of all users. */
    struct user user = {.id = 0};
    if (!arguments_read(arguments, NULL, 0, 0, 1))
        return CLI_USAGE;
    if (arguments->argc > 0) {
        const enum cli_status status = cli_find_user(cli, arguments->argv[0], &user);
        if (status)
            return status;
    }
    list_output_begin(&output, cli, HEADINGS, 5);
    const enum error error = token_list(cli->db, user.id, list_token, &output);
    /* There is no --limit, so what was shown is all. */
    return list_output_end(&output, cli, output.shown, error);
}

enum cli_status command_token_revoke(struct cli *cli, struct arguments *arguments) {
    struct user_change change;
    uint64_t id;
    if (!arguments_read(arguments, NULL, 0, 1, 1) || !arguments_id(arguments->argv[0], &id))
        return CLI_USAGE;
    const enum error error = token_end(cli->db, id, &change);
    if (error)
        return cli_store_error(cli, error);
    /* Also if it has expired and was deleted. */
    if (!change.changed)
        return cli_error("token %" PRIu64 " does not exist", id);
    /* pushd checks the sockets of the user, and closes those opened with this token. */
    publish_credentials_changed(cli->redis, &cli->publisher, &change);
    cli_flush_events(cli);
    cli_message("Token %" PRIu64 " revoked.", id);
    return CLI_OK;
}
