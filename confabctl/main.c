/*
 * confabctl: the administrator's tool. Contains the table of commands, the global options, the help
 * texts and the search for the command to run.
 *
 * read_line removes the global options; `find` matches the first words with the table; `run`
 * prepares what the row requires (configuration, schema) and calls the command, which reads its own
 * arguments.
 */
#include <errno.h>
#include <locale.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/edit_distance.h"
#include "base/xalloc.h"
#include "command.h"
#include "store/migrate.h"

/* Commands that use the tables. Opened by `run` before the command. */
#define STORE (COMMAND_CONFIG | COMMAND_SCHEMA)
/* Commands whose changes are in the audit. */
#define CHANGE (STORE | COMMAND_AUDIT)
#define PASSWORDS                                           \
    "The password (8 to 256 characters) is prompted for;\n" \
    "without a terminal it is one line of standard input."

static const struct command COMMANDS[] = {
    {"migrate", "[--wait SECONDS]",
     "Apply the missing schema migrations. Safe to repeat.\n"
     "--wait: wait up to this time for the database (default: 0).",
     COMMAND_CONFIG | COMMAND_ADMIN, command_migrate},
    {"user add", "NAME [--staff] [--if-missing]",
     "Add a user. " PASSWORDS "\n"
     "--staff: set the staff flag.\n"
     "--if-missing: succeed without a change if the user exists.",
     CHANGE, command_user_add},
    {"user passwd", "NAME",
     "Set the password of a user and revoke all sessions and tokens.\n" PASSWORDS, CHANGE,
     command_user_passwd},
    {"user disable", "NAME", "Disable a user and close the open sockets.", CHANGE,
     command_user_disable},
    {"user enable", "NAME", "Enable a disabled user.", CHANGE, command_user_enable},
    {"user staff", "NAME on|off", "Set or clear the staff flag of a user.", CHANGE,
     command_user_staff},
    {"user moderator", "NAME on|off",
     "Make a user a moderator of all rooms that are not direct, or revoke that.", CHANGE,
     command_user_moderator},
    {"user totp", "reset NAME",
     "Turn off two-factor login for a user, such as after the loss of the authenticator app.",
     CHANGE, command_user_totp},
    {"user erase", "NAME --messages keep|erase | --report NAME",
     "Erase an account: at once the name, profile and credentials, then the rest in steps.\n"
     "--messages: keep leaves the messages, under the name deleted-ID; erase deletes them.\n"
     "--report: change nothing; list where the database refers to the user, and until when.",
     CHANGE | COMMAND_JSON, command_user_erase},
    {"user export", "NAME",
     "Write an archive (tar) of what a user has written and set to standard output: account,\n"
     "rooms, messages and more as lines of JSON, and files.",
     CHANGE, command_user_export},
    {"user profile", "NAME [--display-name TEXT] [--avatar URL] [--locale TAG]",
     "Change how a user is shown, then show it. An empty value removes what is stored.\n"
     "--avatar: https address of a picture, of avatar_origins. --locale: language (de, pt-BR).",
     CHANGE | COMMAND_JSON, command_user_profile},
    {"user bot", "NAME on|off", "Mark a user as a bot, or remove the mark.", CHANGE,
     command_user_bot},
    {"user list", "[--search PREFIX] [--all] [--limit N] [--offset N]",
     "List active users by name.\n"
     "--search: only names with this prefix. --all: include disabled users.\n"
     "--limit: maximum number of users (default: 1000). --offset: number of users to skip.",
     STORE | COMMAND_JSON, command_user_list},
    {"token add", "NAME",
     "Create a token for a user and print its key, which cannot be shown again.", CHANGE,
     command_token_add},
    {"token list", "[NAME]", "List the tokens of a user, or all tokens, without their keys.",
     STORE | COMMAND_JSON, command_token_list},
    {"token revoke", "ID", "Revoke a token immediately and close the sockets opened with it.",
     CHANGE, command_token_revoke},
    {"key add", "NAME --scopes LIST [--address NET]... [--expires DATE]",
     "Create an API key for a program of the site and print it; it cannot be shown again.\n"
     "--scopes: some of users,rooms,messages,hooks,moderate,act.\n"
     "--address: an address or network that may use it; can be repeated (default: any).\n"
     "--expires: UTC date (2027-01-31: at its beginning) or time (2027-01-31T12:00:00Z).",
     CHANGE, command_key_add},
    {"key list", "", "List the API keys, without their secrets.", STORE | COMMAND_JSON,
     command_key_list},
    {"key revoke", "NAME", "Revoke an API key immediately and close the sockets opened with it.",
     CHANGE, command_key_revoke},
    {"room list", "[--limit N] [--offset N]",
     "List all rooms by id.\n"
     "--limit: maximum number of rooms (default: 1000). --offset: number of rooms to skip.",
     STORE | COMMAND_JSON, command_room_list},
    {"room show", "ID", "Show a room and its members.", STORE | COMMAND_JSON, command_room_show},
    {"room delete", "ID [--yes]",
     "Delete a room with all its messages, after confirmation.\n"
     "--yes: do not ask for confirmation; required without a terminal.",
     CHANGE, command_room_delete},
    {"room export", "ID",
     "Write an archive (tar) of a room to standard output: members, messages, reactions as\n"
     "lines of JSON, and files.",
     CHANGE, command_room_export},
    {"room ensure", "NAME --owner USER [--member USER]... [--public|--private]",
     "Create a room with these members, or add missing members to an existing one.\n"
     "The room is found by its name and the membership of the owner.\n"
     "--public, --private: type of a new room (default: private).",
     CHANGE, command_room_ensure},
    {"room link add", "ID --admin USER [--role ROLE] [--days N] [--max-uses N]",
     "Make an invite link of a room, in the name of an admin of the room, and print it.\n"
     "--role: role of those who join (reader, member, moderator, admin; default: member).\n"
     "--days: it expires after this time. --max-uses: how often it can be used.",
     CHANGE, command_room_link_add},
    {"room link list", "ID", "List the invite links of a room.", STORE | COMMAND_JSON,
     command_room_link_list},
    {"room link remove", "ID LINK-ID", "Delete an invite link of a room.", CHANGE,
     command_room_link_remove},
    {"import", "FORMAT FILE [--dry-run]",
     "Import users, rooms and messages of another chat from its export: an archive (ZIP, tar),\n"
     "a folder, or one file. Repeat it after an error: nothing is imported twice.\n"
     "FORMAT: slack, mattermost, rocketchat, or jsonl (what room export writes).\n"
     "--dry-run: change nothing; report what would be new, and what cannot be imported.",
     CHANGE, command_import},
    {"audit", "[--after N] [--limit N]",
     "List what moderators, API keys and confabctl have done, by number.\n"
     "--after: entries with greater numbers. --limit: how many (default: 1000).",
     STORE | COMMAND_JSON, command_audit},
    {"search rebuild", "[--room ID]",
     "Rebuild the search index of all rooms, or of one.\n"
     "Messages that were indexed before can still be found meanwhile.",
     STORE, command_search_rebuild},
    {"hook add", "NAME URL [--events LIST] [--room ID]... | --in NAME --room ID",
     "Add a hook, an address that receives the events of rooms from now on; print its secret.\n"
     "--events: only these types (new_message,message_edited). --room: only this room.\n"
     "--in: add an address at which programs post messages to this room, and print it.",
     CHANGE, command_hook_add},
    {"hook list", "[--in]",
     "List hooks and programs that pull changes, and how far behind they are.\n"
     "--in: list the hooks that post messages.",
     STORE | COMMAND_JSON, command_hook_list},
    {"hook remove", "NAME|ID [--in|--pull]",
     "Remove a hook.\n"
     "--in: remove one that posts messages, by its name.\n"
     "--pull: delete the place of a program that pulls changes, by its name.",
     CHANGE, command_hook_remove},
    {"hook disable", "NAME|ID", "Stop deliveries to a hook. It keeps its place.", CHANGE,
     command_hook_disable},
    {"hook enable", "NAME|ID", "Resume deliveries to a hook where they stopped.", CHANGE,
     command_hook_enable},
    {"hook secret", "NAME|ID",
     "Replace the secret of a hook and print the new one. The old one stays valid for a day.",
     CHANGE, command_hook_secret},
    {"hook test", "NAME|ID", "Deliver a test event to a hook and wait for the result.", STORE,
     command_hook_test},
    {"events purge", "",
     "Delete old events, expired sessions and tokens, messages of deleted rooms now.\n"
     "fcgi-api otherwise deletes them in small steps.",
     STORE, command_events_purge},
    {"restored", "",
     "Give the database a new id, by which clients notice that a backup was restored and\n"
     "load their rooms again. Run it after each restore, before the programs start.",
     CHANGE, command_restored},
    {"jwt check", "FILE|-",
     "Explain whether a signed token of the site (JWT) is accepted, and if not, what to do.\n"
     "Nothing is stored: the token can still be used. -: read standard input.",
     COMMAND_CONFIG, command_jwt_check},
    {"jwt make",
     "--sub ID [--name NAME] [--username NAME] [--picture URL] [--locale TAG]\n"
     "         [--email ADDRESS] [--room KEY[:admin]]... [--kid KID] [--life SECONDS]",
     "Make a signed token for tests, and print it. Needs an HS256 key in jwt_keys.\n"
     "--sub: id of the user on the site. --room: key of a room for the user to join.\n"
     "--kid: name of the key (default: the first of HS256). --life: default jwt_life.",
     COMMAND_CONFIG, command_jwt_make},
    {"stats", "", "Show the number of users, rooms, messages and so on.", STORE | COMMAND_JSON,
     command_stats},
    {"files check", "",
     "Compare the files in file_dir with the database, both ways. Nothing is changed.",
     STORE | COMMAND_JSON, command_files_check},
    {"check", "[--deep]",
     "Check configuration, database, schema and Redis, and suggest fixes.\n"
     "--deep: recount all counters and report those that differ.",
     COMMAND_JSON, command_check},
    {"doctor", "ADDRESS [--user NAME] [--metrics HOST:PORT]... [--no-sockets] [--ca FILE]",
     "Check the site at this address (https://chat.example.org) as a client sees it, and\n"
     "the servers of this host; suggest a fix for each problem. Nothing is changed, except\n"
     "that a token is created and revoked at the end in all cases.\n"
     "--user: owner of that token (default: any active user). --metrics: address at which\n"
     "a pushd serves its metrics (default: found automatically). --no-sockets: skip the checks\n"
     "of pushd. --ca: CA certificates to trust instead of the system's.",
     STORE | COMMAND_JSON, command_doctor},
};

