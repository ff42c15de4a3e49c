/*
 * pushd: the live half of confab.
 *
 * SIGTERM, SIGINT  close all sockets with 1012, spread over drain_time, and end
 * SIGHUP           read the configuration again, open the log again
 * SIGUSR1          write the state to the log
 * SIGUSR2          start the program that is on disk now, which takes over
 * SIGQUIT          as SIGTERM, from one that has taken over
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
#include "os/tcp_listener.h"
#include "os/unix_listener.h"
#include "process/single_instance.h"
#include "process/upgrade.h"
#include "process/worker.h"
#include "process/workers.h"

/* Descriptors beside those of sockets: of those who knock, of the database and the rest. */
#define OTHER_FILES (CONN_LIMIT_MARGIN + 128)

#define MAX_WORKERS 64

static const char USAGE[] =
    "usage: pushd [-c FILE] [--workers N] [--ports-file FILE] [--take-over PID]\n"
    "             [--ensure | --check-config | --dump-config | --version]\n"
    "  -c, --config FILE  the configuration file\n"
    "  --workers N        processes that hold sockets, 1 to 64 (push_workers)\n"
    "  --ports-file FILE  where to write the ports it listens on, once it does\n"
    "  --take-over PID    listen beside the pushd with this process id, then have it end\n"
    "  --ensure           serve in the background, unless one does for this configuration\n"
    "  --check-config     read the configuration, say what is wrong with it, end\n"
    "  --dump-config      print the configuration in force, secrets as ***\n";

enum action {
    ACTION_SERVE,
    ACTION_ENSURE,
    ACTION_CHECK,
    ACTION_DUMP,
    ACTION_VERSION,
    ACTION_WRONG
};

struct arguments {
    enum action action;
    char *config_path;
    const char *ports_file;
    uint64_t workers;     /* 0: as configured */
    uint64_t predecessor; /* the process to take over from; 0: none */
};

/* Every socket is a file: the limit is raised to what max_sockets asks for. */
static bool raise_file_limit(const struct config *config) {
    struct rlimit limit;
    const rlim_t wanted = (rlim_t)config->max_sockets + OTHER_FILES;
    getrlimit(RLIMIT_NOFILE, &limit);
    if (limit.rlim_cur >= wanted)
        return true;
    limit.rlim_cur = wanted;
    if (limit.rlim_max < wanted)
        limit.rlim_max = wanted;
    if (setrlimit(RLIMIT_NOFILE, &limit) == 0)
        return true;
    getrlimit(RLIMIT_NOFILE, &limit);
    log_error("max_sockets = %" PRIu64
              " needs %ju files, the system allows %ju: raise the limit "
              "(ulimit -n, LimitNOFILE) or lower max_sockets",
              config->max_sockets, (uintmax_t)wanted, (uintmax_t)limit.rlim_max);
    return false;
}

static int serve_alone(struct config *config, const struct arguments *arguments,
                       struct upgrade *upgrade) {
    static struct metrics_data metrics;
    static struct unix_listener local;
    const bool beside = arguments->predecessor != 0;
    struct metrics_data_all all = {&metrics, 1};
    const struct worker_args place = {
        .config = config,
        .config_path = arguments->config_path,
        .ports_file = arguments->ports_file,
        .metrics_fd = tcp_listener_open_shared("metrics_listen", config->metrics_listen, beside),
        .local = &local,
        .all = &all,
        .predecessor = (pid_t)arguments->predecessor,
        .upgrade = upgrade};
    if (place.metrics_fd < 0 || !unix_listener_open(&local, config->push_socket, beside))
        return 1;
    return worker_run(&place);
}

static int run(struct config *config, const struct arguments *arguments, struct upgrade *upgrade) {
    const uint64_t workers = arguments->workers ? arguments->workers : config->push_workers;
    if (!raise_file_limit(config))
        return 1;
    if (workers == 1)
        return serve_alone(config, arguments, upgrade);
    return workers_run(config, arguments->config_path, arguments->ports_file,
                       (pid_t)arguments->predecessor, upgrade, workers);
}

/* ---- the command line ---- */

static bool read_workers(struct arguments *arguments, const char *word) {
    return text_to_u64(text_of(word), &arguments->workers) && arguments->workers >= 1 &&
           arguments->workers <= MAX_WORKERS;
}

static bool read_predecessor(struct arguments *arguments, const char *word) {
    return text_to_u64(text_of(word), &arguments->predecessor) && arguments->predecessor >= 1 &&
           arguments->predecessor <= INT32_MAX;
}

static void read_arguments(struct arguments *arguments, int argc, char **argv) {
    static const struct option OPTIONS[] = {{"config", required_argument, NULL, 'c'},
                                            {"workers", required_argument, NULL, 'w'},
                                            {"ports-file", required_argument, NULL, 'p'},
                                            {"take-over", required_argument, NULL, 't'},
                                            {"ensure", no_argument, NULL, ACTION_ENSURE},
                                            {"check-config", no_argument, NULL, ACTION_CHECK},
                                            {"dump-config", no_argument, NULL, ACTION_DUMP},
                                            {"version", no_argument, NULL, ACTION_VERSION},
                                            {NULL, 0, NULL, 0}};
    const char *file = NULL;
    int option;
    while ((option = getopt_long(argc, argv, "c:", OPTIONS, NULL)) != -1) {
        if (option == 'c')
            file = optarg;
        else if (option == 'p')
            arguments->ports_file = optarg;
        else if (option != 'w' && option != 't')
            arguments->action = option == '?' ? ACTION_WRONG : (enum action)option;
        else if (!(option == 'w' ? read_workers : read_predecessor)(arguments, optarg))
            arguments->action = ACTION_WRONG;
    }
    if (optind != argc)
        arguments->action = ACTION_WRONG;
    arguments->config_path = config_find(file);
}

/* Ends the process unless it is the one that is to worker. */
static void ensure(const struct arguments *arguments, struct upgrade *upgrade) {
    if (arguments->action != ACTION_ENSURE)
        return;
    const enum single_instance ensured =
        (arguments->predecessor ? single_instance_inherited
                                : single_instance_acquire)(arguments->config_path, &upgrade->lock);
    if (ensured != SINGLE_INSTANCE_CHILD)
        exit(ensured == SINGLE_INSTANCE_DONE ? 0 : 1);
}

int main(int argc, char **argv) {
    static struct config config;
    static struct arguments arguments;
    static struct upgrade upgrade;
    read_arguments(&arguments, argc, argv);
    if (arguments.action == ACTION_WRONG) {
        fputs(USAGE, stderr);
        return 2;
    }
    if (arguments.action == ACTION_VERSION) {
        puts("confab " CONFAB_VERSION);
        return 0;
    }
    if (arguments.action == ACTION_CHECK)
        return startup_check(arguments.config_path);
    if (arguments.action == ACTION_DUMP)
        return startup_dump(arguments.config_path);
    if (!startup_load(&config, arguments.config_path))
        return 1;
    upgrade = (struct upgrade){.program = argv[0],
                               .config_path = arguments.config_path,
                               .ports_file = arguments.ports_file,
                               .workers = arguments.workers};
    ensure(&arguments, &upgrade);
    startup_open_log(&config, "pushd");
    sd_notify_inherit((pid_t)arguments.predecessor);
    return run(&config, &arguments, &upgrade);
}
