/*
 * worker: builds the parts of a process, handles its signals, and closes it in order.
 *
 * The order of starting: Redis and the database begin to connect; when Redis is up, or after a
 * second, the sockets begin to listen; then the metrics, the ports file and the service manager say
 * so. The order of stopping is the reverse: listening ends, sockets are closed over drain_time,
 * then pending jobs are awaited, Redis is told, and memory is freed.
 */
#include "process/worker.h"

#include <inttypes.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <uv.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/xalloc.h"
#include "client/client.h"
#include "config/startup.h"
#include "db/db_pool.h"
#include "metrics/metrics_http.h"
#include "metrics/slow_callback.h"
#include "net/socket.h"
#include "os/ports_file.h"
#include "os/sd_notify.h"
#include "os/single_instance.h"
#include "os/tcp_listener.h"
#include "redis/redis_sentinel.h"
#include "secrets/secret.h"

/* The interval of ticks, and the number of ticks between two pings of the database. */
#define TICK_MS 500
#define PING_DATABASE_TICKS 10

/* How often unused memory is returned to the system, and from how many bytes on. */
#define TRIM_TICKS 20
#define TRIM_BYTES (2 * 1024 * 1024)

/* Signals that are handled; see watch_signals. */
#define SIGNALS 6

/* How long it waits for Redis before it takes sockets: the first ones should see who is online
 * at other processes. Without Redis it serves all the same. */
#define WAIT_FOR_REDIS_MS 1000

/* Blocks of memory from this size on are returned to the system when they are freed. */
#define LARGE_BLOCK (128 * 1024)

/* How long it waits for pending jobs of the database when it stops. */
#define WAIT_FOR_JOBS_MS 500

struct worker {
    const struct worker_args *args;
    struct config *config;
    struct metrics_data *metrics;
    uv_loop_t loop;
    uv_timer_t tick, limit, wait;
    uv_signal_t signals[SIGNALS];
    struct db_pool *db_pool;
    struct clients *clients;
    struct sockets *sockets; /* NULL until it listens */
    struct metrics_http *metrics_http;
    unsigned ticks;
    bool pinging;
    bool waiting; /* told to stop, for drain_wait */
    bool stopping;
};

/* ---- ticks ---- */

/* A ping of the database: a job of the pool, for the metrics database_up and the latency. */
struct ping {
    struct worker *worker;
    enum error error;
    int64_t started_us;
};

static void ping_work(void *job, struct db *db) {
    struct ping *ping = job;
    ping->error = db_ping(db);
}

/* On the loop again: what the ping has found is published by the metrics. */
static void ping_done(void *job) {
    struct ping *ping = job;
    struct worker *worker = ping->worker;
    worker->pinging = false;
    worker->metrics->db_latency_us = (uint64_t)(clock_monotonic_us() - ping->started_us);
    worker->metrics->database_up = ping->error == ERROR_NONE;
    free(ping);
}

/* Asks the database whether it works, for the metrics. */
static void ping_database(struct worker *worker) {
    /* A database that hangs gets one ping at a time, so that it does not occupy more threads. */
    if (worker->pinging)
        return;
    struct ping *ping = xcalloc(1, sizeof(*ping));
    *ping = (struct ping){worker, ERROR_NONE, clock_monotonic_us()};
    worker->pinging = true;
    db_pool_run(worker->db_pool, ping_work, ping_done, ping);
}

/* What a burst of replays or handshakes has left lies between memory that is in use, where the
 * allocator keeps it. */
static void trim_heaps(void) {
    if (mallinfo2().fordblks >= TRIM_BYTES)
        malloc_trim(0);
}