#define COMMAND_COUNT (sizeof(COMMANDS) / sizeof(COMMANDS[0]))

static const char USAGE[] = "usage: confabctl [-c FILE] [--json] COMMAND [ARGUMENT...]";

static const char OPTIONS[] =
    "Global options, accepted anywhere on the command line:\n"
    "  -c, --config FILE  configuration file; default: $CONFAB_CONFIG, else confab.conf in\n"
    "                     the parent of the program's directory, ~/.confab/confab.conf,\n"
    "                     or " CONFIG_PATH
    "\n"
    "  --json             print JSON (list, show, profile, report, stats, check, doctor)\n"
    "  -h, --help         show help for a command, or for all commands\n"
    "  --version          print the version\n"
    "  --example-config   print a configuration file with every key and its default\n"
    "  --                 end of the options\n"
    "\n"
    "Exit status: 0 success, 1 failure, 2 usage error.\n";

/* The command line, as far as it is the same for all commands. */
struct command_line {
    struct cli cli;
    struct arguments arguments; /* without the global options */
    bool help;
    bool version;
    bool example;
};

/* ---- the command line ---- */

/* Reads a global option at argv[*at] and its value. Returns false if it is not one. */
static bool read_global(struct command_line *line, int argc, char **argv, int *at) {
    /* With "=" only in the long form. */
    static const char CONFIG[] = "--config=";
    const char *argument = argv[*at];
    if (strcmp(argument, "--json") == 0)
        line->cli.json = true;
    else if (strcmp(argument, "-h") == 0 || strcmp(argument, "--help") == 0)
        line->help = true;
    else if (strcmp(argument, "--version") == 0)
        line->version = true;
    else if (strcmp(argument, "--example-config") == 0)
        line->example = true;
    else if (strncmp(argument, CONFIG, strlen(CONFIG)) == 0)
        line->cli.given_config = argument + strlen(CONFIG);
    /* The value may look like an option; without one the option is unknown. */
    else if ((strcmp(argument, "-c") == 0 || strcmp(argument, "--config") == 0) && *at + 1 < argc)
        line->cli.given_config = argv[++*at];
    else
        return false;
    return true;
}

