#include <inttypes.h>

#include "base/secret.h"
#include "command.h"
#include "event/publish.h"
#include "listing.h"
#include "prompt.h"
#include "store/user.h"

/* As the API has it for passwords. */
#define PASSWORD_MIN 8
#define PASSWORD_MAX 256

/* ---- passwords ---- */

static bool is_password(struct text password) {
    if (!text_is_valid(password.at, password.len))
        return false;
    const size_t points = text_code_points(password);
    return points >= PASSWORD_MIN && points <= PASSWORD_MAX;
}

/* Reads a new password for the user named and hashes it. */
static enum tool_end ask_password(const struct tool *tool, const char *name,
                                  char hash[SECRET_PASSWORD_SIZE]) {
    enum tool_end end = TOOL_FAILED;
    struct prompt_secret secret;
    const char *problem = prompt_password(name, &secret);
    if (problem)
        tool_fail("no password was read: %s", problem);
    else if (!is_password(prompt_text(&secret)))
        tool_fail("a password has %d to %d characters, in UTF-8", PASSWORD_MIN, PASSWORD_MAX);
    else if (!secret_hash_password(prompt_text(&secret), tool->config.password_passes,
                                   tool->config.password_memory, hash))
        tool_fail("there is no memory for a password of password_memory = %" PRIu64 " KiB",
                  tool->config.password_memory);
    else
        end = TOOL_DONE;
    prompt_wipe(&secret);
    return end;
}

/* ---- adding ---- */

static enum tool_end say_taken(const char *name, bool if_missing) {
    if (!if_missing)
        return tool_fail("there is a user '%s' already", name);
    tool_say("User %s is there already.", name);
    return TOOL_DONE;
}

static enum tool_end add(struct tool *tool, const char *name, bool staff, bool if_missing) {
    char hash[SECRET_PASSWORD_SIZE];
    uint64_t id;
    enum tool_end end = ask_password(tool, name, hash);
    if (end)
        return end;
    enum error error = user_add(tool->db, text_of(name), hash, NULL, &id);
    if (error == ERROR_CONFLICT)
        return say_taken(name, if_missing);
    if (!error && staff)
        error = user_set_staff(tool->db, id, true);
    if (error)
        return tool_store_failed(tool, error);
    tool_say("User %s was added, with id %" PRIu64 ".", name, id);
    return TOOL_DONE;
}

enum tool_end command_user_add(struct tool *tool, struct arguments *arguments) {
    bool staff = false, if_missing = false;
    const struct arguments_option options[] = {{"--staff", ARGUMENTS_FLAG, &staff},
                                               {"--if-missing", ARGUMENTS_FLAG, &if_missing}};
    struct user user;
    if (!arguments_read(arguments, options, 2, 1, 1))
        return TOOL_USAGE;
    const char *name = arguments->words[0];
    if (!text_is_username(text_of(name)))
        return tool_fail("'%s' is no user name: 3 to 32 letters (a to z), digits, '_', '.', '-'",
                         name);
    /* Known before anybody types a password in vain. */
    const enum error error = user_by_name(tool->db, text_of(name), &user, NULL);
    if (error == ERROR_NONE)
        return say_taken(user.name, if_missing);
    if (error != ERROR_NOT_FOUND)
        return tool_store_failed(tool, error);
    return add(tool, name, staff, if_missing);
}

/* ---- changing ---- */

/* Reads the one argument, a user's name. */
static enum tool_end read_user(const struct tool *tool, struct arguments *arguments,
                               struct user *user) {
    if (!arguments_read(arguments, NULL, 0, 1, 1))
        return TOOL_USAGE;
    return tool_find_user(tool, arguments->words[0], user);
}

static void publish_change(const struct tool *tool, const struct user_change *change) {
    publish_credentials_changed(tool->redis, tool->config.redis_prefix, change);
    if (change->changed)
        tool_published(tool);
}

enum tool_end command_user_passwd(struct tool *tool, struct arguments *arguments) {
    char hash[SECRET_PASSWORD_SIZE];
    struct user user;
    struct user_change change;
    enum tool_end end = read_user(tool, arguments, &user);
    if (!end)
        end = ask_password(tool, user.name, hash);
    if (end)
        return end;
    const enum error error = user_set_password(tool->db, user.id, hash, 0, 0, &change);
    if (error)
        return tool_store_failed(tool, error);
    publish_change(tool, &change);
    tool_say("User %s has a new password; all sessions and tokens of before have ended.",
             user.name);
    return TOOL_DONE;
}

