/* hook add, list, remove, disable, enable, secret and test: addresses that are sent events; with
 * --in, addresses that post messages. A secret is printed once. */
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "command.h"
#include "list_output.h"
#include "secrets/secret.h"
#include "store/followers/follower.h"
#include "store/followers/hook.h"
#include "store/followers/worker.h"
#include "store/rooms/member.h"
#include "store/site/external_user.h"

/* How long `hook test` waits: a worker looks for work twice a second, a delivery takes 10 s. */
#define TEST_SECONDS 15

/* ---- outgoing hooks ---- */

/* Reads "new_message,message_edited" into bits. */
static bool read_events(const char *list, uint64_t *types) {
    struct text rest = text_of(list), word;
    *types = 0;
    /* Commas or blanks, so that a list may be written either way. */
    while (text_next_word(&rest, ", ", &word))
        if (!hook_add_event(word, types)) {
            cli_error("'%.*s' is not an event of rooms", (int)word.len, word.at);
            return false;
        }
    return true;
}

/* Appends the ids of rooms to a list. At most HOOK_ROOMS_MAX, which is what the column holds. */
static bool read_rooms(const struct arguments_list *rooms, struct buffer *list) {
    uint64_t id;
    for (size_t i = 0; i < rooms->count; i++) {
        if (!arguments_id(rooms->values[i], &id))
            return false;
        hook_add_room(id, list);
    }
    if (rooms->count > HOOK_ROOMS_MAX)
        cli_error("at most %d rooms", HOOK_ROOMS_MAX);
    return rooms->count <= HOOK_ROOMS_MAX;
}

/* A hook that sends events to an address. Its secret is printed once. */
static enum cli_status add_out(struct cli *cli, struct hook *hook) {
    char secret[HOOK_SECRET_SIZE];
    uint64_t id;
    /* Whether the host is public is checked by the worker when it resolves the name. */
    if (!hook_url_is_valid(hook->url))
        return cli_error("'%s' is not an address: expected https://host/path", hook->url.at);
    /* The secret is stored as bytes and shown as text, once. Made here, so that only the
     * administrator's terminal has shown it. */
    randombytes_buf(hook->secret, sizeof(hook->secret));
    const enum error error = hook_add(cli->db, hook, &id);
    if (error)
        return cli_store_error(cli, error);
    hook_secret_text(hook->secret, secret);
    /* Nothing else on standard output, for SECRET=$(confabctl hook add ...). */
    cli_message("%s", secret);
    /* On standard error, as the secret alone is the output. */
    fprintf(stderr, "Hook %" PRIu64 " added; its secret is shown only now.\n", id);
    return CLI_OK;
}

/* ---- incoming hooks ---- */

/* The issuer of bots of hooks in external_user. */
#define BOTS "confab:hook"

/* Finds or makes the bot of a hook, and makes it a member of the room. */
static enum cli_status add_bot(const struct cli *cli, const char *name, uint64_t room_id,
                               uint64_t *bot_id) {
    /* Limits are for users; an administrator adds the bot in any case. */
    const struct member_limits no_limits = {0};
    struct member_change change;
    struct user site, bot;
    bool created;
    /* The site's own user is the actor of the membership. */
    enum error error = external_user_site(cli->db, cli->config.jwt_actor, &site);
    if (!error)
        error = external_user_ensure(cli->db, text_of(BOTS), text_of(name), text_of(name), true,
                                     &bot, &created);
    if (error)
        return cli_store_error(cli, error);
    /* A bot that is a member already is a success. */
    error = member_add_by_site(cli->db, room_id, site.id, bot.id, &no_limits, &change);
    if (error == ERROR_NOT_FOUND)
        return cli_error("room %" PRIu64 " does not exist", room_id);
    if (error == ERROR_FORBIDDEN)
        return cli_error("room %" PRIu64 " is a direct room", room_id);
    if (error == ERROR_BAD_INPUT)
        return cli_error("the bot '%s' is disabled", bot.name);
    if (error)
        return cli_store_error(cli, error);
    *bot_id = bot.id;
    return CLI_OK;
}

/* A hook by which another program posts, through a bot of its own. Its address is printed once. */
static enum cli_status add_in(struct cli *cli, const char *name, uint64_t room_id) {
    char key[SECRET_KEY_SIZE];
    unsigned char hash[SECRET_HASH_SIZE];
    uint64_t bot_id = 0;
    const enum cli_status status = add_bot(cli, name, room_id, &bot_id);
    if (status)
        return status;
    /* Only the hash of the key is stored. */
    secret_make_key(key);
    secret_hash_key(text_of(key), hash);
    /* The address contains the key: the hash finds the hook when it is called. */
    const enum error error = hook_in_add(cli->db, text_of(name), hash, room_id, bot_id);
    if (error == ERROR_CONFLICT)
        return cli_error("a hook named '%s' already exists", name);
    if (error)
        return cli_store_error(cli, error);
    /* A path, since confabctl does not know the public name of the site. */
    cli_message("/api/hooks/in/%s/", key);
    fputs("This address is shown only now; anyone with the address can post.\n", stderr);
    return CLI_OK;
}

