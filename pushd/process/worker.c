#include "process/worker.h"

#include <inttypes.h>
#include <malloc.h>
#include <signal.h>
#include <stdlib.h>
#include <uv.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/secret.h"
#include "base/xalloc.h"
#include "channel/channel.h"
#include "client/client.h"
#include "db/auth_batch.h"
#include "db/db_pool.h"
#include "metrics/metrics_http.h"
#include "metrics/slow_callback.h"
#include "net/socket.h"
#include "os/sd_notify.h"
#include "os/tcp_listener.h"
#include "presence.h"
#include "process/predecessor.h"
#include "process/reload.h"
#include "process/single_instance.h"
#include "process/wiring.h"
#include "redis/pubsub.h"

#define TICK_MS 500
#define PING_DATABASE_TICKS 10

#define SIGNALS 6

/* The first sockets would not see who is online at other processes if they came before Redis
 * is there; without Redis it serves all the same. */
#define WAIT_FOR_REDIS_MS 1000

/* Bytes from which memory is taken from the system, and given back to it, by itself. */
#define LARGE (128 * 1024)

/* In the end jobs that are under way get so long; their threads cannot be stopped. */
#define LAST_JOBS_MS 500

/* Everything there is in a process. */
struct serve {
    const struct serve_place *place;
    struct config *config;
    struct figures *figures;
    uv_loop_t loop;
    uv_timer_t tick, limit;
    uv_signal_t signals[SIGNALS];
    struct jobs *jobs;
    struct feeds *feeds;
    struct sessions sessions;
    struct sockets *sockets; /* NULL until it listens */
    struct status *status;
    unsigned ticks;
    bool pinging;
    bool ending;
};

/* ---- ticks ---- */

struct ping {
    struct serve *serve;
    enum error error;
    int64_t started_us;
};

static void ping_work(void *job, struct db *db) {
    struct ping *ping = job;
    ping->error = db_ping(db);
}

static void ping_done(void *job) {
    struct ping *ping = job;
    struct serve *serve = ping->serve;
    serve->pinging = false;
    serve->figures->db_latency_us = (uint64_t)(clock_monotonic_us() - ping->started_us);
    serve->figures->database_up = ping->error == ERROR_NONE;
    free(ping);
}

static void ping_database(struct serve *serve) {
    if (serve->pinging)
        return;
    struct ping *ping = memory_zeroed(1, sizeof(*ping));
    *ping = (struct ping){serve, ERROR_NONE, clock_monotonic_us()};
    serve->pinging = true;
    jobs_run(serve->jobs, ping_work, ping_done, ping);
}

static void on_tick(uv_timer_t *timer) {
    struct serve *serve = timer->data;
    stopwatch_start("the tick");
    notify_alive();
    session_tick(&serve->sessions);
    presence_tick(serve->sessions.presence);
    if (serve->ticks % 2 == 0)
        sockets_tick(serve->sockets);
    if (serve->ticks % PING_DATABASE_TICKS == 0)
        ping_database(serve);
    serve->ticks++;
    if (serve->place->successor)
        successor_look(serve->place->successor);
    if (serve->ending && sockets_count(serve->sockets) == 0)
        uv_stop(&serve->loop);
    stopwatch_stop();
}

