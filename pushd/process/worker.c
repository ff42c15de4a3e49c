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
#include "client/client.h"
#include "db/db_pool.h"
#include "metrics/metrics_http.h"
#include "metrics/slow_callback.h"
#include "net/socket.h"
#include "os/sd_notify.h"
#include "os/tcp_listener.h"
#include "process/predecessor.h"
#include "process/reload.h"
#include "process/single_instance.h"

#define TICK_MS 500
#define PING_DATABASE_TICKS 10

#define SIGNALS 6

/* The first sockets would not see who is online at other processes if they came before Redis
 * is there; without Redis it serves all the same. */
#define WAIT_FOR_REDIS_MS 1000

/* Bytes from which memory is taken from the system, and given back to it, by itself. */
#define LARGE (128 * 1024)

/* In the end db_pool that are under way get so long; their threads cannot be stopped. */
#define LAST_JOBS_MS 500

/* Everything there is in a process. */
struct worker {
    const struct worker_args *place;
    struct config *config;
    struct metrics_data *metrics;
    uv_loop_t loop;
    uv_timer_t tick, limit;
    uv_signal_t signals[SIGNALS];
    struct db_pool *db_pool;
    struct clients *clients;
    struct sockets *sockets; /* NULL until it listens */
    struct metrics_http *metrics_http;
    unsigned ticks;
    bool pinging;
    bool ending;
};

/* ---- ticks ---- */

struct ping {
    struct worker *worker;
    enum error error;
    int64_t started_us;
};

static void ping_work(void *job, struct db *db) {
    struct ping *ping = job;
    ping->error = db_ping(db);
}

static void ping_done(void *job) {
    struct ping *ping = job;
    struct worker *worker = ping->worker;
    worker->pinging = false;
    worker->metrics->db_latency_us = (uint64_t)(clock_monotonic_us() - ping->started_us);
    worker->metrics->database_up = ping->error == ERROR_NONE;
    free(ping);
}

static void ping_database(struct worker *worker) {
    if (worker->pinging)
        return;
    struct ping *ping = xcalloc(1, sizeof(*ping));
    *ping = (struct ping){worker, ERROR_NONE, clock_monotonic_us()};
    worker->pinging = true;
    db_pool_run(worker->db_pool, ping_work, ping_done, ping);
}

static void on_tick(uv_timer_t *timer) {
    struct worker *worker = timer->data;
    slow_callback_start("the tick");
    sd_notify_alive();
    clients_tick(worker->clients);
    if (worker->ticks % 2 == 0)
        sockets_tick(worker->sockets);
    if (worker->ticks % PING_DATABASE_TICKS == 0)
        ping_database(worker);
    worker->ticks++;
    if (worker->place->upgrade)
        upgrade_look(worker->place->upgrade);
    if (worker->ending && sockets_count(worker->sockets) == 0)
        uv_stop(&worker->loop);
    slow_callback_stop();
}

static void on_limit(uv_timer_t *timer) {
    uv_stop(timer->loop);
}

/* ---- signals ---- */

static void log_state(const struct worker *worker) {
    const struct metrics_data *f = worker->metrics;
    log_info("state: sockets=%" PRIu64 " streams=%" PRIu64 " subscribers=%" PRIu64
             " send_queue_bytes=%" PRIu64 " jobs=%zu redis=%s",
             f->sockets_room + f->sockets_notifications, f->streams, f->subscribers,
             f->send_queue_bytes, db_pool_pending(worker->db_pool), f->redis_up ? "well" : "away");
    clients_log_state(worker->clients);
}

/* Who has no sockets yet, since it waits for Redis, has nothing to close. */
static void drain(struct worker *worker) {
    if (worker->ending)
        return;
    worker->ending = true;
    sd_notify_stopping();
    if (!worker->sockets) {
        uv_stop(&worker->loop);
        return;
    }
    const uint64_t spread = worker->config->drain_time * 1000;
    log_info("closing %" PRIu64 " sockets", sockets_count(worker->sockets));
    sockets_stop_listening(worker->sockets);
    sockets_close_all(worker->sockets, SOCKET_CLOSE_RESTART, spread);
    uv_timer_start(&worker->limit, on_limit, spread + WORKER_LAST_WORDS_MS, 0);
}

/* Limits and times hold from now on; where it listens and what it connects to stays. */
static void reload(struct worker *worker) {
    if (reload_config(worker->config, worker->place->config_path))
        log_info("configuration reloaded");
}

/* A upgrade that serves has this process end; else there is to be none. */
static void end(struct worker *worker, bool followed) {
    struct upgrade *upgrade = worker->place->upgrade;
    if (upgrade)
        (followed ? upgrade_serves : upgrade_stop)(upgrade);
    drain(worker);
}

static void on_signal(uv_signal_t *handle, int number) {
    struct worker *worker = handle->data;
    slow_callback_start("a signal");
    if (number == SIGHUP)
        reload(worker);
    else if (number == SIGUSR1)
        log_state(worker);
    else if (number != SIGUSR2)
        end(worker, number == UPGRADE_SIGNAL);
    else if (worker->place->upgrade && !worker->ending)
        upgrade_start(worker->place->upgrade);
    slow_callback_stop();
}

