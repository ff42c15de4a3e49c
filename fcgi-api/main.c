/* fcgi-api: the REST API of confab.
 * How it was started is seen from its standard input and environment. Started by a web server, it
 * serves one request by plain CGI or runs as one FastCGI process (standard input is a listening
 * socket); started otherwise (a shell, systemd, `make run`), it is the prefork parent. */
#include <getopt.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "auth_cache.h"
#include "base/log.h"
#include "change_health.h"
#include "config/config.h"
#include "config/startup.h"
#include "db/db.h"
#include "filter.h"
#include "housekeeping.h"
#include "jwt/jwt_site.h"
#include "limit.h"
#include "redis/redis_client.h"
#include "redis/redis_slots.h"
#include "router.h"
#include "schema/schema_answer.h"
#include "secrets/secret.h"
#include "server/gateway.h"
#include "server/prefork.h"
#include "shared.h"
#include "store/migrate.h"
#include "store/users/user_names.h"
#include "unicode/word_filter.h"

static const char PROGRAM[] = "fcgi-api";

static const char USAGE[] =
    "usage: fcgi-api [-c FILE] [--prefork | --check-config | --dump-config | --example-config |\n"
    "                 --schema | --schema-events | --version | --help]\n"
    "  -c, --config FILE   the configuration file\n"
    "  --prefork           run `processes` processes also when started by a web server, on the\n"
    "                      socket that it passed\n"
    "  --check-config      check the configuration and exit\n"
    "  --dump-config       print the configuration, secrets as ***, and exit\n"
    "  --example-config    print a commented configuration file and exit\n"
    "  --schema            print the schema of the API (OpenAPI) and exit\n"
    "  --schema-events     print the schema of the WebSockets (AsyncAPI) and exit\n"
    "  --version           print the version and exit\n"
    "  -h, --help          print this and exit\n"
    "By default it serves plain CGI or FastCGI when started by a web server, and else runs\n"
    "`processes` processes that listen on `fcgi_listen`.\n";

/* What the command line asks for; one of these is done. */
enum action {
    ACTION_SERVE,
    ACTION_PREFORK,
    ACTION_CHECK,
    ACTION_DUMP,
    ACTION_EXAMPLE,
    ACTION_SCHEMA,
    ACTION_SCHEMA_EVENTS,
    ACTION_VERSION,
    ACTION_HELP
};

/* The configuration file, also for a reload; NULL: none. */
static char *config_path;

/* Opened before the first process starts. */
static struct shared *shared;

/* The keys of the site's tokens, read by the prefork parent at its start and at a reload. Other
 * processes read them when the first token comes. */
static struct jwt_keys *jwt_keys;

/* The words of filter_file, likewise. */
static struct word_filter *word_filter;

/* Set by a signal handler, read between requests. */
static volatile int stop_wanted;

static void on_stop(int number) {
    (void)number;
    stop_wanted = 1;
}

/* ---- serving ---- */

/* Shared by all processes, so made before they are. */
static struct change_health *change_health;

/* Opens what a process needs for itself; what is shared with others was made before. */
static void service_open(struct service *service, const struct config *config) {
    struct shared_numbers *numbers = shared_numbers(shared);
    /* Connections are opened when the first request needs them. */
    *service = (struct service){.config = config,
                                .db = db_new(config),
                                .redis = redis_client_new(config),
                                .shared = shared,
                                .limit = limit_new(shared),
                                .names = user_names_new(),
                                .auth_cache = auth_cache_new(),
                                .change_health = change_health,
                                .jwt_keys = jwt_keys,
                                .word_filter = word_filter,
                                .serve = router_serve,
                                .between_requests = housekeeping_step};
    /* The processes of a host agree on the database server that works, and on erased names. */
    db_share_first_host(service->db, &numbers->database_host);
    user_names_watch(service->names, &numbers->erasures);
    service->publisher =
        (struct publisher){.prefix = config->redis_prefix,
                           .bell = bell_new(config->bell_dir, &numbers->bells),
                           .db = service->db,
                           .is_cluster = redis_slots_are_used(config)};
}

/* What a process has opened for itself. What was opened before fork belongs to the parent, too. */
static void service_close(struct service *service) {
    /* Closing the Redis client waits for the replies to what was published. */
    db_free(service->db);
    redis_client_free(service->redis);
    bell_free(service->publisher.bell);
    limit_free(service->limit);
    user_names_free(service->names);
    auth_cache_free(service->auth_cache);
    /* Also the copy of the parent's that came with fork. */
    jwt_keys_free(service->jwt_keys);
    word_filter_free(service->word_filter);
}

