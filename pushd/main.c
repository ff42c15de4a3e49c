/*
 * pushd: the live half of confab. One loop: sockets on one side, Redis on the other, the
 * database behind a pool of threads.
 *
 * SIGTERM, SIGINT  close all sockets with 1012, spread over drain_time, and end
 * SIGHUP           read the configuration again, open the log again
 * SIGUSR1          write the state to the log
 */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#include <uv.h>

#include "buffer.h"
#include "bus.h"
#include "clock.h"
#include "config.h"
#include "door.h"
#include "ensure.h"
#include "feed.h"
#include "jobs.h"
#include "log.h"
#include "memory.h"
#include "notify.h"
#include "presence.h"
#include "secret.h"
#include "session.h"
#include "socket.h"
#include "status.h"
#include "wiring.h"

/* After drain_time sockets have so long to take the close frame. */
#define LAST_WORDS_MS 3000

/* Descriptors beside those of sockets: of those who knock, of the database and the rest. */
#define OTHER_FILES (DOOR_ROOM + 128)

#define TICK_MS 500
#define PING_DATABASE_TICKS 10

static const char USAGE[] =
    "usage: pushd [-c FILE] [--ports-file FILE]\n"
    "             [--ensure | --check-config | --dump-config | --version]\n"
    "  -c, --config FILE  the configuration file\n"
    "  --ports-file FILE  where to write the ports it listens on, once it does\n"
    "  --ensure           serve in the background, unless one does for this configuration\n"
    "  --check-config     read the configuration, say what is wrong with it, end\n"
    "  --dump-config      print the configuration in force, secrets as ***\n";

/* Everything there is. */
struct pushd {
    struct config config;
    char *config_path;
    const char *ports_file;
    uv_loop_t loop;
    uv_timer_t tick, end;
    uv_signal_t signals[4];
    struct figures figures;
    struct jobs *jobs;
    struct feeds *feeds;
    struct sessions sessions;
    struct sockets *sockets;
    struct status *status;
    unsigned ticks;
    bool pinging;
    bool ending;
};

/* ---- the configuration ---- */

static bool load(struct pushd *pushd, struct config *config) {
    struct buffer problems = BUFFER_EMPTY;
    const bool sound = config_load(config, pushd->config_path, &problems);
    if (!sound)
        log_error("the configuration is not taken: %s", buffer_str(&problems));
    buffer_free(&problems);
    return sound;
}

static void open_log(const struct config *config) {
    log_open("pushd", (enum log_level)config->log_level, config->log_to == CONFIG_LOG_SYSLOG,
             config->log_file[0] ? config->log_file : NULL);
}

/* Limits and times hold from now on; where it listens and what it connects to stays. */
static void reload(struct pushd *pushd) {
    struct config fresh, old = pushd->config;
    notify_reloading();
    log_reopen();
    if (load(pushd, &fresh)) {
        pushd->config = fresh;
        open_log(&pushd->config);
        log_info("configuration read again");
    }
    /* Threads may still be reading the old texts: they are left to them. */
    (void)old;
    notify_ready();
}

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

/* ---- ticks ---- */

struct ping {
    struct pushd *pushd;
    enum error error;
    int64_t started_us;
};

static void ping_work(void *job, struct db *db) {
    struct ping *ping = job;
    ping->error = db_ping(db);
}

static void ping_done(void *job) {
    struct ping *ping = job;
    struct pushd *pushd = ping->pushd;
    pushd->pinging = false;
    pushd->figures.db_latency_us = clock_monotonic_us() - ping->started_us;
    if (pushd->status)
        status_set_database(pushd->status, ping->error == ERROR_NONE);
    free(ping);
}

static void ping_database(struct pushd *pushd) {
    if (pushd->pinging)
        return;
    struct ping *ping = memory_zeroed(1, sizeof(*ping));
    *ping = (struct ping){pushd, ERROR_NONE, clock_monotonic_us()};
    pushd->pinging = true;
    jobs_run(pushd->jobs, ping_work, ping_done, ping);
}