static void watch_signals(struct worker *worker) {
    static const int NUMBERS[SIGNALS] = {SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2, UPGRADE_SIGNAL};
    signal(SIGPIPE, SIG_IGN);
    for (size_t i = 0; i < SIGNALS; i++) {
        uv_signal_init(&worker->loop, &worker->signals[i]);
        worker->signals[i].data = worker;
        uv_signal_start(&worker->signals[i], on_signal, NUMBERS[i]);
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
static void open_parts(struct worker *worker) {
    uv_loop_init(&worker->loop);
    uv_timer_init(&worker->loop, &worker->tick);
    uv_timer_init(&worker->loop, &worker->limit);
    worker->tick.data = worker->limit.data = worker;
    watch_signals(worker);
    worker->db_pool = db_pool_new(&worker->loop, worker->config);
    worker->clients = clients_new(&worker->loop, worker->config, worker->db_pool, worker->metrics);
    ping_database(worker);
}

static void wait_for_redis(struct worker *worker) {
    const struct config *config = worker->config;
    const int64_t until_ms = clock_monotonic_ms() + WAIT_FOR_REDIS_MS;
    if (config->redis_socket[0] == '\0' && config->redis_host[0] == '\0')
        return;
    uv_timer_start(&worker->limit, on_limit, WAIT_FOR_REDIS_MS, 0);
    while (!clients_redis_is_up(worker->clients) && !worker->ending &&
           clock_monotonic_ms() < until_ms)
        uv_run(&worker->loop, UV_RUN_ONCE);
    uv_timer_stop(&worker->limit);
}

static bool listen_now(struct worker *worker) {
    const struct worker_args *place = worker->place;
    const char *address = worker->config->push_listen;
    const int fd =
        tcp_listener_open_shared("push_listen", address, place->shared || place->predecessor != 0);
    const int places[SOCKETS_LISTENERS] = {fd, place->local->fd};
    const unsigned push = tcp_listener_port(fd), metrics = tcp_listener_port(place->metrics_fd);
    const struct sockets_callbacks listener = clients_sockets_callbacks(worker->clients);
    if (fd >= 0)
        worker->sockets =
            sockets_new(&worker->loop, worker->config, worker->metrics, &listener, places);
    if (worker->sockets)
        worker->metrics_http =
            metrics_http_new(&worker->loop, place->all, place->own, place->metrics_fd);
    if (!worker->metrics_http || (!place->shared && !unix_listener_publish(place->local)))
        return false;
    uv_timer_start(&worker->tick, on_tick, 0, TICK_MS);
    if (place->upgrade) {
        upgrade_listens(place->upgrade, UPGRADE_PUSH, address, push);
        upgrade_listens(place->upgrade, UPGRADE_METRICS, worker->config->metrics_listen, metrics);
        single_instance_note(place->upgrade->lock);
    }
    log_info("listens on port %u, figures on port %u", push, metrics);
    if (place->local->fd >= 0)
        log_info("and on %s", place->local->path.sun_path);
    worker->metrics->up = 1;
    upgrade_finish(place->predecessor);
    return !place->ports_file || reload_write_ports(place->ports_file, push, metrics);
}

/* ---- end ---- */

/* What is closed goes only with the next turns of the loop. */
static void run_turns(struct worker *worker) {
    for (unsigned turn = 0; turn < 10; turn++)
        uv_run(&worker->loop, UV_RUN_NOWAIT);
}

/* True when no job is under way any more. */
static bool db_pool_have_ended(struct worker *worker) {
    uv_timer_start(&worker->limit, on_limit, LAST_JOBS_MS, 0);
    while (db_pool_pending(worker->db_pool) > 0 && uv_is_active((uv_handle_t *)&worker->limit))
        uv_run(&worker->loop, UV_RUN_ONCE);
    uv_timer_stop(&worker->limit);
    return db_pool_pending(worker->db_pool) == 0;
}

/* Says in Redis that it goes, so that its users are soon seen to be gone. If a job hangs,
 * what it might use is left to the end of the process. */
static void close_parts(struct worker *worker) {
    worker->metrics->up = 0;
    uv_timer_stop(&worker->tick);
    if (worker->sockets)
        sockets_abort(worker->sockets);
    if (worker->metrics_http)
        metrics_http_close(worker->metrics_http);
    run_turns(worker);
    const bool ended = db_pool_have_ended(worker);
    clients_disconnect(worker->clients);
    run_turns(worker);
    if (!ended)
        return;
    clients_free(worker->clients);
    run_turns(worker);
    db_pool_free(worker->db_pool);
    if (worker->sockets)
        sockets_free(worker->sockets);
}

int worker_run(const struct worker_args *place) {
    static struct worker worker;
    int status = 0;
    worker.place = place;
    worker.config = place->config;
    worker.metrics = &place->all->each[place->own];
    if (!secret_init())
        return 1;
    keep_heaps_small();
    slow_callback_init(worker.metrics);
    open_parts(&worker);
    wait_for_redis(&worker);
    if (worker.ending)
        status = 0;
    else if (!listen_now(&worker))
        status = 1;
    else
        uv_run(&worker.loop, UV_RUN_DEFAULT);
    if (!place->shared)
        unix_listener_remove(place->local);
    close_parts(&worker);
    log_info("stopped");
    return status;
}