/* Splits the command line into global options and the rest. After `--` everything is an
 * argument. */
static void read_line(struct command_line *line, int argc, char **argv) {
    bool options_ended = false;
    /* One more, so that argv ends with NULL. */
    line->arguments.argv = xcalloc((size_t)argc + 1, sizeof(*line->arguments.argv));
    for (int i = 1; i < argc; i++) {
        /* "--" itself stays among the arguments: arguments_read sees it, too. */
        options_ended = options_ended || strcmp(argv[i], "--") == 0;
        if (options_ended || !read_global(line, argc, argv, &i))
            line->arguments.argv[line->arguments.argc++] = argv[i];
    }
}

/* Compares the parts of a command's name ("user", "add") with the first arguments. Returns the
 * number of equal ones, or 0 if one differs; *whole is set if the name matches to its end. */
static size_t matching_parts(const char *name, const struct arguments *arguments, bool *whole) {
    size_t count = 0;
    *whole = false;
    while (count < arguments->argc) {
        /* The length of the next part of the name. */
        const size_t len = strcspn(name, " ");
        /* Equal as a whole: an abbreviation does not count. */
        if (strlen(arguments->argv[count]) != len ||
            strncmp(arguments->argv[count], name, len) != 0)
            return 0;
        count++;
        *whole = name[len] == '\0';
        if (*whole)
            break;
        name += len + 1;
    }
    return count;
}