static void on_limit(uv_timer_t *timer) {
    uv_stop(timer->loop);
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

static void log_state(const struct serve *serve) {
    const struct figures *f = serve->figures;
    log_info("state: sockets=%" PRIu64 " streams=%" PRIu64 " subscribers=%" PRIu64
             " queue_bytes=%" PRIu64 " jobs=%zu redis=%s",
             f->sockets_room + f->sockets_notifications, f->streams, f->subscribers, f->queue_bytes,
             jobs_pending(serve->jobs), f->redis_up ? "well" : "away");
    feeds_each(serve->feeds, log_feed, NULL);
}

/* Who has no sockets yet, since it waits for Redis, has nothing to close. */
static void drain(struct serve *serve) {
    if (serve->ending)
        return;
    serve->ending = true;
    notify_stopping();
    if (!serve->sockets) {
        uv_stop(&serve->loop);
        return;
    }
    const uint64_t spread = serve->config->drain_time * 1000;
    log_info("closing %" PRIu64 " sockets", sockets_count(serve->sockets));
    sockets_stop_listening(serve->sockets);
    sockets_close_all(serve->sockets, SOCKET_CLOSE_RESTART, spread);
    uv_timer_start(&serve->limit, on_limit, spread + SERVE_LAST_WORDS_MS, 0);
}

/* Limits and times hold from now on; where it listens and what it connects to stays. */
static void reload(struct serve *serve) {
    if (settings_reload(serve->config, serve->place->config_path))
        log_info("configuration read again");
}

/* A successor that serves has this process end; else there is to be none. */
static void end(struct serve *serve, bool followed) {
    struct successor *successor = serve->place->successor;
    if (successor)
        (followed ? successor_serves : successor_stop)(successor);
    drain(serve);
}

static void on_signal(uv_signal_t *handle, int number) {
    struct serve *serve = handle->data;
    stopwatch_start("a signal");
    if (number == SIGHUP)
        reload(serve);
    else if (number == SIGUSR1)
        log_state(serve);
    else if (number != SIGUSR2)
        end(serve, number == PREDECESSOR_SIGNAL);
    else if (serve->place->successor && !serve->ending)
        successor_start(serve->place->successor);
    stopwatch_stop();
}

static void watch_signals(struct serve *serve) {
    static const int NUMBERS[SIGNALS] = {SIGTERM, SIGINT,  SIGHUP,
                                         SIGUSR1, SIGUSR2, PREDECESSOR_SIGNAL};
    signal(SIGPIPE, SIG_IGN);
    for (size_t i = 0; i < SIGNALS; i++) {
        uv_signal_init(&serve->loop, &serve->signals[i]);
        serve->signals[i].data = serve;
        uv_signal_start(&serve->signals[i], on_signal, NUMBERS[i]);
    }
}

/* ---- beginning ---- */

/* What many sockets need for a moment only is not kept: one heap for all threads of the
 * database besides that of the loop, and none that takes in large pieces, as it would from
 * the second one on. */
static void keep_heaps_small(void) {
    mallopt(M_ARENA_MAX, 2);
    mallopt(M_MMAP_THRESHOLD, LARGE);
    mallopt(M_TRIM_THRESHOLD, LARGE);
}

/* The order is that of who needs whom. */
static void open_parts(struct serve *serve) {
    struct sessions *sessions = &serve->sessions;
    uv_loop_init(&serve->loop);
    uv_timer_init(&serve->loop, &serve->tick);
    uv_timer_init(&serve->loop, &serve->limit);
    serve->tick.data = serve->limit.data = serve;
    watch_signals(serve);
    serve->jobs = jobs_new(&serve->loop, serve->config);
    serve->feeds = feeds_new(&serve->loop, serve->config, serve->jobs, serve->figures,
                             session_feeds_listener());
    sessions->config = serve->config;
    sessions->feeds = serve->feeds;
    sessions->jobs = serve->jobs;
    sessions->callers = callers_new(serve->jobs, serve->config);
    sessions->figures = serve->figures;
    wiring_connect(&serve->loop, sessions);
    ping_database(serve);
}

static void wait_for_redis(struct serve *serve) {
    const struct config *config = serve->config;
    const int64_t until_ms = clock_monotonic_ms() + WAIT_FOR_REDIS_MS;
    if (config->redis_socket[0] == '\0' && config->redis_host[0] == '\0')
        return;
    uv_timer_start(&serve->limit, on_limit, WAIT_FOR_REDIS_MS, 0);
    while (!bus_is_well(serve->sessions.bus) && !serve->ending && clock_monotonic_ms() < until_ms)
        uv_run(&serve->loop, UV_RUN_ONCE);
    uv_timer_stop(&serve->limit);
}

static bool listen_now(struct serve *serve) {
    const struct serve_place *place = serve->place;
    const char *address = serve->config->push_listen;
    const int fd = listening_open("push_listen", address, place->shared || place->predecessor != 0);
    const int places[SOCKETS_PLACES] = {fd, place->local->fd};
    const unsigned push = listening_port(fd), metrics = listening_port(place->metrics_fd);
    const struct sockets_listener listener = session_sockets_listener(&serve->sessions);
    if (fd >= 0)
        serve->sockets =
            sockets_new(&serve->loop, serve->config, serve->figures, &listener, places);
    if (serve->sockets)
        serve->status = status_new(&serve->loop, place->all, place->own, place->metrics_fd);
    if (!serve->status || (!place->shared && !local_socket_publish(place->local)))
        return false;
    uv_timer_start(&serve->tick, on_tick, 0, TICK_MS);
    if (place->successor) {
        successor_listens(place->successor, SUCCESSOR_PUSH, address, push);
        successor_listens(place->successor, SUCCESSOR_METRICS, serve->config->metrics_listen,
                          metrics);
        ensure_note(place->successor->lock);
    }
    log_info("listens on port %u, figures on port %u", push, metrics);
    if (place->local->fd >= 0)
        log_info("and on %s", place->local->path.sun_path);
    serve->figures->up = 1;
    predecessor_follow(place->predecessor);
    return !place->ports_file || settings_write_ports(place->ports_file, push, metrics);
}

/* ---- end ---- */

/* What is closed goes only with the next turns of the loop. */
static void run_turns(struct serve *serve) {
    for (unsigned turn = 0; turn < 10; turn++)
        uv_run(&serve->loop, UV_RUN_NOWAIT);
}

/* True when no job is under way any more. */
static bool jobs_have_ended(struct serve *serve) {
    uv_timer_start(&serve->limit, on_limit, LAST_JOBS_MS, 0);
    while (jobs_pending(serve->jobs) > 0 && uv_is_active((uv_handle_t *)&serve->limit))
        uv_run(&serve->loop, UV_RUN_ONCE);
    uv_timer_stop(&serve->limit);
    return jobs_pending(serve->jobs) == 0;
}

/* Says in Redis that it goes, so that its users are soon seen to be gone. If a job hangs,
 * what it might use is left to the end of the process. */
static void close_parts(struct serve *serve) {
    serve->figures->up = 0;
    uv_timer_stop(&serve->tick);
    if (serve->sockets)
        sockets_cut(serve->sockets);
    if (serve->status)
        status_close(serve->status);
    run_turns(serve);
    session_tick(&serve->sessions);
    const bool ended = jobs_have_ended(serve);
    bus_close(serve->sessions.bus);
    run_turns(serve);
    if (!ended)
        return;
    session_tick(&serve->sessions);
    presence_free(serve->sessions.presence);
    feeds_close(serve->feeds);
    run_turns(serve);
    callers_free(serve->sessions.callers);
    jobs_free(serve->jobs);
    if (serve->sockets)
        sockets_free(serve->sockets);
}

int serve_run(const struct serve_place *place) {
    static struct serve serve;
    int status = 0;
    serve.place = place;
    serve.config = place->config;
    serve.figures = &place->all->each[place->own];
    if (!secret_init())
        return 1;
    keep_heaps_small();
    stopwatch_watch(serve.figures);
    open_parts(&serve);
    wait_for_redis(&serve);
    if (serve.ending)
        status = 0;
    else if (!listen_now(&serve))
        status = 1;
    else
        uv_run(&serve.loop, UV_RUN_DEFAULT);
    if (!place->shared)
        local_socket_remove(place->local);
    close_parts(&serve);
    log_info("stopped");
    return status;
}