/* One request, then the process ends; memory is freed for leak checkers. */
static int serve_cgi(const struct config *config) {
    struct service service;
    service_open(&service, config);
    const int status = gateway_serve_cgi(&service);
    service_close(&service);
    return status;
}

/* SCHED_BATCH: a process that wakes up does not preempt the one that woke it (the web server or the
 * database), which so does more work per time slice, and there are fewer context switches. The
 * share of the CPU stays the same. Without permission nothing changes. */
static void reduce_preemption(void) {
    const struct sched_param none = {0};
    sched_setscheduler(0, SCHED_BATCH, &none);
}

/* The work of a child of the parent, or of one process of a web server. */
static int serve_fastcgi(const struct config *config, int listen_fd, const volatile int *stop) {
    struct service service;
    reduce_preemption();
    service_open(&service, config);
    const int64_t served = gateway_serve(&service, listen_fd, config->max_requests, stop);
    service_close(&service);
    return served < 0 ? 1 : 0;
}

/* One process of a web server's process manager (mod_fcgid, lighttpd's bin-path). */
static int serve_alone(const struct config *config) {
    /* SA_RESTART: a signal does not spoil a request; the wait for the next one ends all the
     * same. */
    struct sigaction action = {.sa_handler = on_stop, .sa_flags = SA_RESTART};
    sigemptyset(&action.sa_mask);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
    return serve_fastcgi(config, STDIN_FILENO, &stop_wanted);
}

/* False if the schema has another version. True if the database is unavailable: the program starts
 * without it. */
static bool check_schema(const struct config *config) {
    /* A connection of its own, closed before any process is forked. */
    struct db *db = db_new(config);
    enum migrate_state state = MIGRATE_CURRENT;
    unsigned version = 0;
    const enum error error = migrate_check(db, &state, &version);
    db_free(db);
    if (error) {
        log_warn("the database is unavailable; requests get 503 until it is available");
        return true;
    }
    /* A newer program may have changed what this one relies on. */
    if (state == MIGRATE_AHEAD)
        log_error(
            "the database has schema %u, this program supports %u: it was migrated by a newer "
            "confab; install that version",
            version, migrate_latest());
    if (state == MIGRATE_BEHIND)
        log_error("the database has schema %u, this program needs %u: run `confabctl migrate`",
                  version, migrate_latest());
    return state == MIGRATE_CURRENT || state == MIGRATE_NEWER;
}

/* Keys and words, both or neither. False, with the errors in the log, if one of the files is
 * wrong. */
static bool read_files(const struct config *config, struct buffer *problems) {
    struct word_filter *words;
    struct jwt_keys *fresh;
    if (!filter_load(config, &words, problems))
        return false;
    if (!jwt_site_load(config, &fresh, problems)) {
        word_filter_free(words);
        return false;
    }
    jwt_keys_free(jwt_keys);
    word_filter_free(word_filter);
    jwt_keys = fresh;
    word_filter = words;
    return true;
}

/* The same for --check-config. Nothing is kept; both are checked, so that all errors are shown. */
static bool check_files(const struct config *config, struct buffer *problems) {
    struct word_filter *words;
    const bool valid = filter_load(config, &words, problems);
    word_filter_free(words);
    return jwt_site_check(config, problems) && valid;
}

/* Called by the parent on SIGHUP. False: the file is wrong, and nothing has changed. */
static bool reload(struct config *config) {
    /* The former configuration is freed here: the processes that use it have copies by fork. With
     * a wrong file the old configuration and what the old files had stay. */
    struct config former;
    if (!startup_reload(config, config_path, PROGRAM, read_files, &former))
        return false;
    config_free(&former);
    return true;
}

/* Told to stop: a load balancer is to use other hosts. */
static void drain(void) {
    change_health_drain(change_health);
}

/* Finds out how the program was started: for one request, by a web server, or by itself. */
static int serve(struct config *config, bool prefork) {
    /* Before anything that hashes or makes random numbers. */
    if (!secret_init()) {
        log_error("cannot initialize libsodium");
        return 1;
    }
    /* A web server's process manager passes a listening socket as standard input. */
    const bool passed = gateway_is_fastcgi();
    if (gateway_is_cgi() || (passed && !prefork)) {
        /* The web server starts such processes one by one, so they share a file with a name. */
        shared = shared_open(config);
        /* A CGI process answers one request: nothing to tell others. */
        change_health = passed ? change_health_new() : NULL;
        return passed ? serve_alone(config) : serve_cgi(config);
    }
    /* Not for the web server's processes, which would check with every start. */
    if (!startup_accepts(config, read_files) || !check_schema(config))
        return 1;
    /* Inherited by the processes: needs no name. */
    shared = shared_new();
    change_health = change_health_new();
    return prefork_run(config, passed ? STDIN_FILENO : -1, serve_fastcgi, reload, drain);
}

