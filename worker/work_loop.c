/* One step runs at a time; the next begins when a delivery has ended, an event was published, or
 * half a second has passed. Deliveries that end meanwhile are recorded by the next step.
 *
 * The transaction of an event sets last_active_at or changed_at of the room, and nothing else. A
 * step (step.c), on a thread, makes rooms due that have changed lately, leases what is due, with
 * the end of the delivery, and reads the events; delivery.c makes the body. On the loop sender.c
 * posts it. The next step records how that ended: the place of the hook moves, or the same delivery
 * is due again later. A lease is valid as long as the worker renews its row in the table worker;
 * the sender sends nothing after that time, so a worker that was suspended does not send what
 * another one has taken over. */
#include "work_loop.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "base/array.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/xalloc.h"
#include "chore.h"
#include "config/startup.h"
#include "jwt/jwt_keys.h"
#include "metrics.h"
#include "os/sd_notify.h"
#include "os/single_instance.h"
#include "scan.h"
#include "secrets/secret.h"
#include "sender.h"
#include "step.h"
#include "store/site/jwks.h"
#include "task.h"
#include "wake.h"

#define TICK_MS 500

/* Most deliveries at a time, if the limit of open files allows as many, and bytes of them. */
#define DELIVERIES_MOST 2000
#define DELIVERY_BYTES_MOST ((size_t)64 * 1024 * 1024)

/* Files besides those of deliveries. A name that is resolved takes two for a moment. */
#define OTHER_FILES 200

/* A delivery takes 10 s at most. */
#define STOP_MS 11000

/* With `once`: nothing is begun after this time, since cron starts the next one. */
#define ONCE_MS 45000

enum { SIGNALS = 3, TASKS = 3 };

struct worker {
    const struct work_loop_args *args;
    struct config *config;
    uv_loop_t loop;
    uv_timer_t tick;
    uv_async_t woken;
    uv_signal_t signals[SIGNALS];
    uv_work_t work;
    struct sender *sender;
    struct wake *wake;
    struct metrics *metrics;
    struct scan *scan;
    struct chore *mails, *archives;
    struct task *tasks[TASKS]; /* of scan, mails and archives */
    struct steps *steps;
    struct step step;
    size_t most;
    bool is_running;  /* a step */
    bool again;       /* another one at once */
    bool has_hooks;   /* at the last step */
    bool must_reload; /* after the step */
    bool stopping;
    bool was_connected;
    int64_t started_ms, stop_ms;
    struct step_result *results; /* to record */
    size_t result_count, result_space;
    bool is_fetching; /* jwks_url */
    bool has_jwks;    /* fetched, to be stored */
    struct buffer jwks;
    char jwks_failure[128];
    struct text jwks_text;
};

static void run_step(struct worker *worker);

/* ---- deliveries ---- */

/* A failure is logged with the time of the next try. */
static void log_failure(const struct delivery *delivery, const struct step_result *result) {
    /* Without the address, which may have a secret in it. */
    log_warn("hook %" PRIu64 ": delivery %s has failed (try %" PRIu64 "): %s; again in %" PRIu64
             " s",
             delivery->hook_id, delivery->id, delivery->tries + 1, result->failure,
             result->delay_ms / 1000);
}

/* The result waits for the next step, which is run soon; the delivery ends here. */
static void delivery_ended(struct worker *worker, struct delivery *delivery,
                           const struct sender_answer *answer) {
    struct step_result result = {.hook_id = delivery->hook_id,
                                 .room_id = delivery->room_id,
                                 .claim = delivery->claim,
                                 .seq = delivery->seq,
                                 .last_seq = delivery->last_seq,
                                 .tries = delivery->tries,
                                 .was_tried = !answer->aborted,
                                 .succeeded = answer->succeeded,
                                 /* A test is tried once. */
                                 .is_gone = delivery->room_id == 0 && !answer->aborted,
                                 .delay_ms = delivery_delay_ms(delivery->tries)};
    /* Aborted, so it counts as not tried: due again at once. */
    if (answer->aborted)
        result.delay_ms = 1;
    else if (!answer->succeeded) {
        snprintf(result.failure, sizeof(result.failure), "%s", answer->failure);
        log_failure(delivery, &result);
    }
    metrics_count(worker->metrics, &result);
    worker->results = array_reserve(worker->results, &worker->result_space,
                                    worker->result_count + 1, sizeof(*worker->results));
    worker->results[worker->result_count++] = result;
    delivery_free(delivery);
}