static void on_tick(uv_timer_t *timer) {
    struct pushd *pushd = timer->data;
    notify_alive();
    session_tick(&pushd->sessions);
    presence_tick(pushd->sessions.presence);
    if (pushd->ticks % 2 == 0)
        sockets_tick(pushd->sockets);
    if (pushd->ticks % PING_DATABASE_TICKS == 0)
        ping_database(pushd);
    pushd->ticks++;
    if (pushd->ending && sockets_count(pushd->sockets) == 0)
        uv_stop(&pushd->loop);
}

/* ---- signals ---- */

static void log_feed(void *context, const struct feed *feed) {
    (void)context;
    log_info("state: %s %" PRIu64 " last_seq=%" PRIu64 " subscribers=%u tail=%u waiting=%u%s%s",
             feed->stream.kind == EVENT_STREAM_ROOM ? "room" : "user", feed->stream.id,
             feed->stream.last_seq, feed->count, feed->stream.tail.count,
             feed->stream.waiting.count, feed->joined ? "" : " not joined",
             feed->stream.fetching ? " fetching" : "");
}

static void log_state(struct pushd *pushd) {
    const struct figures *f = &pushd->figures;
    log_info("state: sockets=%" PRIu64 " streams=%" PRIu64 " subscribers=%" PRIu64
             " queue_bytes=%" PRIu64 " jobs=%zu redis=%s",
             sockets_count(pushd->sockets), f->streams, f->subscribers, f->queue_bytes,
             jobs_pending(pushd->jobs), bus_is_well(pushd->sessions.bus) ? "well" : "away");
    feeds_each(pushd->feeds, log_feed, NULL);
}

static void on_end(uv_timer_t *timer) {
    uv_stop(timer->loop);
}

static void drain(struct pushd *pushd) {
    if (pushd->ending)
        return;
    pushd->ending = true;
    notify_stopping();
    const uint64_t spread = pushd->config.drain_time * 1000;
    log_info("closing %" PRIu64 " sockets", sockets_count(pushd->sockets));
    sockets_stop_listening(pushd->sockets);
    sockets_close_all(pushd->sockets, SOCKET_CLOSE_RESTART, spread);
    uv_timer_start(&pushd->end, on_end, spread + LAST_WORDS_MS, 0);
}

static void on_signal(uv_signal_t *handle, int number) {
    struct pushd *pushd = handle->data;
    if (number == SIGHUP)
        reload(pushd);
    else if (number == SIGUSR1)
        log_state(pushd);
    else
        drain(pushd);
}

static void watch_signals(struct pushd *pushd) {
    static const int NUMBERS[] = {SIGTERM, SIGINT, SIGHUP, SIGUSR1};
    signal(SIGPIPE, SIG_IGN);
    for (size_t i = 0; i < sizeof(NUMBERS) / sizeof(NUMBERS[0]); i++) {
        uv_signal_init(&pushd->loop, &pushd->signals[i]);
        pushd->signals[i].data = pushd;
        uv_signal_start(&pushd->signals[i], on_signal, NUMBERS[i]);
    }
}

/* ---- the parts ---- */

/* The file gets its name when it is whole: it may be read at any moment. */
static bool write_ports(const struct pushd *pushd) {
    struct buffer fresh = BUFFER_EMPTY;
    if (!pushd->ports_file)
        return true;
    buffer_printf(&fresh, "%s.new", pushd->ports_file);
    FILE *file = fopen(buffer_str(&fresh), "w");
    bool written = file && fprintf(file, "push=%u\nmetrics=%u\n", sockets_port(pushd->sockets),
                                   status_port(pushd->status)) > 0;
    if (file)
        written = fclose(file) == 0 && written;
    written = written && rename(buffer_str(&fresh), pushd->ports_file) == 0;
    if (!written)
        log_error("cannot write %s: %s", pushd->ports_file, strerror(errno));
    buffer_free(&fresh);
    return written;
}