/* Finds the command and removes its name from the arguments; NULL: there is none. */
static const struct command *find(struct arguments *arguments) {
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        bool whole;
        /* Names are matched as a whole; no name is the beginning of another one. */
        const size_t taken = matching_parts(COMMANDS[i].name, arguments, &whole);
        if (taken > 0 && whole) {
            /* What follows the name are the command's own arguments. */
            arguments->argc -= taken;
            memmove(arguments->argv, arguments->argv + taken,
                    arguments->argc * sizeof(*arguments->argv));
            return &COMMANDS[i];
        }
    }
    return NULL;
}

/* ---- help ---- */

static void print_usage(FILE *stream, const struct command *command) {
    /* Without a usage text no blank at the end. */
    fprintf(stream, "usage: confabctl %s%s%s\n", command->name, command->usage[0] ? " " : "",
            command->usage);
}

/* The usage and the help of one command, indented. */
static void print_help(const struct command *command) {
    printf("\n  confabctl %s %s\n      ", command->name, command->usage);
    /* Each line of the help text is indented. */
    for (const char *at = command->help; *at; at++) {
        putchar(*at);
        if (*at == '\n')
            fputs("      ", stdout);
    }
    putchar('\n');
}

/* Prints the help of the commands whose names start with the arguments, of all without
 * arguments. Returns false if there is none. */
static bool help(const struct arguments *arguments) {
    size_t shown = 0;
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        bool whole;
        /* A group alone, such as "user", matches all its commands. */
        if (arguments->argc > 0 && matching_parts(COMMANDS[i].name, arguments, &whole) == 0)
            continue;
        /* The usage line comes once, before the first. */
        if (shown++ == 0)
            puts(USAGE);
        print_help(&COMMANDS[i]);
    }
    if (shown > 0)
        printf("\n%s", OPTIONS);
    return shown > 0;
}

/* Returns the command most similar to the one given, or NULL. */
static const char *nearest(const struct arguments *arguments) {
    /* The longest name is shorter; more is cut, and then not near. */
    char given[2 * EDIT_DISTANCE_MAX];
    const char *found = NULL;
    size_t least = SIZE_MAX;
    /* The first two arguments as one name, such as "user ad". */
    snprintf(given, sizeof(given), "%s%s%s", arguments->argv[0], arguments->argc > 1 ? " " : "",
             arguments->argc > 1 ? arguments->argv[1] : "");
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        /* Compare a command of one part with the first argument, others with the first two. */
        const bool single = strchr(COMMANDS[i].name, ' ') == NULL;
        const struct text text = text_of(single ? arguments->argv[0] : given);
        const size_t distance = edit_distance(text, text_of(COMMANDS[i].name));
        /* Near: few changes for the length of the word. */
        if (distance < least && edit_distance_is_near(text, distance)) {
            least = distance;
            found = COMMANDS[i].name;
        }
    }
    return found;
}

/* Reports that the command line names no command: a group alone, a typing error, or nothing. */
static enum cli_status no_command(const struct arguments *arguments) {
    size_t shown = 0;
    /* Commands of the group that the first argument names: list their usage. Only the first
     * argument counts as a group. */
    const struct arguments first = {arguments->argv, arguments->argc > 0};
    for (size_t i = 0; i < COMMAND_COUNT && arguments->argc > 0; i++) {
        bool whole;
        if (matching_parts(COMMANDS[i].name, &first, &whole) == 0)
            continue;
        if (shown++ == 0 && arguments->argc > 1)
            cli_error("unknown command '%s %s'", arguments->argv[0], arguments->argv[1]);
        /* Said once, before the list of the group. */
        else if (shown == 1)
            cli_error("'%s' requires a subcommand", arguments->argv[0]);
        print_usage(stderr, &COMMANDS[i]);
    }
    if (shown > 0)
        return CLI_USAGE;
    /* No such group either. */
    const char *suggestion = arguments->argc > 0 ? nearest(arguments) : NULL;
    if (arguments->argc > 0 && arguments->argv[0][0] == '-')
        cli_error("unknown option '%s'", arguments->argv[0]);
    else if (arguments->argc > 0)
        cli_error("unknown command '%s'%s%s%s", arguments->argv[0],
                  suggestion ? "; did you mean '" : "", suggestion ? suggestion : "",
                  suggestion ? "'?" : "");
    fprintf(stderr, "%s\nRun `confabctl help` for a list of commands.\n", USAGE);
    return CLI_USAGE;
}