/* jwks_url has answered: if the body is a set of keys, it is kept for the next step. */
static void jwks_ended(struct worker *worker, const struct sender_answer *answer) {
    worker->is_fetching = false;
    worker->has_jwks = true;
    buffer_clear(&worker->jwks);
    buffer_append(&worker->jwks, answer->body.at, answer->body.len);
    struct buffer problems = BUFFER_EMPTY;
    struct jwt_keys *keys = NULL;
    /* An error page must not replace the keys. */
    if (answer->succeeded)
        keys = jwt_keys_parse_jwks((struct text){buffer_str(&worker->jwks), worker->jwks.len},
                                   &problems);
    else
        buffer_append_str(&problems, answer->failure);
    /* The first line: later problems mostly follow from it. */
    snprintf(worker->jwks_failure, sizeof(worker->jwks_failure), "%.*s",
             (int)strcspn(buffer_str(&problems), "\n"), buffer_str(&problems));
    if (keys)
        log_info("jwks_url: fetched %zu keys", jwt_keys_count(keys));
    else
        log_warn("jwks_url cannot be used: %s", worker->jwks_failure);
    jwt_keys_free(keys);
    buffer_free(&problems);
}

/* What a request was for: a delivery, or jwks_url (no delivery). */
struct purpose {
    struct worker *worker;
    struct delivery *delivery;
};

/* A request of the sender has ended: a delivery, or that for the keys. */
static void on_sent(void *context, const struct sender_answer *answer) {
    struct purpose *purpose = context;
    struct worker *worker = purpose->worker;
    if (purpose->delivery)
        delivery_ended(worker, purpose->delivery, answer);
    else
        jwks_ended(worker, answer);
    free(purpose);
    /* The next step is not started in this callback: libcurl, or an abort, is still running. */
    uv_async_send(&worker->woken);
}

static struct purpose *purpose_new(struct worker *worker, struct delivery *delivery) {
    struct purpose *purpose = xcalloc(1, sizeof(*purpose));
    *purpose = (struct purpose){worker, delivery};
    return purpose;
}

/* Signs a delivery and sends it. */
static void send_delivery(struct worker *worker, struct delivery *delivery) {
    char id[DELIVERY_ID_SIZE + 16], timestamp[64];
    char signatures[DELIVERY_SIGNATURES_SIZE + 32], values[DELIVERY_SIGNATURES_SIZE];
    /* Signed for each try, since receivers refuse old timestamps. */
    const int64_t now = clock_now() / 1000000;
    /* Expect is removed, so that libcurl does not wait for a 100 (Continue). */
    const char *const headers[] = {
        "Content-Type: application/json", "Expect:", id, timestamp, signatures, NULL};
    delivery_sign(delivery, now, values);
    snprintf(id, sizeof(id), "webhook-id: %s", delivery->id);
    snprintf(timestamp, sizeof(timestamp), "webhook-timestamp: %" PRId64, now);
    snprintf(signatures, sizeof(signatures), "webhook-signature: %s", values);
    /* The headers are copied; the body belongs to the delivery, which lives until the end. */
    sender_start(worker->sender,
                 &(struct sender_request){.url = buffer_str(&delivery->url),
                                          .headers = headers,
                                          .body = {delivery->body.data, delivery->body.len},
                                          .context = purpose_new(worker, delivery)});
}

/* Fetches the keys by which the site signs its tokens. */
static void fetch_jwks(struct worker *worker) {
    static const char *const HEADERS[] = {"Accept: application/json", NULL};
    worker->is_fetching = true;
    sender_start(worker->sender, &(struct sender_request){.url = worker->config->jwks_url,
                                                          .headers = HEADERS,
                                                          .most = JWKS_MAX,
                                                          .context = purpose_new(worker, NULL)});
}