/* Twice a second: what has to be done by time. */
static void on_tick(uv_timer_t *timer) {
    struct worker *worker = timer->data;
    slow_callback_start("the tick");
    /* A loop that hangs does not come here, and the watchdog of the service manager restarts it. */
    sd_notify_alive();
    clients_tick(worker->clients);
    sockets_tick(worker->sockets);
    if (worker->ticks % PING_DATABASE_TICKS == 0)
        ping_database(worker);
    /* Not in the first tick, when there is nothing to trim. */
    if (worker->ticks % TRIM_TICKS == TRIM_TICKS - 1)
        trim_heaps();
    worker->ticks++;
    /* NULL in one of several workers: the parent does the upgrade. */
    if (worker->args->upgrade)
        upgrade_poll(worker->args->upgrade);
    /* The last socket is closed: the loop can end before the time limit. */
    if (worker->stopping && sockets_count(worker->sockets) == 0)
        uv_stop(&worker->loop);
    slow_callback_stop();
}

/* A time limit has passed: leaves uv_run, for whatever the loop was run. */
static void on_limit(uv_timer_t *timer) {
    uv_stop(timer->loop);
}

/* ---- signals ---- */

/* SIGUSR1: a line of totals, then one for each stream. */
static void log_state(const struct worker *worker) {
    const struct metrics_data *f = worker->metrics;
    log_info("state: sockets=%" PRIu64 " streams=%" PRIu64 " subscribers=%" PRIu64
             " send_queue_bytes=%" PRIu64 " jobs=%zu redis=%s",
             f->sockets_room + f->sockets_notifications, f->streams, f->subscribers,
             f->send_queue_bytes, db_pool_pending(worker->db_pool), f->redis_up ? "up" : "down");
    clients_log_state(worker->clients);
}

/* Begins to stop: closes the listening sockets at once, and the open ones over drain_time. */
static void drain(struct worker *worker) {
    if (worker->stopping)
        return;
    worker->stopping = true;
    worker->metrics->draining = 1;
    sd_notify_stopping();
    /* Still waiting for Redis: there is nothing to close. */
    if (!worker->sockets) {
        uv_stop(&worker->loop);
        return;
    }
    const uint64_t spread = worker->config->drain_time * 1000;
    log_info("closing %" PRIu64 " sockets", sockets_count(worker->sockets));
    sockets_stop_listening(worker->sockets);
    sockets_close_all(worker->sockets, SOCKET_CLOSE_RESTART, spread);
    /* Sockets that are still open after that are disconnected by close_parts. */
    uv_timer_start(&worker->limit, on_limit, spread + WORKER_CLOSE_MS, 0);
}

static void on_wait_over(uv_timer_t *timer) {
    drain(timer->data);
}

/* Told to stop: first /healthz says so, for drain_wait. Told again, or with nothing to serve yet,
 * it does not wait. */
static void drain_later(struct worker *worker) {
    const uint64_t wait_ms = worker->config->drain_wait * 1000;
    if (wait_ms == 0 || worker->waiting || !worker->sockets) {
        drain(worker);
        return;
    }
    worker->waiting = true;
    worker->metrics->draining = 1;
    sd_notify_stopping();
    uv_timer_start(&worker->wait, on_wait_over, wait_ms, 0);
}

/* Limits and times apply from now on; addresses and connections do not change. */
static void reload(struct worker *worker) {
    if (startup_reload_threaded(worker->config, worker->args->config_path, "pushd"))
        log_info("configuration reloaded");
}

/* Begins to stop. If a successor has taken over, it serves now; else a successor that is starting
 * must stop, too. */
static void stop(struct worker *worker, bool handed_over) {
    struct upgrade *upgrade = worker->args->upgrade;
    if (upgrade && handed_over)
        upgrade_handed_over(upgrade);
    else if (upgrade)
        upgrade_cancel(upgrade);
    if (handed_over)
        drain(worker);
    else
        drain_later(worker);
}