/* The order is that of who needs whom. */
static bool open_parts(struct pushd *pushd) {
    const struct config *config = &pushd->config;
    struct sessions *sessions = &pushd->sessions;
    uv_loop_init(&pushd->loop);
    pushd->jobs = jobs_new(&pushd->loop, config);
    pushd->feeds =
        feeds_new(&pushd->loop, config, pushd->jobs, &pushd->figures, session_feeds_listener());
    sessions->config = config;
    sessions->feeds = pushd->feeds;
    sessions->jobs = pushd->jobs;
    sessions->figures = &pushd->figures;
    wiring_connect(&pushd->loop, sessions);
    const struct sockets_listener listener = session_sockets_listener(sessions);
    pushd->sockets = sockets_new(&pushd->loop, config, &pushd->figures, &listener, false);
    pushd->status = status_new(&pushd->loop, config, &pushd->figures, sessions->bus);
    return pushd->sockets && pushd->status && write_ports(pushd);
}

static int run(struct pushd *pushd) {
    if (!secret_init() || !raise_file_limit(&pushd->config) || !open_parts(pushd))
        return 1;
    watch_signals(pushd);
    uv_timer_init(&pushd->loop, &pushd->tick);
    uv_timer_init(&pushd->loop, &pushd->end);
    pushd->tick.data = pushd->end.data = pushd;
    uv_timer_start(&pushd->tick, on_tick, 0, TICK_MS);
    log_info("listens on port %u, figures on port %u", sockets_port(pushd->sockets),
             status_port(pushd->status));
    notify_ready();
    uv_run(&pushd->loop, UV_RUN_DEFAULT);
    log_info("stopped");
    return 0;
}

/* ---- the command line ---- */

enum action {
    ACTION_SERVE,
    ACTION_ENSURE,
    ACTION_CHECK,
    ACTION_DUMP,
    ACTION_VERSION,
    ACTION_WRONG
};

static enum action read_arguments(struct pushd *pushd, int argc, char **argv) {
    static const struct option OPTIONS[] = {{"config", required_argument, NULL, 'c'},
                                            {"ports-file", required_argument, NULL, 'p'},
                                            {"ensure", no_argument, NULL, ACTION_ENSURE},
                                            {"check-config", no_argument, NULL, ACTION_CHECK},
                                            {"dump-config", no_argument, NULL, ACTION_DUMP},
                                            {"version", no_argument, NULL, ACTION_VERSION},
                                            {NULL, 0, NULL, 0}};
    const char *file = NULL;
    enum action action = ACTION_SERVE;
    int option;
    while ((option = getopt_long(argc, argv, "c:", OPTIONS, NULL)) != -1) {
        if (option == 'c')
            file = optarg;
        else if (option == 'p')
            pushd->ports_file = optarg;
        else
            action = option == '?' ? ACTION_WRONG : (enum action)option;
    }
    pushd->config_path = config_find(file);
    return optind == argc ? action : ACTION_WRONG;
}

static int dump(const struct config *config) {
    struct buffer out = BUFFER_EMPTY;
    config_dump(config, &out);
    fputs(buffer_str(&out), stdout);
    buffer_free(&out);
    return 0;
}

int main(int argc, char **argv) {
    static struct pushd pushd;
    const enum action action = read_arguments(&pushd, argc, argv);
    if (action == ACTION_WRONG) {
        fputs(USAGE, stderr);
        return 2;
    }
    if (action == ACTION_VERSION) {
        puts("confab " CONFAB_VERSION);
        return 0;
    }
    if (!load(&pushd, &pushd.config))
        return 1;
    if (action == ACTION_CHECK) {
        puts("the configuration is sound");
        return 0;
    }
    if (action == ACTION_DUMP)
        return dump(&pushd.config);
    const enum ensure ensured =
        action == ACTION_ENSURE ? ensure_running(pushd.config_path) : ENSURE_CHILD;
    if (ensured != ENSURE_CHILD)
        return ensured == ENSURE_DONE ? 0 : 1;
    open_log(&pushd.config);
    return run(&pushd);
}