/* ---- steps ---- */

static void on_work(uv_work_t *work) {
    struct worker *worker = work->data;
    steps_run(worker->steps, &worker->step);
}

/* Reloads the configuration, between two steps, since their thread reads it. */
static void reload(struct worker *worker) {
    worker->must_reload = false;
    /* An invalid file changes nothing, and was logged. */
    if (!startup_reload_threaded(worker->config, worker->args->config_path, "confab-worker"))
        return;
    log_info("configuration reloaded");
    /* Idle connections were checked by the former configuration. */
    sender_abort(worker->sender);
    sender_free(worker->sender);
    worker->sender = sender_new(&worker->loop, worker->config, on_sent);
}

/* Whether a task has something to do, or may have. */
static bool is_busy(const struct worker *worker) {
    bool busy = false;
    for (size_t i = 0; i < TASKS; i++)
        busy = busy || task_is_busy(worker->tasks[i]);
    return busy;
}

/* True if nothing is left to wait for. */
static bool is_done(const struct worker *worker) {
    const int64_t now = clock_monotonic_ms();
    const bool is_idle = sender_count(worker->sender) == 0 && worker->result_count == 0;
    if (worker->stopping)
        return is_idle || now >= worker->stop_ms;
    return worker->args->once && is_idle && !worker->again && !worker->has_jwks &&
           !is_busy(worker);
}

/* Sends all deliveries of the step at once, since their leases are running. */
static void begin_deliveries(struct worker *worker) {
    struct step *step = &worker->step;
    for (size_t i = 0; i < step->delivery_count; i++)
        send_delivery(worker, step->deliveries[i]);
    step->delivery_count = 0;
    if (step->jwks_is_due && !worker->is_fetching)
        fetch_jwks(worker);
}

/* Logs that the database was lost or came back, once for each. */
static void log_connection(struct worker *worker) {
    const bool is_connected = worker->step.is_connected;
    /* The cause was logged by db. */
    if (!is_connected && worker->was_connected)
        log_warn("the database is unavailable; deliveries are paused");
    if (is_connected && !worker->was_connected)
        log_info("the database is available");
    worker->was_connected = is_connected;
}

/* A step is done: sends what it has made, and begins another one if there is more. */
static void on_step_done(uv_work_t *work, int status) {
    struct worker *worker = work->data;
    struct step *step = &worker->step;
    (void)status;
    worker->is_running = false;
    worker->has_hooks = step->has_hooks;
    log_connection(worker);
    /* Other workers may send the same by now. */
    if (step->has_lost)
        sender_abort(worker->sender);
    /* Results that were added meanwhile stay. */
    if (step->is_recorded) {
        worker->result_count -= step->result_count;
        if (worker->result_count > 0)
            memmove(worker->results, worker->results + step->result_count,
                    worker->result_count * sizeof(*worker->results));
        worker->has_jwks = worker->has_jwks && !step->jwks && !step->jwks_failure;
    }
    metrics_note_step(worker->metrics, step->is_connected, sender_count(worker->sender));
    /* Set before anything is sent: nothing is sent after the end of the lease. */
    sender_set_limit(worker->sender, step->lease_until);
    begin_deliveries(worker);
    if (worker->must_reload)
        reload(worker);
    worker->again = step->is_connected && !worker->stopping && (worker->again || step->has_more);
    if (is_done(worker))
        uv_stop(&worker->loop);
    else if (worker->again)
        run_step(worker);
}

/* Whether the worker still starts new work. */
static bool is_working(const struct worker *worker) {
    const bool is_late = worker->args->once && clock_monotonic_ms() - worker->started_ms > ONCE_MS;
    return !worker->stopping && !is_late && !worker->must_reload;
}

/* How many deliveries the next step may lease. A few long bodies count as many short ones. */
static size_t free_slots(const struct worker *worker) {
    const size_t busy = sender_count(worker->sender);
    if (!is_working(worker) || busy >= worker->most ||
        sender_bytes(worker->sender) > DELIVERY_BYTES_MOST)
        return 0;
    return worker->most - busy;
}

