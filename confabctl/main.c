/* confabctl: the sysadmin's tool. Options, the table of commands, help. */
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

#define STORE (COMMAND_CONFIG | COMMAND_SCHEMA)
#define PASSWORDS                                                                   \
    "The password is asked for, or is one line of standard input when that is no\n" \
    "terminal: 8 to 256 characters."

static const struct command COMMANDS[] = {
    {"migrate", "[--wait SECONDS]",
     "Brings the database to the schema of this program. Can be repeated.\n"
     "--wait: how long to wait for the database to come up (0).",
     COMMAND_CONFIG, command_migrate},
    {"user add", "NAME [--staff] [--if-missing]",
     "Adds a user. " PASSWORDS "\n"
     "--staff: marks the user as staff.\n"
     "--if-missing: a user of this name who is there already is left alone, and no error.",
     STORE, command_user_add},
    {"user passwd", "NAME",
     "Gives a user a new password, and ends all sessions and tokens of before.\n" PASSWORDS, STORE,
     command_user_passwd},
    {"user disable", "NAME", "Locks a user out, and closes the open sockets.", STORE,
     command_user_disable},
    {"user enable", "NAME", "Lets a disabled user in again.", STORE, command_user_enable},
    {"user staff", "NAME on|off", "Sets or clears the staff mark of a user.", STORE,
     command_user_staff},
    {"user list", "[--search PREFIX] [--all] [--limit N] [--offset N]",
     "Lists active users by name.\n"
     "--search: only those whose name starts so. --all: disabled ones too.\n"
     "--limit: at most so many (1000). --offset: leaves out the first ones.",
     STORE | COMMAND_JSON, command_user_list},
    {"token add", "NAME",
     "Makes a token for a user and prints its key, which is shown only this once.", STORE,
     command_token_add},
    {"token list", "[NAME]", "Lists the tokens of a user, or all; without their keys.",
     STORE | COMMAND_JSON, command_token_list},
    {"token revoke", "ID", "Ends a token at once, and closes the sockets opened with it.", STORE,
     command_token_revoke},
    {"room list", "[--limit N] [--offset N]",
     "Lists all rooms by id.\n"
     "--limit: at most so many (1000). --offset: leaves out the first ones.",
     STORE | COMMAND_JSON, command_room_list},
    {"room show", "ID", "Shows a room and its members.", STORE | COMMAND_JSON, command_room_show},
    {"room delete", "ID [--yes]",
     "Deletes a room with all its messages, after asking.\n"
     "--yes: does not ask; needed where there is no terminal.",
     STORE, command_room_delete},
    {"room ensure", "NAME --owner USER [--member USER]... [--public|--private]",
     "Makes sure that the owner is in a room of this name, and the members with the\n"
     "owner. What is missing is made; a room that is there keeps what it is.\n"
     "--public, --private: of a room that is made (private).",
     STORE, command_room_ensure},
    {"events purge", "",
     "Drops what is past its time, which fcgi-api else does bit by bit: old events,\n"
     "sessions that have run out, messages of deleted rooms.",
     STORE, command_events_purge},
    {"stats", "", "Shows how many users, rooms, messages and so on there are.",
     STORE | COMMAND_JSON, command_stats},
    {"check", "[--deep]",
     "Checks configuration, database, schema and Redis, and says what to try.\n"
     "--deep: counts everything anew and says which counters differ.",
     COMMAND_JSON, command_check},
    {"doctor", "ADDRESS [--user NAME] [--metrics HOST:PORT]... [--no-sockets] [--ca FILE]",
     "Looks at the site as its clients do, by its address (https://chat.example.org), and\n"
     "at the servers behind it; says what the host gets wrong and how to mend it.\n"
     "It comes with a token of a user, which ends with the run however that ends, and\n"
     "changes nothing.\n"
     "--user: whose token (any active user's). --metrics: where a pushd has its figures\n"
     "(metrics_listen). --no-sockets: there is no pushd, on purpose. --ca: certificates to\n"
     "trust instead of the system's.",
     STORE | COMMAND_JSON, command_doctor},
};

#define COMMAND_COUNT (sizeof(COMMANDS) / sizeof(COMMANDS[0]))

static const char USAGE[] = "usage: confabctl [-c FILE] [--json] COMMAND [ARGUMENT...]";