static enum tool_end set_active(struct tool *tool, struct arguments *arguments, bool active) {
    const char *state = active ? "enabled" : "disabled";
    struct user user;
    struct user_change change;
    const enum tool_end end = read_user(tool, arguments, &user);
    if (end)
        return end;
    const enum error error = user_set_active(tool->db, user.id, active, &change);
    if (error)
        return tool_store_failed(tool, error);
    publish_change(tool, &change);
    tool_say(change.changed ? "User %s is %s." : "User %s was %s already.", user.name, state);
    return TOOL_DONE;
}

enum tool_end command_user_disable(struct tool *tool, struct arguments *arguments) {
    return set_active(tool, arguments, false);
}

enum tool_end command_user_enable(struct tool *tool, struct arguments *arguments) {
    return set_active(tool, arguments, true);
}

enum tool_end command_user_staff(struct tool *tool, struct arguments *arguments) {
    struct user user;
    if (!arguments_read(arguments, NULL, 0, 2, 2))
        return TOOL_USAGE;
    const struct text word = text_of(arguments->words[1]);
    const bool staff = text_equals(word, text_of("on"));
    if (!staff && !text_equals(word, text_of("off"))) {
        tool_fail("'%s' is neither on nor off", arguments->words[1]);
        return TOOL_USAGE;
    }
    const enum tool_end end = tool_find_user(tool, arguments->words[0], &user);
    if (end)
        return end;
    const enum error error = user_set_staff(tool->db, user.id, staff);
    if (error)
        return tool_store_failed(tool, error);
    tool_say("User %s is %s.", user.name, staff ? "staff" : "not staff");
    return TOOL_DONE;
}

/* ---- listing ---- */

static void add_json(struct json_writer *w, const struct user *user) {
    json_write_object(w);
    json_write_member_u64(w, "user_id", user->id);
    json_write_member_str(w, "username", user->name);
    json_write_member_bool(w, "is_active", user->is_active);
    json_write_member_bool(w, "is_staff", user->is_staff);
    json_write_member_time(w, "created_at", user->created_at);
    json_write_object_end(w);
}

static void add_row(struct table *table, const struct user *user) {
    table_u64(table, user->id);
    table_str(table, user->name);
    table_bool(table, user->is_active);
    table_bool(table, user->is_staff);
    table_time(table, user->created_at);
}

static void list_user(void *context, const struct user *user) {
    struct listing *listing = context;
    listing->shown++;
    if (listing->json)
        add_json(&listing->w, user);
    else
        add_row(listing->table, user);
}

static enum tool_end list(const struct tool *tool, struct text prefix, bool all, uint64_t limit,
                          uint64_t offset) {
    static const char *const HEADINGS[] = {">ID", "NAME", "ACTIVE", "STAFF", "CREATED (UTC)"};
    struct listing listing;
    uint64_t count = 0;
    enum error error = user_count(tool->db, prefix, all, &count);
    listing_begin(&listing, tool, HEADINGS, 5);
    if (!error)
        error = user_list(tool->db, prefix, all, limit, offset, list_user, &listing);
    return listing_end(&listing, tool, count, error);
}

enum tool_end command_user_list(struct tool *tool, struct arguments *arguments) {
    const char *prefix = "";
    bool all = false;
    uint64_t limit = LISTING_LIMIT, offset = 0;
    const struct arguments_option options[] = {{"--search", ARGUMENTS_TEXT, &prefix},
                                               {"--all", ARGUMENTS_FLAG, &all},
                                               {"--limit", ARGUMENTS_NUMBER, &limit},
                                               {"--offset", ARGUMENTS_NUMBER, &offset}};
    if (!arguments_read(arguments, options, 4, 0, 0))
        return TOOL_USAGE;
    const struct text text = text_of(prefix);
    if (!text_is_valid(text.at, text.len))
        return tool_fail("what --search names is not UTF-8");
    return list(tool, text, all, limit, offset);
}