/* Begins a step on a thread, or after the one that is running. */
static void run_step(struct worker *worker) {
    struct step *step = &worker->step;
    /* If a step is running, another one follows it, since this one may have passed the change. */
    worker->again = worker->is_running;
    if (worker->is_running)
        return;
    worker->is_running = true;
    /* The step gets a copy, since the array may grow while it is read. */
    free((void *)step->results);
    struct step_result *results = xcalloc(worker->result_count + 1, sizeof(*results));
    if (worker->result_count > 0)
        memcpy(results, worker->results, worker->result_count * sizeof(*results));
    worker->jwks_text = (struct text){buffer_str(&worker->jwks), worker->jwks.len};
    const bool has_failed = worker->has_jwks && worker->jwks_failure[0];
    *step = (struct step){.results = results,
                          .result_count = worker->result_count,
                          .slots = free_slots(worker),
                          .update_search = is_working(worker),
                          .jwks = worker->has_jwks && !has_failed ? &worker->jwks_text : NULL,
                          .jwks_failure = has_failed ? worker->jwks_failure : NULL,
                          .deliveries = step->deliveries,
                          .delivery_space = step->delivery_space};
    worker->work.data = worker;
    uv_queue_work(&worker->loop, &worker->work, on_work, on_step_done);
}

/* ---- the loop ---- */

/* Twice a second: begins what is due. */
static void on_tick(uv_timer_t *tick) {
    struct worker *worker = tick->data;
    /* A loop that hangs does not come here, and the watchdog of the service manager restarts it. */
    sd_notify_alive();
    if (is_done(worker) && worker->stopping)
        uv_stop(&worker->loop);
    else
        run_step(worker);
    for (size_t i = 0; !worker->stopping && i < TASKS; i++)
        task_next(worker->tasks[i]);
}

/* A task has ended a call: starts the next one, with `once` only until its time ends. */
static void on_task_ended(void *context, struct task *task) {
    struct worker *worker = context;
    const bool is_late = worker->args->once && clock_monotonic_ms() - worker->started_ms > ONCE_MS;
    if (!worker->stopping && !is_late && task_is_busy(task))
        task_next(task);
}

/* Without hooks an event starts no step; the tick looks for new hooks. */
static void on_woken(uv_async_t *async) {
    struct worker *worker = async->data;
    if (worker->has_hooks || worker->result_count > 0 || worker->has_jwks)
        run_step(worker);
}

/* Handles a signal. */
static void on_signal(uv_signal_t *handle, int number) {
    struct worker *worker = handle->data;
    if (number == SIGHUP) {
        worker->must_reload = true;
    } else if (!worker->stopping) {
        worker->stopping = true;
        worker->stop_ms = clock_monotonic_ms() + STOP_MS;
        chore_stop(worker->archives);
        log_info("stopping; %zu deliveries are under way", sender_count(worker->sender));
        sd_notify_stopping();
    }
    /* For the reload, which is done between two steps, or to record results. */
    run_step(worker);
}