/* Does what a signal asks for. */
static void on_signal(uv_signal_t *handle, int number) {
    struct worker *worker = handle->data;
    slow_callback_start("a signal");
    /* libuv calls this on the loop, not in a signal handler, so anything may be done. */
    switch (number) {
    case SIGHUP:
        reload(worker);
        break;
    case SIGUSR1:
        log_state(worker);
        break;
    case SIGUSR2:
        if (worker->args->upgrade && !worker->stopping)
            upgrade_start(worker->args->upgrade);
        break;
    /* SIGTERM, SIGINT and UPGRADE_SIGNAL (SIGQUIT). */
    default:
        stop(worker, number == UPGRADE_SIGNAL);
    }
    slow_callback_stop();
}

/* Has libuv report the signals on the loop. */
static void watch_signals(struct worker *worker) {
    static const int NUMBERS[SIGNALS] = {SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2, UPGRADE_SIGNAL};
    /* Writing to a closed connection is to fail with EPIPE, not to end the process. */
    signal(SIGPIPE, SIG_IGN);
    for (size_t i = 0; i < SIGNALS; i++) {
        uv_signal_init(&worker->loop, &worker->signals[i]);
        worker->signals[i].data = worker;
        uv_signal_start(&worker->signals[i], on_signal, NUMBERS[i]);
    }
}

/* ---- starting ---- */

bool worker_write_ports(const char *path, unsigned push, unsigned metrics) {
    char lines[64];
    snprintf(lines, sizeof(lines), "push=%u\nmetrics=%u\n", push, metrics);
    return ports_file_write(path, lines);
}

/* Memory that many sockets need for a moment is returned to the system: two heaps at most, one
 * for the loop and one for all threads, and large blocks in neither of them. */
static void limit_heaps(void) {
    mallopt(M_ARENA_MAX, 2);
    mallopt(M_MMAP_THRESHOLD, LARGE_BLOCK);
    mallopt(M_TRIM_THRESHOLD, LARGE_BLOCK);
}

/* Everything except the sockets; Redis connects once the loop runs. */
static void open_parts(struct worker *worker) {
    uv_loop_init(&worker->loop);
    uv_timer_init(&worker->loop, &worker->tick);
    uv_timer_init(&worker->loop, &worker->limit);
    uv_timer_init(&worker->loop, &worker->wait);
    worker->tick.data = worker->limit.data = worker->wait.data = worker;
    watch_signals(worker);
    worker->db_pool = db_pool_new(&worker->loop, worker->config);
    worker->clients = clients_new(&worker->loop, worker->config, worker->db_pool, worker->metrics);
    ping_database(worker);
}

/* Runs the loop until Redis is up, for some time at most: clients then need not be refused. */
static void wait_for_redis(struct worker *worker) {
    const struct config *config = worker->config;
    const int64_t until_ms = clock_monotonic_ms() + WAIT_FOR_REDIS_MS;
    /* No Redis is configured. */
    if (!redis_is_configured(config))
        return;
    /* The timer makes uv_run return if nothing else happens. */
    uv_timer_start(&worker->limit, on_limit, WAIT_FOR_REDIS_MS, 0);
    while (!clients_redis_is_up(worker->clients) && !worker->stopping &&
           clock_monotonic_ms() < until_ms)
        uv_run(&worker->loop, UV_RUN_ONCE);
    uv_timer_stop(&worker->limit);
}

/* Listens for WebSockets and metrics, and announces it. False, with the cause logged, on
 * failure. */
