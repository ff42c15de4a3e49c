/*
 * confab-worker: slow work: deliveries to hooks, fetching jwks_url, housekeeping. Any number may
 * run, also on several hosts; they share the work by leases in the database.
 *
 *   SIGTERM, SIGINT  ends the deliveries that are under way, at most 10 s, and exits
 *   SIGHUP           reloads the configuration and reopens the log
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "config/config.h"
#include "config/startup.h"
#include "os/single_instance.h"
#include "work_loop.h"

static const char PROGRAM[] = "confab-worker";

static const char USAGE[] =
    "usage: confab-worker [-c FILE] [--ports-file FILE]\n"
    "                     [--ensure | --once | --check-config | --dump-config | --version |\n"
    "                      --help]\n"
    "  -c, --config FILE  the configuration file\n"
    "  --ports-file FILE  write the port of worker_listen to this file\n"
    "  --ensure           start in the background unless it is running for this configuration\n"
    "  --once             do what is due and exit, within a minute\n"
    "  --check-config     check the configuration and exit\n"
    "  --dump-config      print the configuration, secrets as ***, and exit\n"
    "  --version          print the version and exit\n"
    "  -h, --help         print this and exit\n";

/* What this process does. The values from ACTION_ENSURE on are also what getopt_long returns for
 * the options without a letter. */
enum action {
    ACTION_SERVE,
    ACTION_ENSURE,
    ACTION_ONCE,
    ACTION_CHECK,
    ACTION_DUMP,
    ACTION_VERSION,
    ACTION_HELP,
    ACTION_USAGE
};

/* Sets the paths of *args. */
static enum action read_arguments(struct work_loop_args *args, int argc, char **argv) {
    static const struct option OPTIONS[] = {{"config", required_argument, NULL, 'c'},
                                            {"ports-file", required_argument, NULL, 'p'},
                                            {"ensure", no_argument, NULL, ACTION_ENSURE},
                                            {"once", no_argument, NULL, ACTION_ONCE},
                                            {"check-config", no_argument, NULL, ACTION_CHECK},
                                            {"dump-config", no_argument, NULL, ACTION_DUMP},
                                            {"version", no_argument, NULL, ACTION_VERSION},
                                            {"help", no_argument, NULL, ACTION_HELP},
                                            {NULL, 0, NULL, 0}};
    enum action action = ACTION_SERVE;
    const char *file = NULL;
    int option;
    while ((option = getopt_long(argc, argv, "c:h", OPTIONS, NULL)) != -1) {
        if (option == 'c')
            file = optarg;
        else if (option == 'p')
            args->ports_file = optarg;
        else if (option == 'h')
            action = ACTION_HELP;
        else if (option == '?')
            return ACTION_USAGE;
        else
            action = (enum action)option;
    }
    /* -c, else $CONFAB_CONFIG, else the usual places; NULL if there is no file. */
    args->config_path = config_find(file);
    return optind == argc ? action : ACTION_USAGE;
}

int main(int argc, char **argv) {
    static struct config config;
    static struct work_loop_args args = {.config = &config};
    const enum action action = read_arguments(&args, argc, argv);
    if (action == ACTION_USAGE) {
        fputs(USAGE, stderr);
        return 2;
    }
    if (action == ACTION_HELP) {
        fputs(USAGE, stdout);
        return 0;
    }
    if (action == ACTION_VERSION) {
        puts("confab " CONFAB_VERSION);
        return 0;
    }
    if (action == ACTION_CHECK)
        return startup_check(args.config_path, NULL);
    if (action == ACTION_DUMP)
        return startup_dump(args.config_path);
    if (!startup_load(&config, args.config_path))
        return 1;
    args.once = action == ACTION_ONCE;
    /* Before the log is opened: this may fork, and the child has another standard error. */
    if (action == ACTION_ENSURE) {
        const enum single_instance result =
            single_instance_acquire(PROGRAM, args.config_path, &args.lock);
        if (result != SINGLE_INSTANCE_CHILD)
            return result == SINGLE_INSTANCE_DONE ? 0 : 1;
    }
    startup_open_log(&config, PROGRAM);
    return work_loop_run(&args);
}
