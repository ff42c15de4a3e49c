#include <inttypes.h>

#include "base/secret.h"
#include "command.h"
#include "event/publish.h"
#include "listing.h"
#include "store/token.h"

enum tool_end command_token_add(struct tool *tool, struct arguments *arguments) {
    char key[SECRET_KEY_SIZE];
    unsigned char hash[SECRET_HASH_SIZE];
    struct user user;
    uint64_t id;
    if (!arguments_read(arguments, NULL, 0, 1, 1))
        return TOOL_USAGE;
    const enum tool_end end = tool_find_user(tool, arguments->words[0], &user);
    if (end)
        return end;
    secret_make_key(key);
    secret_hash_key(text_of(key), hash);
    const enum error error = token_add(tool->db, user.id, hash, &id);
    if (error)
        return tool_store_failed(tool, error);
    /* Alone on standard output, for TOKEN=$(confabctl token add NAME). */
    tool_say("%s", key);
    if (!user.is_active)
        tool_fail("note: %s is disabled; the token works once the user is enabled", user.name);
    return TOOL_DONE;
}

static void list_token(void *context, const struct token *token) {
    struct listing *listing = context;
    listing->shown++;
    if (listing->json) {
        json_write_object(&listing->w);
        json_write_member_u64(&listing->w, "token_id", token->id);
        json_write_member_u64(&listing->w, "user_id", token->user_id);
        json_write_member_text(&listing->w, "username", token->username);
        json_write_member_time(&listing->w, "created_at", token->created_at);
        json_write_object_end(&listing->w);
        return;
    }
    table_u64(listing->table, token->id);
    table_text(listing->table, token->username);
    table_time(listing->table, token->created_at);
}

enum tool_end command_token_list(struct tool *tool, struct arguments *arguments) {
    static const char *const HEADINGS[] = {">ID", "USER", "CREATED (UTC)"};
    struct listing listing;
    struct user user = {.id = 0};
    if (!arguments_read(arguments, NULL, 0, 0, 1))
        return TOOL_USAGE;
    if (arguments->count > 0) {
        const enum tool_end end = tool_find_user(tool, arguments->words[0], &user);
        if (end)
            return end;
    }
    listing_begin(&listing, tool, HEADINGS, 3);
    const enum error error = token_list(tool->db, user.id, list_token, &listing);
    return listing_end(&listing, tool, listing.shown, error);
}

enum tool_end command_token_revoke(struct tool *tool, struct arguments *arguments) {
    struct user_change change;
    uint64_t id;
    if (!arguments_read(arguments, NULL, 0, 1, 1) || !arguments_id(arguments->words[0], &id))
        return TOOL_USAGE;
    const enum error error = token_end(tool->db, id, &change);
    if (error)
        return tool_store_failed(tool, error);
    if (!change.changed)
        return tool_fail("there is no token %" PRIu64, id);
    publish_credentials_changed(tool->redis, tool->config.redis_prefix, &change);
    tool_published(tool);
    tool_say("Token %" PRIu64 " has ended.", id);
    return TOOL_DONE;
}