static bool start_listening(struct worker *worker) {
    const struct worker_args *args = worker->args;
    const char *address = worker->config->push_listen;
    const int fd =
        tcp_listener_open_shared("push_listen", address, args->shared || args->predecessor != 0);
    /* The Unix socket listens already, under a temporary name, until it is published below. */
    const int listeners[SOCKETS_LISTENERS] = {fd, args->local->fd};
    const unsigned push = tcp_listener_port(fd), metrics = tcp_listener_port(args->metrics_fd);
    const struct sockets_callbacks callbacks = clients_sockets_callbacks(worker->clients);
    if (fd >= 0)
        worker->sockets =
            sockets_new(&worker->loop, worker->config, worker->metrics, &callbacks, listeners);
    if (worker->sockets)
        worker->metrics_http =
            metrics_http_new(&worker->loop, args->all, args->own, args->metrics_fd);
    if (!worker->metrics_http || (!args->shared && !unix_listener_publish(args->local)))
        return false;
    /* From here on it serves. The first tick comes at once. */
    uv_timer_start(&worker->tick, on_tick, 0, TICK_MS);
    if (args->upgrade) {
        upgrade_note_port(args->upgrade, UPGRADE_PUSH, address, push);
        upgrade_note_port(args->upgrade, UPGRADE_METRICS, worker->config->metrics_listen, metrics);
        single_instance_write_pid(args->upgrade->lock);
    }
    log_info("listening on port %u, metrics on port %u", push, metrics);
    if (args->local->fd >= 0)
        log_info("listening on %s", args->local->path.sun_path);
    /* The parent of several workers waits for this one of all of them. */
    worker->metrics->up = 1;
    /* Last, since it ends the predecessor: before this, a failure costs nothing. */
    upgrade_take_over(args->predecessor);
    return !args->ports_file || worker_write_ports(args->ports_file, push, metrics);
}

/* ---- stopping ---- */

/* Closed handles are freed in the next iterations of the loop. */
static void run_iterations(struct worker *worker) {
    /* More than enough: each layer of handles that closes others takes one. */
    for (unsigned i = 0; i < 10; i++)
        uv_run(&worker->loop, UV_RUN_NOWAIT);
}

/* Waits for pending jobs; true when none is left. */
static bool wait_for_jobs(struct worker *worker) {
    uv_timer_start(&worker->limit, on_limit, WAIT_FOR_JOBS_MS, 0);
    while (db_pool_pending(worker->db_pool) > 0 && uv_is_active((uv_handle_t *)&worker->limit))
        uv_run(&worker->loop, UV_RUN_ONCE);
    uv_timer_stop(&worker->limit);
    return db_pool_pending(worker->db_pool) == 0;
}

/* Closes everything in order. If a job hangs, its thread cannot be stopped: what it may use is
 * left to the exit of the process. */
static void close_parts(struct worker *worker) {
    worker->metrics->up = 0;
    uv_timer_stop(&worker->tick);
    /* First the sockets: each one closed leaves presence and its channels. */
    if (worker->sockets)
        sockets_abort(worker->sockets);
    if (worker->metrics_http)
        metrics_http_close(worker->metrics_http);
    run_iterations(worker);
    /* Clients are freed when their last job has ended. */
    const bool idle = wait_for_jobs(worker);
    /* After the jobs, which may publish when they are done. */
    clients_disconnect(worker->clients);
    run_iterations(worker);
    if (!idle)
        return;
    /* The rest in the order in which one uses the other. */
    clients_free(worker->clients);
    run_iterations(worker);
    db_pool_free(worker->db_pool);
    if (worker->sockets)
        sockets_free(worker->sockets);
}

int worker_run(const struct worker_args *args) {
    static struct worker worker;
    int status = 0;
    worker.args = args;
    worker.config = args->config;
    worker.metrics = &args->all->each[args->own];
    if (!secret_init())
        return 1;
    /* Before there are threads, whose heaps this limits. */
    limit_heaps();
    slow_callback_init(worker.metrics);
    open_parts(&worker);
    wait_for_redis(&worker);
    /* A signal came while it waited for Redis: nothing was opened. */
    if (worker.stopping)
        status = 0;
    else if (!start_listening(&worker))
        status = 1;
    else
        uv_run(&worker.loop, UV_RUN_DEFAULT);
    /* A socket file shared by several workers is removed by their parent. */
    if (!args->shared)
        unix_listener_remove(args->local);
    close_parts(&worker);
    log_info("stopped");
    return status;
}