/* ---- running ---- */

/* Fails, with a message, unless this program works with the schema of the database. */
static enum cli_status check_schema(const struct cli *cli) {
    /* MIGRATE_NEWER works: nothing to say. */
    enum migrate_state state;
    unsigned version;
    const enum error error = migrate_check(cli->db, &state, &version);
    if (error)
        return cli_store_error(cli, error);
    if (state == MIGRATE_BEHIND)
        return cli_error(
            "the schema is at version %u, but version %u is required: run `confabctl migrate`",
            version, migrate_latest());
    if (state == MIGRATE_AHEAD)
        return cli_error(
            "the schema is at version %u, but this program supports versions up to %u: "
            "install a newer confab",
            version, migrate_latest());
    return CLI_OK;
}

/* Opens the configuration and the connections for a command. */
static enum cli_status open_cli(struct cli *cli) {
    struct buffer problems = BUFFER_EMPTY;
    const bool valid = cli_open(cli, &problems);
    /* Warnings of a valid configuration are for `check`. */
    if (!valid)
        fprintf(stderr, "confabctl: invalid configuration:\n%s", buffer_str(&problems));
    buffer_free(&problems);
    return valid ? CLI_OK : CLI_FAILED;
}

/* Opens what the command needs, as its flags say, and runs it. */
static enum cli_status run(struct command_line *line) {
    struct cli *cli = &line->cli;
    const struct command *command = find(&line->arguments);
    enum cli_status status = CLI_OK;
    if (!command)
        return no_command(&line->arguments);
    /* A usage error, which is found before anything is opened. */
    if (cli->json && !(command->flags & COMMAND_JSON)) {
        status = CLI_USAGE;
        cli_error("'%s' does not support --json", command->name);
    }
    /* `migrate` may need rights that the services do not have. */
    cli->as_admin = (command->flags & COMMAND_ADMIN) != 0;
    /* Each step only if the one before it succeeded. */
    if (!status && (command->flags & COMMAND_CONFIG))
        status = open_cli(cli);
    if (!status && (command->flags & COMMAND_SCHEMA))
        status = check_schema(cli);
    if (!status && (command->flags & COMMAND_AUDIT)) {
        /* The entries of this run: what was done, by the administrator. */
        cli->audited = (struct audit_entry){.action = text_of(command->name),
                                            .actor = AUDIT_BY_ADMINISTRATOR};
        audit_log_begin(cli->db, &cli->audited, false);
    }
    if (!status)
        status = command->run(cli, &line->arguments);
    /* Usage errors show how the command is called. */
    if (status == CLI_USAGE)
        print_usage(stderr, command);
    return status;
}

/* Handles the options that need no command, or runs the command. */
static enum cli_status execute(struct command_line *line) {
    struct arguments *arguments = &line->arguments;
    /* These work without a command, and without a configuration. */
    if (line->version) {
        puts("confabctl " CONFAB_VERSION);
        return CLI_OK;
    }
    if (line->example) {
        struct buffer out = BUFFER_EMPTY;
        config_example(&out);
        cli_output(&out);
        return CLI_OK;
    }
    /* `confabctl help user` is the same as `confabctl user --help`. */
    if (arguments->argc > 0 && strcmp(arguments->argv[0], "help") == 0) {
        line->help = true;
        arguments->argv++;
        arguments->argc--;
    }
    /* Help for an unknown command is an error. */
    if (line->help)
        return help(arguments) ? CLI_OK : no_command(arguments);
    return run(line);
}

int main(int argc, char **argv) {
    struct command_line line = {.help = false};
    /* table needs the widths of Unicode characters; a lost connection must not end the program. */
    setlocale(LC_CTYPE, "C.UTF-8");
    signal(SIGPIPE, SIG_IGN);
    read_line(&line, argc, argv);
    /* Commands move argv forward; this is its start. */
    const char **argv_start = line.arguments.argv;
    enum cli_status status = execute(&line);
    /* Also if nothing was opened. */
    cli_close(&line.cli);
    free(argv_start);
    /* Output may fail only now, as on a full disk. A closed pipe (`| head`) is not worth a
     * message. */
    errno = 0;
    if ((fflush(stdout) != 0 || ferror(stdout)) && status == CLI_OK)
        status = errno == EPIPE ? CLI_FAILED : cli_error("cannot write to standard output");
    return (int)status;
}
