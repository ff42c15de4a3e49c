/*
 * pushd: the WebSocket daemon. This file has the command line, the limit of open files, and the
 * choice between one process (worker.c) and several workers with a parent (workers.c). Everything
 * that happens while pushd serves is in process/.
 *
 *   SIGTERM, SIGINT  closes all sockets with 1012, spread over drain_time, and exits
 *   SIGHUP           reloads the configuration and reopens the log
 *   SIGUSR1          writes the state to the log
 *   SIGUSR2          upgrades to the program on disk (process/upgrade.h)
 *   SIGQUIT          as SIGTERM; sent by a pushd that has taken over
 */
#include <getopt.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "base/log.h"
#include "base/text.h"
#include "config/config.h"
#include "config/startup.h"
#include "metrics/metrics_data.h"
#include "net/conn_limit.h"
#include "os/sd_notify.h"
#include "os/single_instance.h"
#include "os/tcp_listener.h"
#include "os/unix_listener.h"
#include "process/upgrade.h"
#include "process/worker.h"
#include "process/workers.h"

/* Open files besides sockets: handshakes, connections to the database, logs. */
#define OTHER_FILES (CONN_LIMIT_MARGIN + 128)

#define MAX_WORKERS 64

static const char USAGE[] =
    "usage: pushd [-c FILE] [--workers N] [--ports-file FILE] [--take-over PID]\n"
    "             [--ensure | --check-config | --dump-config | --version | --help]\n"
    "  -c, --config FILE  the configuration file\n"
    "  --workers N        number of processes that hold sockets, 1 to 64 (push_workers)\n"
    "  --ports-file FILE  write the ports to this file once they are open\n"
    "  --take-over PID    replace the running pushd with this process id\n"
    "  --ensure           start in the background unless pushd runs for this configuration\n"
    "  --check-config     check the configuration and exit\n"
    "  --dump-config      print the configuration, secrets as ***, and exit\n"
    "  --version          print the version and exit\n"
    "  -h, --help         print this and exit\n";

/* What this process does. The values from ACTION_ENSURE on are also what getopt_long returns for
 * the options without a letter. */
enum action {
    ACTION_SERVE,
    ACTION_ENSURE,
    ACTION_CHECK,
    ACTION_DUMP,
    ACTION_VERSION,
    ACTION_HELP,
    ACTION_USAGE
};

struct arguments {
    enum action action;
    char *config_path;
    const char *ports_file;
    uint64_t workers;     /* 0: as configured */
    uint64_t predecessor; /* the process to take over from; 0: none */
};

/* Every socket is an open file: raises the limit to what max_sockets needs. */
static bool raise_file_limit(const struct config *config) {
    struct rlimit limit;
    const rlim_t wanted = (rlim_t)config->max_sockets + OTHER_FILES;
    getrlimit(RLIMIT_NOFILE, &limit);
    if (limit.rlim_cur >= wanted)
        return true;
    /* Only root (CAP_SYS_RESOURCE) can raise the hard limit too; for others setrlimit fails
     * then. */
    limit.rlim_cur = wanted;
    if (limit.rlim_max < wanted)
        limit.rlim_max = wanted;
    if (setrlimit(RLIMIT_NOFILE, &limit) == 0)
        return true;
    getrlimit(RLIMIT_NOFILE, &limit);
    log_error("max_sockets = %" PRIu64
              " needs %ju open files, the system allows %ju: raise the limit "
              "(ulimit -n, LimitNOFILE) or lower max_sockets",
              config->max_sockets, (uintmax_t)wanted, (uintmax_t)limit.rlim_max);
    return false;
}

/* Serves in this process. Returns the exit status. */
static int serve_alone(struct config *config, const struct arguments *arguments,
                       struct upgrade *upgrade) {
    /* Static, since the worker uses them until the process exits. */
    static struct metrics_data metrics;
    static struct unix_listener local;
    /* An upgrade: the predecessor still listens on the same addresses, and must not be in the
     * way. */
    const bool beside = arguments->predecessor != 0;
    struct metrics_data_all all = {&metrics, 1};
    const struct worker_args args = {
        .config = config,
        .config_path = arguments->config_path,
        .ports_file = arguments->ports_file,
        .metrics_fd = tcp_listener_open_shared("metrics_listen", config->metrics_listen, beside),
        .local = &local,
        .all = &all,
        .predecessor = (pid_t)arguments->predecessor,
        .upgrade = upgrade};
    /* The cause is logged. worker_run opens push_listen itself, once Redis is connected. */
    if (args.metrics_fd < 0 || !unix_listener_open(&local, config->push_socket, beside))
        return 1;
    return worker_run(&args);
}