/* ---- adding ---- */

/* A name as the API accepts it. */
static enum cli_status check_name(const char *name) {
    const struct text text = text_of(name);
    /* Characters, as the column counts them. */
    const bool is_valid = text_is_valid(text.at, text.len) && text_code_points(text) >= 1 &&
                          text_code_points(text) <= HOOK_NAME_MAX;
    return is_valid ? CLI_OK : cli_error("a name has 1 to %d characters", HOOK_NAME_MAX);
}

/* Adds a hook of the other direction: a name and one room. */
static enum cli_status add_in_named(struct cli *cli, const struct arguments *arguments,
                                    const struct arguments_list *rooms) {
    uint64_t room_id;
    if (arguments->argc != 1 || rooms->count != 1) {
        cli_error("--in needs a name and one --room");
        return CLI_USAGE;
    }
    if (!arguments_id(rooms->values[0], &room_id))
        return CLI_USAGE;
    const enum cli_status status = check_name(arguments->argv[0]);
    return status ? status : add_in(cli, arguments->argv[0], room_id);
}

/* Reads the options of `hook add`, and adds what they describe. */
static enum cli_status add_out_named(struct cli *cli, const struct arguments *arguments,
                                     const struct arguments_list *rooms, const char *events) {
    /* A new hook is active at once; it begins with what comes from now on. */
    struct hook hook = {.is_active = true};
    struct buffer list = BUFFER_EMPTY;
    enum cli_status status = CLI_USAGE;
    if (arguments->argc == 2 && read_rooms(rooms, &list) &&
        (!events || read_events(events, &hook.types))) {
        hook.name = text_of(arguments->argv[0]);
        hook.url = text_of(arguments->argv[1]);
        /* Without --events all types, without --room all rooms. */
        hook.has_types = events != NULL;
        hook.has_rooms = rooms->count > 0;
        hook.rooms = (struct text){buffer_str(&list), list.len};
        status = check_name(arguments->argv[0]);
        if (!status)
            status = add_out(cli, &hook);
    }
    buffer_free(&list);
    return status;
}

enum cli_status command_hook_add(struct cli *cli, struct arguments *arguments) {
    const char *events = NULL;
    struct arguments_list rooms = {NULL, 0, 0};
    bool in = false;
    const struct arguments_option options[] = {{"--events", ARGUMENTS_TEXT, &events},
                                               {"--room", ARGUMENTS_LIST, &rooms},
                                               {"--in", ARGUMENTS_FLAG, &in}};
    /* Both kinds have their own arguments; the options are shared. */
    enum cli_status status = CLI_USAGE;
    if (arguments_read(arguments, options, 3, 1, 2))
        status = in ? add_in_named(cli, arguments, &rooms)
                    : add_out_named(cli, arguments, &rooms, events);
    free(rooms.values);
    return status;
}

/* ---- list ---- */

/* A hook that is searched by id or name. */
struct search {
    struct text name;
    uint64_t id;
    size_t found;
};

/* Counts the hooks with this name or id, to detect a name of several hooks. */
static void count_match(void *context, const struct hook *hook) {
    struct search *search = context;
    uint64_t id;
    /* A name may consist of digits: both are compared. */
    const bool is_id = text_to_u64(search->name, &id) && id == hook->id;
    if (!is_id && !text_equals(hook->name, search->name))
        return;
    search->id = hook->id;
    search->found++;
}

/* Finds a hook by name or id; the name must be that of one hook only. */
static enum cli_status find_hook(const struct cli *cli, const char *name, uint64_t *id) {
    struct search search = {.name = text_of(name)};
    /* All hooks: there are few, and names are not unique. */
    const enum error error = hook_list(cli->db, UINT32_MAX, 0, count_match, &search);
    if (error)
        return cli_store_error(cli, error);
    *id = search.id;
    if (search.found == 0)
        return cli_error("hook '%s' does not exist", name);
    return search.found == 1 ? CLI_OK
                             : cli_error("several hooks are named '%s': give the id", name);
}

/* The only argument of a command: a hook. A hook is named by id or name in all commands. */
static enum cli_status read_hook(const struct cli *cli, struct arguments *arguments, uint64_t *id) {
    if (!arguments_read(arguments, NULL, 0, 1, 1))
        return CLI_USAGE;
    return find_hook(cli, arguments->argv[0], id);
}

/* The state of a hook, for the list. */
static const char *hook_state(const struct follower_lag *lag) {
    /* Not active: no delivery is tried, so failures are old. */
    if (!lag->is_active)
        return "not active";
    return lag->failing > 0 ? "failing" : "ok";
}