static const char OPTIONS[] =
    "Options, anywhere on the line:\n"
    "  -c, --config FILE  the configuration file; else $CONFAB_CONFIG, else confab.conf\n"
    "                     in the folder above the program's, else " CONFIG_PATH
    "\n"
    "  --json             print JSON (list, show, stats, check, doctor)\n"
    "  -h, --help         help on a command, or on all\n"
    "  --version          print the version\n"
    "  --example-config   print a configuration file with every key and its default\n"
    "  --                 what follows is no option, though it starts with -\n"
    "\n"
    "Exit code: 0 done, 1 failed, 2 wrong usage.\n";

/* What the command line asks for. */
struct request {
    struct tool tool;
    struct arguments words; /* all but the options above */
    bool help;
    bool version;
    bool example;
};

/* ---- the command line ---- */

/* Reads an option of every command at argv[*at]; false when it is none. */
static bool read_global(struct request *request, int argc, char **argv, int *at) {
    static const char CONFIG[] = "--config=";
    const char *word = argv[*at];
    if (strcmp(word, "--json") == 0)
        request->tool.json = true;
    else if (strcmp(word, "-h") == 0 || strcmp(word, "--help") == 0)
        request->help = true;
    else if (strcmp(word, "--version") == 0)
        request->version = true;
    else if (strcmp(word, "--example-config") == 0)
        request->example = true;
    else if (strncmp(word, CONFIG, strlen(CONFIG)) == 0)
        request->tool.given_config = word + strlen(CONFIG);
    else if ((strcmp(word, "-c") == 0 || strcmp(word, "--config") == 0) && *at + 1 < argc)
        request->tool.given_config = argv[++*at];
    else
        return false;
    return true;
}

static void read_line(struct request *request, int argc, char **argv) {
    bool only_words = false;
    request->words.words = xcalloc((size_t)argc + 1, sizeof(*request->words.words));
    for (int i = 1; i < argc; i++) {
        only_words = only_words || strcmp(argv[i], "--") == 0;
        if (only_words || !read_global(request, argc, argv, &i))
            request->words.words[request->words.count++] = argv[i];
    }
}

/* How many of the words a name is made of the line starts with: all of the name's, or of
 * the line's; 0 when they part ways before. */
static size_t common_words(const char *name, const struct arguments *words, bool *whole) {
    size_t count = 0;
    *whole = false;
    while (count < words->count) {
        const size_t len = strcspn(name, " ");
        if (strlen(words->words[count]) != len || strncmp(words->words[count], name, len) != 0)
            return 0;
        count++;
        *whole = name[len] == '\0';
        if (*whole)
            break;
        name += len + 1;
    }
    return count;
}

static const struct command *find(struct arguments *words) {
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        bool whole;
        const size_t taken = common_words(COMMANDS[i].name, words, &whole);
        if (taken > 0 && whole) {
            words->count -= taken;
            memmove(words->words, words->words + taken, words->count * sizeof(*words->words));
            return &COMMANDS[i];
        }
    }
    return NULL;
}

/* ---- help ---- */

static void print_usage(FILE *stream, const struct command *command) {
    fprintf(stream, "usage: confabctl %s%s%s\n", command->name, command->usage[0] ? " " : "",
            command->usage);
}

static void print_help(const struct command *command) {
    printf("\n  confabctl %s %s\n      ", command->name, command->usage);
    for (const char *at = command->help; *at; at++) {
        putchar(*at);
        if (*at == '\n')
            fputs("      ", stdout);
    }
    putchar('\n');
}

/* Helps on the commands whose names start with the words; on all when there is no word. */
static bool help(const struct arguments *words) {
    size_t shown = 0;
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        bool whole;
        if (words->count > 0 && common_words(COMMANDS[i].name, words, &whole) == 0)
            continue;
        if (shown++ == 0)
            puts(USAGE);
        print_help(&COMMANDS[i]);
    }
    if (shown > 0)
        printf("\n%s", OPTIONS);
    return shown > 0;
}

/* The command most like what was written; NULL when none is. */
static const char *nearest(const struct arguments *words) {
    char written[2 * EDIT_DISTANCE_MAX];
    const char *found = NULL;
    size_t least = SIZE_MAX;
    snprintf(written, sizeof(written), "%s%s%s", words->words[0], words->count > 1 ? " " : "",
             words->count > 1 ? words->words[1] : "");
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        const bool single = strchr(COMMANDS[i].name, ' ') == NULL;
        const struct text text = text_of(single ? words->words[0] : written);
        const size_t distance = edit_distance(text, text_of(COMMANDS[i].name));
        if (distance < least && edit_distance_is_near(text, distance)) {
            least = distance;
            found = COMMANDS[i].name;
        }
    }
    return found;
}