/* Opens the handles, threads and modules of the loop. */
static void open_parts(struct worker *worker) {
    static const int NUMBERS[SIGNALS] = {SIGTERM, SIGINT, SIGHUP};
    /* A thread for the step, for each task, and for what the metrics show, so that none waits for a
     * long one; libuv has four otherwise. */
    setenv("UV_THREADPOOL_SIZE", "5", true);
    /* Writing to a receiver that has closed fails; it does not end the process. */
    signal(SIGPIPE, SIG_IGN);
    uv_loop_init(&worker->loop);
    uv_timer_init(&worker->loop, &worker->tick);
    uv_async_init(&worker->loop, &worker->woken, on_woken);
    worker->tick.data = worker->woken.data = worker;
    for (size_t i = 0; i < SIGNALS; i++) {
        uv_signal_init(&worker->loop, &worker->signals[i]);
        worker->signals[i].data = worker;
        uv_signal_start(&worker->signals[i], on_signal, NUMBERS[i]);
    }
    worker->steps = steps_new(worker->config);
    worker->sender = sender_new(&worker->loop, worker->config, on_sent);
    worker->scan = scan_new(worker->config);
    worker->mails = chore_new(worker->config);
    worker->archives = chore_new(worker->config);
    worker->tasks[0] = task_new(&worker->loop, scan_do_one, worker->scan, on_task_ended, worker);
    worker->tasks[1] =
        task_new(&worker->loop, chore_send_mail, worker->mails, on_task_ended, worker);
    worker->tasks[2] =
        task_new(&worker->loop, chore_make_archive, worker->archives, on_task_ended, worker);
    /* Neither is needed for a run of a minute. */
    if (!worker->args->once) {
        worker->wake = wake_new(worker->config, &worker->woken);
        worker->metrics = metrics_new(&worker->loop, worker->config, worker->args->ports_file);
    }
}

/* The most deliveries at a time: each needs a file descriptor. */
static size_t most_deliveries(void) {
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    /* As many files as the process may have without privileges. */
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    getrlimit(RLIMIT_NOFILE, &limit);
    if (limit.rlim_cur >= DELIVERIES_MOST + OTHER_FILES)
        return DELIVERIES_MOST;
    /* If the limit is too low for the reserve, some connections may fail, which is better than no
     * deliveries. */
    return limit.rlim_cur > 2 * OTHER_FILES ? (size_t)limit.rlim_cur - OTHER_FILES : OTHER_FILES;
}

/* Whether a thread works on a task. */
static bool is_any_running(const struct worker *worker) {
    bool running = false;
    for (size_t i = 0; i < TASKS; i++)
        running = running || task_is_running(worker->tasks[i]);
    return running;
}

/* Gives back what was not delivered or not recorded, so that other workers take over at once. */
static void close_parts(struct worker *worker) {
    worker->stopping = true;
    uv_timer_stop(&worker->tick);
    wake_free(worker->wake);
    /* Waits for the step that is running, which uses the database, and for a scan, which another
     * worker would otherwise repeat. */
    while (worker->is_running || is_any_running(worker))
        uv_run(&worker->loop, UV_RUN_ONCE);
    /* Aborted deliveries have results, too, by which the last step gives their leases back. */
    sender_abort(worker->sender);
    if (worker->result_count > 0) {
        run_step(worker);
        while (worker->is_running)
            uv_run(&worker->loop, UV_RUN_ONCE);
    }
    steps_leave(worker->steps);
    steps_free(worker->steps);
    sender_free(worker->sender);
    for (size_t i = 0; i < TASKS; i++)
        task_free(worker->tasks[i]);
    scan_free(worker->scan);
    chore_free(worker->mails);
    chore_free(worker->archives);
    metrics_close(worker->metrics);
    /* Handles that are closed are freed in the next iterations. */
    for (unsigned i = 0; i < 10; i++)
        uv_run(&worker->loop, UV_RUN_NOWAIT);
    free((void *)worker->step.results);
    free(worker->step.deliveries);
    free(worker->results);
    buffer_free(&worker->jwks);
}

int work_loop_run(const struct work_loop_args *args) {
    static struct worker worker;
    worker.args = args;
    worker.config = args->config;
    worker.was_connected = true;
    worker.started_ms = clock_monotonic_ms();
    if (!secret_init())
        return 1;
    worker.most = most_deliveries();
    open_parts(&worker);
    single_instance_write_pid(args->lock);
    sd_notify_ready();
    if (!args->once)
        log_info("started; at most %zu deliveries at a time", worker.most);
    /* The first tick comes at once. */
    uv_timer_start(&worker.tick, on_tick, 0, TICK_MS);
    uv_run(&worker.loop, UV_RUN_DEFAULT);
    /* The exit status shows cron, or the administrator, that the database was unavailable. */
    const bool has_failed = args->once && !worker.was_connected;
    close_parts(&worker);
    if (!args->once)
        log_info("stopped");
    return has_failed ? 1 : 0;
}