/* Adds a hook or puller to the list. */
static void list_lag(void *context, const struct follower_lag *lag) {
    struct list_output *output = context;
    output->shown++;
    /* For hooks and pullers alike: how far each is behind. */
    if (output->json) {
        struct json_writer *w = &output->w;
        json_write_object(w);
        json_write_member_u64(w, "follower_id", lag->follower_id);
        json_write_member_text(w, "name", lag->name);
        json_write_member_str(w, "kind", lag->is_hook ? "hook" : "pull");
        json_write_member_bool(w, "is_active", lag->is_active);
        json_write_member_u64(w, "lag_events", lag->events);
        json_write_member_u64(w, "lag_seconds", lag->seconds);
        json_write_member_u64(w, "failing_rooms", lag->failing);
        json_write_member_u64(w, "delivered_count", lag->delivered);
        json_write_member_u64(w, "failed_count", lag->failed);
        json_write_member_text_or_null(w, "failure", lag->failure);
        json_write_object_end(w);
        return;
    }
    table_u64(output->table, lag->follower_id);
    table_text(output->table, lag->name);
    table_str(output->table, lag->is_hook ? "hook" : "pull");
    table_str(output->table, hook_state(lag));
    table_u64(output->table, lag->events);
    table_u64(output->table, lag->seconds);
    table_u64(output->table, lag->failing);
    table_u64(output->table, lag->delivered);
    table_u64(output->table, lag->failed);
    table_text(output->table, lag->failure);
}

/* Adds a hook by which programs post to the list. */
static void list_in(void *context, const struct hook_in *hook) {
    /* Addresses are not listed: they are known only as hashes. */
    struct list_output *output = context;
    output->shown++;
    if (output->json) {
        json_write_object(&output->w);
        json_write_member_u64(&output->w, "hook_in_id", hook->id);
        json_write_member_text(&output->w, "name", hook->name);
        json_write_member_u64(&output->w, "room_id", hook->room_id);
        json_write_member_text(&output->w, "username", hook->username);
        json_write_member_time(&output->w, "created_at", hook->created_at);
        json_write_object_end(&output->w);
        return;
    }
    table_u64(output->table, hook->id);
    table_text(output->table, hook->name);
    table_u64(output->table, hook->room_id);
    table_text(output->table, hook->username);
    table_time(output->table, hook->created_at);
}

enum cli_status command_hook_list(struct cli *cli, struct arguments *arguments) {
    static const char *const OUT[] = {">ID",       "NAME",        "KIND",     "STATE",
                                      ">BEHIND",   ">SECONDS",    ">FAILING", ">DELIVERED",
                                      ">FAILURES", "LAST FAILURE"};
    static const char *const IN[] = {">ID", "NAME", ">ROOM", "POSTS AS", "CREATED (UTC)"};
    bool in = false;
    const struct arguments_option options[] = {{"--in", ARGUMENTS_FLAG, &in}};
    struct list_output output;
    if (!arguments_read(arguments, options, 1, 0, 0))
        return CLI_USAGE;
    /* The two lists have different columns. */
    list_output_begin(&output, cli, in ? IN : OUT, in ? 5 : 10);
    const enum error error =
        in ? hook_in_list(cli->db, list_in, &output) : follower_lags(cli->db, list_lag, &output);
    return list_output_end(&output, cli, output.shown, error);
}

/* ---- changing ---- */

/* The bot stays, since its messages are in the room. */
static enum cli_status remove_in(struct cli *cli, const char *name) {
    const enum error error = hook_in_delete(cli->db, text_of(name));
    if (error == ERROR_NOT_FOUND)
        return cli_error("hook '%s' does not exist", name);
    if (error)
        return cli_store_error(cli, error);
    cli_message("Hook '%s' removed; its bot is still a member of the room.", name);
    return CLI_OK;
}

/* Deletes the place of a program that pulls changes by a key. */
static enum cli_status remove_pull(struct cli *cli, const char *name) {
    const enum error error = follower_delete(cli->db, text_of(name));
    if (error == ERROR_NOT_FOUND)
        return cli_error("no program named '%s' pulls changes", name);
    if (error)
        return cli_store_error(cli, error);
    /* A puller has no settings: only its place is forgotten. */
    cli_message("'%s' removed; if it pulls again, it starts from that time.", name);
    return CLI_OK;
}