/* ---- the command line ---- */

static int print_example(void) {
    struct buffer out = BUFFER_EMPTY;
    config_example(&out);
    fputs(buffer_str(&out), stdout);
    buffer_free(&out);
    return 0;
}

/* The schemas that GET /api/schema/ and /api/schema/events/ answer, for a made-up address. The
 * host is the one of RFC 2606, in place of that of a request. */
static int print_schema(bool events) {
    struct buffer out = BUFFER_EMPTY;
    if (events)
        schema_answer_events(&out, true, text_of("chat.example"), text_of(""));
    else
        schema_answer_api(&out, true, text_of("chat.example"), text_of(""));
    puts(buffer_str(&out));
    buffer_free(&out);
    return 0;
}

/* Parses the command line; -1 if it is invalid. A web server may pass a query without '=' as
 * arguments to a CGI program (RFC 3875, section 4.4): they are ignored. */
static int read_arguments(int argc, char **argv, const char **file) {
    static const struct option OPTIONS[] = {
        {"config", required_argument, NULL, 'c'},
        {"prefork", no_argument, NULL, ACTION_PREFORK},
        {"check-config", no_argument, NULL, ACTION_CHECK},
        {"dump-config", no_argument, NULL, ACTION_DUMP},
        {"example-config", no_argument, NULL, ACTION_EXAMPLE},
        {"schema", no_argument, NULL, ACTION_SCHEMA},
        {"schema-events", no_argument, NULL, ACTION_SCHEMA_EVENTS},
        {"version", no_argument, NULL, ACTION_VERSION},
        {"help", no_argument, NULL, ACTION_HELP},
        {NULL, 0, NULL, 0}};
    int action = ACTION_SERVE, option;
    /* Arguments of CGI come from the URL. */
    if (getenv("REQUEST_METHOD"))
        return ACTION_SERVE;
    while ((option = getopt_long(argc, argv, "c:h", OPTIONS, NULL)) != -1) {
        if (option == 'c')
            *file = optarg;
        else if (option == 'h')
            action = ACTION_HELP;
        else if (option == '?')
            return -1;
        /* The value is the action itself; of several, the last counts. */
        else
            action = option;
    }
    /* No words besides options. */
    return optind == argc ? action : -1;
}

/* The errors are in the log; the client gets a response of the usual form. */
static int refuse_cgi(void) {
    fputs(
        "Status: 500 Internal Server Error\r\n"
        "Content-Type: application/json; charset=utf-8\r\n\r\n"
        "{\"detail\":\"The service is not configured.\",\"code\":\"error\"}",
        stdout);
    return 1;
}

/* Everything between the arguments and the exit status. */
static int run(bool prefork) {
    /* Large, and used until the process ends. */
    struct config config;
    /* A CGI program must answer; other starts report by their exit status. */
    if (!startup_load(&config, config_path))
        return gateway_is_cgi() ? refuse_cgi() : 1;
    startup_open_log(&config, PROGRAM);
    const int status = serve(&config, prefork);
    shared_free(shared);
    jwt_keys_free(jwt_keys);
    word_filter_free(word_filter);
    config_free(&config);
    return status;
}

int main(int argc, char **argv) {
    const char *file = NULL;
    const int action = read_arguments(argc, argv, &file);
    int status = 0;
    /* Without -c: the environment, then the usual places; NULL if there is no file. */
    config_path = config_find(file);
    /* All but the two that serve need no database and end at once. */
    switch (action) {
    case ACTION_CHECK:
        status = startup_check(config_path, check_files);
        break;
    case ACTION_DUMP:
        status = startup_dump(config_path);
        break;
    case ACTION_EXAMPLE:
        status = print_example();
        break;
    case ACTION_SCHEMA:
    case ACTION_SCHEMA_EVENTS:
        status = print_schema(action == ACTION_SCHEMA_EVENTS);
        break;
    case ACTION_VERSION:
        puts("confab " CONFAB_VERSION);
        break;
    case ACTION_HELP:
        fputs(USAGE, stdout);
        break;
    case ACTION_SERVE:
    case ACTION_PREFORK:
        status = run(action == ACTION_PREFORK);
        break;
    default:
        fputs(USAGE, stderr);
        status = 2;
    }
    free(config_path);
    return status;
}