/* Says why the line names no command: a group alone, a mistake, nothing at all. */
static enum tool_end no_command(const struct arguments *words) {
    size_t shown = 0;
    const struct arguments first = {words->words, words->count > 0};
    for (size_t i = 0; i < COMMAND_COUNT && words->count > 0; i++) {
        bool whole;
        if (common_words(COMMANDS[i].name, &first, &whole) == 0)
            continue;
        if (shown++ == 0 && words->count > 1)
            tool_fail("there is no command '%s %s'", words->words[0], words->words[1]);
        else if (shown == 1)
            tool_fail("'%s' needs a command", words->words[0]);
        print_usage(stderr, &COMMANDS[i]);
    }
    if (shown > 0)
        return TOOL_USAGE;
    const char *meant = words->count > 0 ? nearest(words) : NULL;
    if (words->count > 0 && words->words[0][0] == '-')
        tool_fail("there is no option '%s'", words->words[0]);
    else if (words->count > 0)
        tool_fail("there is no command '%s'%s%s%s", words->words[0],
                  meant ? "; did you mean '" : "", meant ? meant : "", meant ? "'?" : "");
    fprintf(stderr, "%s\n`confabctl help` names the commands.\n", USAGE);
    return TOOL_USAGE;
}

/* ---- running ---- */

static enum tool_end check_schema(const struct tool *tool) {
    enum migrate_state state;
    unsigned version;
    const enum error error = migrate_check(tool->db, &state, &version);
    if (error)
        return tool_store_failed(tool, error);
    if (state == MIGRATE_BEHIND)
        return tool_fail(
            "the database has version %u of the schema and this program needs %u: "
            "run `confabctl migrate`",
            version, migrate_latest());
    if (state == MIGRATE_AHEAD)
        return tool_fail(
            "the database has version %u of the schema and this program knows "
            "versions up to %u: install the newer confab",
            version, migrate_latest());
    return TOOL_DONE;
}

static enum tool_end open_tool(struct tool *tool) {
    struct buffer problems = BUFFER_EMPTY;
    const bool valid = tool_open(tool, &problems);
    if (!valid)
        fprintf(stderr, "confabctl: the configuration is not valid:\n%s", buffer_str(&problems));
    buffer_free(&problems);
    return valid ? TOOL_DONE : TOOL_FAILED;
}

static enum tool_end run(struct request *request) {
    struct tool *tool = &request->tool;
    const struct command *command = find(&request->words);
    enum tool_end end = TOOL_DONE;
    if (!command)
        return no_command(&request->words);
    if (tool->json && !(command->flags & COMMAND_JSON)) {
        end = TOOL_USAGE;
        tool_fail("'%s' prints no JSON", command->name);
    }
    if (!end && (command->flags & COMMAND_CONFIG))
        end = open_tool(tool);
    if (!end && (command->flags & COMMAND_SCHEMA))
        end = check_schema(tool);
    if (!end)
        end = command->run(tool, &request->words);
    if (end == TOOL_USAGE)
        print_usage(stderr, command);
    return end;
}

static enum tool_end answer(struct request *request) {
    struct arguments *words = &request->words;
    if (request->version) {
        puts("confabctl " CONFAB_VERSION);
        return TOOL_DONE;
    }
    if (request->example) {
        struct buffer out = BUFFER_EMPTY;
        config_example(&out);
        tool_print(&out);
        return TOOL_DONE;
    }
    if (words->count > 0 && strcmp(words->words[0], "help") == 0) {
        request->help = true;
        words->words++;
        words->count--;
    }
    if (request->help)
        return help(words) ? TOOL_DONE : no_command(words);
    return run(request);
}

int main(int argc, char **argv) {
    struct request request = {.help = false};
    /* For the widths of characters; and a Redis that goes away is no reason to die. */
    setlocale(LC_CTYPE, "C.UTF-8");
    signal(SIGPIPE, SIG_IGN);
    read_line(&request, argc, argv);
    const char **words = request.words.words;
    enum tool_end end = answer(&request);
    tool_close(&request.tool);
    free(words);
    errno = 0;
    if ((fflush(stdout) != 0 || ferror(stdout)) && end == TOOL_DONE)
        end = errno == EPIPE ? TOOL_FAILED : tool_fail("standard output cannot be written");
    return (int)end;
}