enum cli_status command_hook_remove(struct cli *cli, struct arguments *arguments) {
    bool in = false, pull = false;
    uint64_t id = 0;
    const struct arguments_option options[] = {{"--in", ARGUMENTS_FLAG, &in},
                                               {"--pull", ARGUMENTS_FLAG, &pull}};
    if (!arguments_read(arguments, options, 2, 1, 1))
        return CLI_USAGE;
    /* --in and --pull name rows of other tables. */
    if (in && pull)
        return cli_error("--in and --pull exclude each other");
    if (in)
        return remove_in(cli, arguments->argv[0]);
    if (pull)
        return remove_pull(cli, arguments->argv[0]);
    const enum cli_status status = find_hook(cli, arguments->argv[0], &id);
    if (status)
        return status;
    const enum error error = hook_delete(cli->db, id);
    /* Deleted by another administrator meanwhile: as wanted. */
    if (error && error != ERROR_NOT_FOUND)
        return cli_store_error(cli, error);
    cli_message("Hook %" PRIu64 " removed.", id);
    return CLI_OK;
}

/* `hook enable` and `hook disable`. */
static enum cli_status set_active(struct cli *cli, struct arguments *arguments, bool is_active) {
    uint64_t id = 0;
    const enum cli_status status = read_hook(cli, arguments, &id);
    if (status)
        return status;
    /* Only this one field is given. */
    const struct hook_patch patch = {.set_active = true, .is_active = is_active};
    const enum error error = hook_change(cli->db, id, &patch);
    if (error)
        return cli_store_error(cli, error);
    cli_message("Hook %" PRIu64 " %s.", id, is_active ? "enabled" : "disabled; it keeps its place");
    return CLI_OK;
}

enum cli_status command_hook_disable(struct cli *cli, struct arguments *arguments) {
    return set_active(cli, arguments, false);
}

enum cli_status command_hook_enable(struct cli *cli, struct arguments *arguments) {
    return set_active(cli, arguments, true);
}

enum cli_status command_hook_secret(struct cli *cli, struct arguments *arguments) {
    unsigned char secret[HOOK_SECRET_BYTES];
    char text[HOOK_SECRET_SIZE];
    uint64_t id = 0;
    const enum cli_status status = read_hook(cli, arguments, &id);
    if (status)
        return status;
    /* The former secret stays valid for HOOK_OLD_SECRET_HOURS, so the site can change over. */
    randombytes_buf(secret, sizeof(secret));
    const enum error error = hook_change(cli->db, id, &(struct hook_patch){.secret = secret});
    if (error)
        return cli_store_error(cli, error);
    hook_secret_text(secret, text);
    cli_message("%s", text);
    fprintf(stderr, "For %d hours deliveries are signed with the former secret, too.\n",
            HOOK_OLD_SECRET_HOURS);
    return CLI_OK;
}

/* ---- test ---- */

/* The results of a hook's deliveries so far. */
struct tries {
    uint64_t delivered, failed;
    char failure[256];
};

/* Reads the counters and the last failure of the hook, which show the result of the test. */
static void read_tries(void *context, const struct hook *hook) {
    /* Copies: the texts end with the row. */
    struct tries *tries = context;
    tries->delivered = hook->delivered;
    tries->failed = hook->failed;
    snprintf(tries->failure, sizeof(tries->failure), "%.*s", (int)hook->failure.len,
             hook->failure.at);
}

/* Waits until a try has been counted. */
static enum cli_status wait_for_try(const struct cli *cli, uint64_t id,
                                    const struct tries *before) {
    /* Ten times a second. */
    static const struct timespec PAUSE = {0, 100000000};
    const int64_t end = clock_monotonic_ms() + TEST_SECONDS * 1000;
    struct tries tries = *before;
    uint64_t workers = 0;
    /* The counters are the only sign: the worker is another process, perhaps on another host. */
    while (tries.delivered == before->delivered && tries.failed == before->failed) {
        /* Asked each time: a worker may start meanwhile. */
        enum error error = worker_count(cli->db, &workers);
        if (!error)
            error = hook_get(cli->db, id, read_tries, &tries);
        if (error)
            return cli_store_error(cli, error);
        if (clock_monotonic_ms() > end)
            return cli_error(workers > 0 ? "no result within %d s"
                                         : "no result within %d s: confab-worker is not running",
                             TEST_SECONDS);
        nanosleep(&PAUSE, NULL);
    }
    /* A failure ends the wait as well. */
    if (tries.failed > before->failed)
        return cli_error("not delivered: %s", tries.failure);
    cli_message("Delivered.");
    return CLI_OK;
}

enum cli_status command_hook_test(struct cli *cli, struct arguments *arguments) {
    /* Read before the test is made due, so that the result of a fast worker is not missed. */
    struct tries before = {.delivered = 0};
    uint64_t id = 0;
    const enum cli_status status = read_hook(cli, arguments, &id);
    if (status)
        return status;
    enum error error = hook_get(cli->db, id, read_tries, &before);
    /* The worker delivers the test; here it is only made due. */
    if (!error)
        error = hook_test(cli->db, id);
    return error ? cli_store_error(cli, error) : wait_for_try(cli, id, &before);
}