/* Serves in one process or in several. Returns the exit status. */
static int run(struct config *config, const struct arguments *arguments, struct upgrade *upgrade) {
    /* The command line wins over push_workers. */
    const uint64_t workers = arguments->workers ? arguments->workers : config->push_workers;
    /* Before any fork, since workers inherit the limit. */
    if (!raise_file_limit(config))
        return 1;
    /* One process without a parent; with several the parent keeps the sockets that they share. */
    if (workers == 1)
        return serve_alone(config, arguments, upgrade);
    return workers_run(config, arguments->config_path, arguments->ports_file,
                       (pid_t)arguments->predecessor, upgrade, (size_t)workers);
}

/* ---- the command line ---- */

/* Reads the argument of --workers; false if it is not a number from 1 to MAX_WORKERS. */
static bool read_workers(struct arguments *arguments, const char *word) {
    return text_to_u64(text_of(word), &arguments->workers) && arguments->workers >= 1 &&
           arguments->workers <= MAX_WORKERS;
}

/* Reads the argument of --take-over; false if it cannot be a process id. */
static bool read_predecessor(struct arguments *arguments, const char *word) {
    return text_to_u64(text_of(word), &arguments->predecessor) && arguments->predecessor >= 1 &&
           arguments->predecessor <= INT32_MAX;
}

/* Reads the command line; what is wrong with it makes the action ACTION_USAGE. */
static void read_arguments(struct arguments *arguments, int argc, char **argv) {
    static const struct option OPTIONS[] = {{"config", required_argument, NULL, 'c'},
                                            {"workers", required_argument, NULL, 'w'},
                                            {"ports-file", required_argument, NULL, 'p'},
                                            {"take-over", required_argument, NULL, 't'},
                                            {"ensure", no_argument, NULL, ACTION_ENSURE},
                                            {"check-config", no_argument, NULL, ACTION_CHECK},
                                            {"dump-config", no_argument, NULL, ACTION_DUMP},
                                            {"version", no_argument, NULL, ACTION_VERSION},
                                            {"help", no_argument, NULL, ACTION_HELP},
                                            {NULL, 0, NULL, 0}};
    const char *file = NULL;
    int option;
    while ((option = getopt_long(argc, argv, "c:h", OPTIONS, NULL)) != -1) {
        bool valid = true;
        switch (option) {
        case 'c':
            file = optarg;
            break;
        case 'p':
            arguments->ports_file = optarg;
            break;
        case 'w':
            valid = read_workers(arguments, optarg);
            break;
        case 't':
            valid = read_predecessor(arguments, optarg);
            break;
        case 'h':
            arguments->action = ACTION_HELP;
            break;
        case '?':
            valid = false;
            break;
        /* The options without a letter set what to do; the last one wins. */
        default:
            arguments->action = (enum action)option;
        }
        if (!valid)
            arguments->action = ACTION_USAGE;
    }
    /* pushd takes no positional arguments. */
    if (optind != argc)
        arguments->action = ACTION_USAGE;
    /* -c, else $CONFAB_CONFIG, else the usual places; NULL if there is no file. */
    arguments->config_path = config_find(file);
}

/* With --ensure: exits unless this process is the one that is to serve. */
static void ensure_single_instance(const struct arguments *arguments, struct upgrade *upgrade) {
    if (arguments->action != ACTION_ENSURE)
        return;
    /* A successor inherits the lock of its predecessor, which it could not take while that one
     * runs. */
    enum single_instance result;
    if (arguments->predecessor)
        result = single_instance_inherit("pushd", arguments->config_path, &upgrade->lock);
    else
        result = single_instance_acquire("pushd", arguments->config_path, &upgrade->lock);
    if (result != SINGLE_INSTANCE_CHILD)
        exit(result == SINGLE_INSTANCE_DONE ? 0 : 1);
}

int main(int argc, char **argv) {
    static struct config config;
    static struct arguments arguments;
    static struct upgrade upgrade;
    read_arguments(&arguments, argc, argv);
    if (arguments.action == ACTION_USAGE) {
        fputs(USAGE, stderr);
        return 2;
    }
    if (arguments.action == ACTION_HELP) {
        fputs(USAGE, stdout);
        return 0;
    }
    if (arguments.action == ACTION_VERSION) {
        puts("confab " CONFAB_VERSION);
        return 0;
    }
    /* These print their result and exit; they open no socket and no log. */
    if (arguments.action == ACTION_CHECK)
        return startup_check(arguments.config_path, NULL);
    if (arguments.action == ACTION_DUMP)
        return startup_dump(arguments.config_path);
    /* On failure the problems have been printed. */
    if (!startup_load(&config, arguments.config_path))
        return 1;
    /* What a successor is started with at SIGUSR2. */
    upgrade = (struct upgrade){.program = argv[0],
                               .config_path = arguments.config_path,
                               .ports_file = arguments.ports_file,
                               .workers = arguments.workers};
    /* Before the log is opened: this may fork, and the child has another standard error. */
    ensure_single_instance(&arguments, &upgrade);
    startup_open_log(&config, "pushd");
    /* Before there are threads, since it changes the environment. */
    sd_notify_inherit((pid_t)arguments.predecessor);
    return run(&config, &arguments, &upgrade);
}
