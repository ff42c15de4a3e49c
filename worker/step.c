/* The order of a step, and making deliveries from leases. Events of a room that several hooks
 * receive are read once: leases are sorted by room and first event. */
#include "step.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/array.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/xalloc.h"
#include "clearing_pace.h"
#include "db/db.h"
#include "event/bell.h"
#include "event/replay.h"
#include "store/followers/follower.h"
#include "store/followers/hook.h"
#include "store/followers/worker.h"
#include "store/housekeeping.h"
#include "store/messages/clearing.h"
#include "store/search/search_index.h"
#include "store/privacy/erasure.h"
#include "store/server.h"
#include "store/site/jwks.h"
#include "json/json_writer.h"

/* Intervals of the parts of a step, in milliseconds. */
#define RENEW_MS 1500
#define THOROUGH_MS 10000
#define JWKS_MS 1000
#define HOUSEKEEPING_MS 60000

#define MARGIN_MS 500 /* requests must have ended this long before the lease ends */
#define LATER_MS 2000 /* the pause when the database does not answer, or an event is not read */
#define HOUSEKEEPING_SECONDS 600

/* A search goes back this far, since events get their time before their commit. A thorough one
 * finds those of transactions that had to wait. */
#define SEARCH_SECONDS 5

/* Most deliveries of one step, as the first ones are to be sent soon; and about the most bytes of
 * the events of one delivery. */
#define CLAIM_MOST 256
#define EVENTS_MOST ((size_t)1024 * 1024)

/* The index of searches, in one step. */
#define SEARCH_INDEX_MS 200
#define SEARCH_INDEX_EVERY_MS 400

/* While many messages are being deleted: removing some from the index reads all terms of their
 * segment, so the more are removed at once, the less each costs. */
#define SEARCH_INDEX_CLEARING_MS 3000

/* Of one step; CLEARING_MS, for messages of users who were banned or erased, with its pauses. */
#define CLEARING_MS 60
#define HOUSEKEEPING_BUDGET_MS 20

struct steps {
    const struct config *config;
    struct db *db;
    struct bell *bell;
    char name[64];
    char origin[SERVER_ORIGIN_SIZE]; /* of the database, for ids of deliveries */
    uint64_t worker_id, claim;
    bool claim_is_unread; /* after an error: there may be leases of this claim */
    int64_t renewed_ms, thorough_ms, jwks_ms, search_ms, housekeeping_ms;
    bool housekeeping_claimed;
    struct housekeeping housekeeping;
    struct search_index search;
    bool search_has_more, clearing_has_more;
    struct clearing_pace pace;
    bool is_erasing; /* the last slice was of an erasure */

    /* of the present step */
    struct step *step;
    struct events *events; /* that were read last */
    size_t lease_count;
    enum error error;                /* of making a delivery */
    struct step_result *own_results; /* what needed no delivery: recorded with the next step */
    size_t own_count, own_space;
};

struct steps *steps_new(const struct config *config) {
    struct steps *steps = xcalloc(1, sizeof(*steps));
    char host[32] = "";
    steps->config = config;
    steps->db = db_new(config);
    steps->bell = bell_new(config->bell_dir, NULL);
    /* host:pid, as the table of workers shows it. */
    gethostname(host, sizeof(host) - 1);
    snprintf(steps->name, sizeof(steps->name), "%s:%d", host, (int)getpid());
    return steps;
}

void steps_free(struct steps *steps) {
    db_free(steps->db);
    bell_free(steps->bell);
    free(steps->own_results);
    free(steps);
}

/* ---- the worker's row ---- */

/* Renews the row, or adds it again. Leases that another worker has taken over meanwhile are
 * lost. */
static enum error renew_row(struct steps *steps) {
    const int64_t now = clock_monotonic_ms();
    bool kept = true;
    enum error error = ERROR_NONE;
    /* The lease lasts WORKER_LEASE_MS, so that some renewals may fail before it ends. */
    if (steps->worker_id && now - steps->renewed_ms < RENEW_MS)
        return ERROR_NONE;
    if (steps->worker_id)
        error = worker_renew(steps->db, steps->worker_id, &kept);
    if (!error && !kept)
        log_warn("the lease of this worker expired; other workers have taken over its deliveries");
    /* Another worker has removed the row and taken over the leases: results of this worker do not
     * count any more. */
    if (!error && steps->worker_id && !kept) {
        steps->step->has_lost = true;
        steps->worker_id = 0;
        steps->own_count = 0;
        steps->claim_is_unread = false;
    }
    if (!error && !steps->worker_id)
        error = worker_add(steps->db, text_of(steps->name), &steps->worker_id);
    /* The time before the statement, which is earlier than the one that the database has set. */
    if (!error)
        steps->renewed_ms = now;
    return error;
}

void steps_leave(struct steps *steps) {
    if (steps->worker_id)
        worker_remove(steps->db, steps->worker_id);
    steps->worker_id = 0;
}

/* ---- recording ---- */

static void add_result(struct steps *steps, struct step_result result) {
    steps->own_results = array_reserve(steps->own_results, &steps->own_space, steps->own_count + 1,
                                       sizeof(*steps->own_results));
    steps->own_results[steps->own_count++] = result;
}

/* A success moves the place of the hook to the end of the delivery; a failure leaves it where
 * it was and sets the time of the next try. */
static struct follower_result row_of(const struct step_result *result) {
    return (struct follower_result){.follower_id = result->hook_id,
                                    .room_id = result->room_id,
                                    .claim = result->claim,
                                    .seq = result->succeeded ? result->last_seq : result->seq,
                                    .delay_ms = result->succeeded ? 0 : result->delay_ms,
                                    .has_failed = result->was_tried && !result->succeeded,
                                    .is_gone = result->is_gone};
}

/* Adds the result of a try to the sums of its hook, found by a linear search: a step has few
 * hooks. */
static size_t add_to_sums(struct hook_tries *sums, size_t count, const struct step_result *result) {
    size_t i = 0;
    if (!result->was_tried)
        return count;
    while (i < count && sums[i].hook_id != result->hook_id)
        i++;
    if (i == count)
        sums[count++] = (struct hook_tries){.hook_id = result->hook_id};
    sums[i].delivered += result->succeeded;
    sums[i].failed += !result->succeeded;
    if (!result->succeeded)
        sums[i].failure = result->failure;
    return count;
}

/* Records results: the places of the hooks, and the counters. */
static enum error record(struct steps *steps, const struct step_result *results, size_t count) {
    /* One more than needed, so that an empty list is not NULL. */
    struct follower_result *rows = xcalloc(count + 1, sizeof(*rows));
    struct hook_tries *sums = xcalloc(count + 1, sizeof(*sums));
    size_t sum_count = 0;
    for (size_t i = 0; i < count; i++) {
        rows[i] = row_of(&results[i]);
        sum_count = add_to_sums(sums, sum_count, &results[i]);
    }
    enum error error = ERROR_NONE;
    if (count > 0)
        error = follower_record(steps->db, steps->worker_id, rows, count);
    /* The counters are only shown to administrators: if this fails, the results stay recorded. */
    if (!error)
        hook_count_tries(steps->db, sums, sum_count);
    free(rows);
    free(sums);
    return error;
}

/* Records the results that the loop has collected, and those of the last step itself. */
static enum error record_all(struct steps *steps) {
    struct step *step = steps->step;
    enum error error = ERROR_NONE;
    /* A lease that was lost is recorded by the worker that has it now. */
    if (!step->has_lost)
        error = record(steps, step->results, step->result_count);
    step->is_recorded = !error;
    /* From the last step: leases that needed no delivery. */
    if (!error)
        error = record(steps, steps->own_results, steps->own_count);
    if (!error)
        steps->own_count = 0;
    return error;
}

/* ---- searching ---- */

/* Looks for rooms with events that hooks have not read. */
static enum error search(struct steps *steps) {
    const int64_t now = clock_monotonic_ms();
    uint64_t seconds = SEARCH_SECONDS;
    /* At the start, then every ten seconds; the others look back for a few seconds only. */
    const bool is_thorough = steps->thorough_ms == 0 || now - steps->thorough_ms >= THOROUGH_MS;
    uint64_t hooks = 0;
    enum error error = hook_count(steps->db, &hooks);
    steps->step->has_hooks = hooks > 0;
    /* Back to the last thorough one and FOLLOWER_LATE more: a transaction that waited for locks
     * commits that late with an early time. */
    if (!error && is_thorough)
        error = follower_search_seconds(steps->db, &seconds);
    if (!error)
        error = follower_find_rooms(steps->db, seconds);
    /* After the search: if it fails, or the worker dies, the next one covers its time as well. */
    if (!error && is_thorough)
        error = follower_record_search(steps->db);
    /* If the clock of the database was set back, the next try could be hours away. */
    if (!error && is_thorough)
        error = follower_cap_due(steps->db);
    /* The origin changes when a backup is restored. */
    if (!error && is_thorough)
        error = server_origin(steps->db, steps->origin);
    if (!error && is_thorough)
        steps->thorough_ms = now;
    return error;
}

/* ---- deliveries ---- */

/* The events of a lease, as far as they go into one delivery. */
struct events {
    uint64_t room_id, seq, batch_seq; /* what was read */
    enum error error;                 /* or could not be */
    struct buffer json;               /* without commas */
    struct {
        uint64_t seq;
        unsigned type;
        size_t end; /* in json */
    } each[FOLLOWER_BATCH];
    size_t count;
};

/* Adds an event of a replay to the delivery that is being made. */
static void keep_event(void *context, const struct event_envelope *envelope) {
    struct events *events = context;
    /* The first event goes in whatever its length; one that does not fit begins the next
     * delivery. */
    if (events->count == FOLLOWER_BATCH ||
        (events->count > 0 && events->json.len + envelope->text.len > EVENTS_MOST))
        return;
    buffer_append(&events->json, envelope->text.at, envelope->text.len);
    events->each[events->count].seq = envelope->seq;
    events->each[events->count].type = event_shown_type(envelope->type);
    events->each[events->count++].end = events->json.len;
}

/* Reads the events of a lease, unless they are there from the one before. */
static void read_events(struct steps *steps, const struct follower_lease *lease) {
    struct events *events = steps->events;
    /* Hooks that have read the room up to the same event share what was read for the first of
     * them. */
    const bool is_same = events->room_id == lease->room.room_id && events->seq == lease->seq &&
                         events->batch_seq == lease->batch_seq && !events->error;
    if (is_same && events->count > 0)
        return;
    buffer_clear(&events->json);
    events->count = 0;
    events->room_id = lease->room.room_id;
    events->seq = lease->seq;
    events->batch_seq = lease->batch_seq;
    /* The present end of the room may be later than that of the delivery. */
    events->error = replay_room(steps->db, &lease->room, lease->seq, lease->batch_seq - lease->seq,
                                steps->config->event_retention, keep_event, events);
}

/* The step owns the delivery until the loop sends it. */
static void add_delivery(struct steps *steps, struct delivery *delivery,
                         const struct follower_lease *lease) {
    struct step *step = steps->step;
    delivery->tries = lease->tries;
    delivery->claim = steps->claim;
    delivery_end(delivery);
    step->deliveries = array_reserve(step->deliveries, &step->delivery_space,
                                     step->delivery_count + 1, sizeof(*step->deliveries));
    step->deliveries[step->delivery_count++] = delivery;
}

/* The result of a lease that needs no delivery. */
static struct step_result result_of(const struct steps *steps, const struct follower_lease *lease) {
    return (struct step_result){.hook_id = lease->follower_id,
                                .room_id = lease->room.room_id,
                                .claim = steps->claim,
                                .seq = lease->seq,
                                .last_seq = lease->batch_seq,
                                .tries = lease->tries};
}

/* Stores the end of a delivery that is shorter or longer than what was leased, since each further
 * try must have the same events. If that fails, the lease is given back. */
static enum error set_end(struct steps *steps, const struct follower_lease *lease,
                          uint64_t last_seq) {
    struct step_result result = result_of(steps, lease);
    if (last_seq == lease->batch_seq)
        return ERROR_NONE;
    const enum error error = follower_set_batch(steps->db, steps->worker_id, lease, last_seq);
    result.delay_ms = LATER_MS;
    if (error)
        add_result(steps, result);
    return error;
}

/* Makes a delivery that asks the receiver to load the room, since events have expired before they
 * could be delivered. */
static enum error deliver_resync(struct steps *steps, const struct follower_lease *lease) {
    /* The present end, even if an earlier try had another one, since the events before it are not
     * sent. */
    const uint64_t last_seq = lease->room.last_seq;
    const enum error error = set_end(steps, lease, last_seq);
    if (error)
        return error;
    struct delivery *delivery = delivery_new(&lease->hook, lease->room.room_id, lease->room_key,
                                             lease->seq, last_seq, steps->origin);
    buffer_printf(&delivery->body, "{\"type\":\"resync\",\"last_seq\":%" PRIu64 "}", last_seq);
    add_delivery(steps, delivery, lease);
    return ERROR_NONE;
}

/* A delivery of the events that the hook wants; none if it wants none of them. */
static enum error deliver_events(struct steps *steps, const struct follower_lease *lease) {
    const struct events *events = steps->events;
    const struct hook *hook = &lease->hook;
    const uint64_t last_seq = events->each[events->count - 1].seq;
    struct delivery *delivery = delivery_new(&lease->hook, lease->room.room_id, lease->room_key,
                                             lease->seq, last_seq, steps->origin);
    struct json_writer w = {.out = &delivery->body, .comma = false};
    enum error error = ERROR_NONE;
    for (size_t i = 0; i < events->count; i++) {
        const size_t start = i > 0 ? events->each[i - 1].end : 0;
        const bool is_wanted = !hook->has_types || (hook->types >> events->each[i].type & 1);
        if (is_wanted && events->each[i].end > start)
            json_write_raw(&w, events->json.data + start, events->each[i].end - start);
    }
    /* w.comma: there is at least one event. There may be fewer than were leased. */
    if (w.comma)
        error = set_end(steps, lease, last_seq);
    if (w.comma && !error) {
        add_delivery(steps, delivery, lease);
        return ERROR_NONE;
    }
    delivery_free(delivery);
    /* None of the events is wanted: the place moves past them without a request. */
    if (!w.comma) {
        struct step_result result = result_of(steps, lease);
        result.succeeded = true;
        result.last_seq = last_seq;
        add_result(steps, result);
    }
    return error;
}

/* A test has no room: one event of a type of its own. */
static enum error deliver_test(struct steps *steps, const struct follower_lease *lease) {
    struct delivery *delivery =
        delivery_new(&lease->hook, 0, lease->room_key, lease->seq, lease->batch_seq, steps->origin);
    buffer_append_str(&delivery->body, "{\"type\":\"test\"}");
    add_delivery(steps, delivery, lease);
    return ERROR_NONE;
}

/* Makes a delivery of a lease, or a result if there is nothing to deliver. */
static enum error deliver(struct steps *steps, const struct follower_lease *lease) {
    const struct room_state *room = &lease->room;
    struct events *events = steps->events;
    struct step_result result = result_of(steps, lease);
    if (lease->hook.id && room->room_id == FOLLOWER_TEST_ROOM)
        return deliver_test(steps, lease);
    /* Deleted meanwhile, or nothing new. */
    result.is_gone = !lease->hook.id || !room->exists;
    if (result.is_gone || lease->seq == room->last_seq) {
        result.succeeded = true;
        result.last_seq = lease->seq;
        add_result(steps, result);
        return ERROR_NONE;
    }
    /* A room with fewer events than its follower has read: the database was restored. */
    if (lease->seq > room->last_seq)
        return deliver_resync(steps, lease);
    read_events(steps, lease);
    if (events->error == ERROR_GONE)
        return deliver_resync(steps, lease);
    if (!events->error && events->count > 0)
        return deliver_events(steps, lease);
    /* The events cannot be read now: the room is due again soon, without counting a try. */
    result.delay_ms = LATER_MS;
    add_result(steps, result);
    return events->error;
}

/* Makes a delivery of a lease, or gives it back. */
static void visit_lease(void *context, const struct follower_lease *lease) {
    struct steps *steps = context;
    struct step_result result = result_of(steps, lease);
    steps->lease_count++;
    /* After an error the others are given back. */
    if (!steps->error) {
        steps->error = deliver(steps, lease);
        return;
    }
    result.delay_ms = LATER_MS;
    add_result(steps, result);
}

/* Visits what was leased; the events that were read last serve all hooks that begin there. */
static enum error make_deliveries(struct steps *steps) {
    steps->events = xcalloc(1, sizeof(*steps->events));
    steps->error = ERROR_NONE;
    const enum error error =
        follower_claimed(steps->db, steps->worker_id, steps->claim, visit_lease, steps);
    if (!error)
        steps->claim_is_unread = false;
    buffer_free(&steps->events->json);
    free(steps->events);
    return error ? error : steps->error;
}

/* Leases what is due and makes deliveries of it. */
static enum error lease_rooms(struct steps *steps) {
    struct step *step = steps->step;
    const size_t most = step->slots < CLAIM_MOST ? step->slots : CLAIM_MOST;
    steps->lease_count = 0;
    /* All slots are taken: what is leased must be sent soon. */
    if (most == 0)
        return ERROR_NONE;
    enum error error = ERROR_NONE;
    /* After an error the rows of the last claim may be unread: that claim is read again, since its
     * leases would otherwise stay until the worker ends. */
    if (!steps->claim_is_unread) {
        steps->claim_is_unread = true;
        error = follower_claim(steps->db, steps->worker_id, ++steps->claim, most);
    }
    if (!error)
        error = make_deliveries(steps);
    /* If as many rooms as wanted were due, there are probably more. */
    step->has_more = steps->own_count > 0 || steps->lease_count == most;
    return error;
}

/* ---- other duties ---- */

/* Stores the keys that were fetched, and checks whether they are due to be fetched again. */
static enum error check_jwks(struct steps *steps) {
    const int64_t now = clock_monotonic_ms();
    const char *url = steps->config->jwks_url;
    struct step *step = steps->step;
    enum error error = ERROR_NONE;
    if (!url[0])
        return ERROR_NONE;
    /* What the loop has fetched is stored first; the database then says, to one worker only,
     * whether it is due again. */
    if (step->jwks_failure)
        error = jwks_record_failure(steps->db, url, step->jwks_failure);
    else if (step->jwks)
        error = jwks_store(steps->db, url, *step->jwks);
    if (error || (steps->jwks_ms > 0 && now - steps->jwks_ms < JWKS_MS))
        return error;
    steps->jwks_ms = now;
    return jwks_is_due(steps->db, url, &step->jwks_is_due);
}

/* Updates the search index, but not in each step, since steps for deliveries run with each
 * event. */
static enum error update_search(struct steps *steps) {
    const int64_t now = clock_monotonic_ms();
    const int64_t every_ms =
        steps->clearing_has_more ? SEARCH_INDEX_CLEARING_MS : SEARCH_INDEX_EVERY_MS;
    const bool is_due = steps->search_has_more || steps->search_ms == 0 ||
                        now - steps->search_ms >= every_ms;
    /* Switched off by a reload, or the process is ending: nothing is left to do. */
    if (!steps->step->update_search || steps->config->search == CONFIG_OFF)
        steps->search_has_more = false;
    if (!steps->step->update_search || steps->config->search == CONFIG_OFF || !is_due)
        return ERROR_NONE;
    steps->search_ms = now;
    return search_index_step(steps->db, &steps->search, SEARCH_INDEX_MS, &steps->search_has_more);
}

/* One slice: of an erasure, or of a clearing, in turns; if one has nothing to do, of the other. */
static enum error clear_slice(struct steps *steps, uint64_t *done) {
    const uint64_t size = clearing_pace_size(&steps->pace);
    enum error error = ERROR_NONE;
    *done = 0;
    for (int i = 0; i < 2 && !error && *done == 0; i++) {
        steps->is_erasing = !steps->is_erasing;
        error = steps->is_erasing
                    ? erasure_step(steps->db, steps->config, 0, size, done)
                    : clearing_step(steps->db, steps->config->file_dir, size, done);
    }
    return error;
}

/* Continues erasing users and deleting messages of banned users, without waiting for the
 * housekeeping. Deliveries to hooks wait until the step ends, so this is short. */
static enum error clear_messages(struct steps *steps) {
    const int64_t end_ms = clock_monotonic_ms() + CLEARING_MS;
    uint64_t done = 1;
    bool has_cleared = false;
    enum error error = ERROR_NONE;
    while (!error && done > 0 && clock_monotonic_ms() < end_ms) {
        const int64_t began_us = clock_monotonic_us();
        error = clear_slice(steps, &done);
        if (error || done == 0)
            break;
        has_cleared = true;
        /* In the pauses the database serves posts. */
        const uint64_t pause_us = clearing_pace_pause(&steps->pace, done,
                                                      (uint64_t)(clock_monotonic_us() - began_us));
        const struct timespec pause = {.tv_sec = 0, .tv_nsec = (long)pause_us * 1000};
        nanosleep(&pause, NULL);
    }
    if (has_cleared)
        bell_ring_changed(steps->bell, steps->db);
    steps->clearing_has_more = !error && done > 0;
    return error;
}

/* Runs one slice of the housekeeping, so that deliveries do not wait. */
static enum error run_housekeeping(struct steps *steps) {
    const int64_t now = clock_monotonic_ms();
    bool finished = false;
    uint64_t deleted = 0;
    enum error error = ERROR_NONE;
    if (!steps->housekeeping_claimed && steps->housekeeping_ms > 0 &&
        now - steps->housekeeping_ms < HOUSEKEEPING_MS)
        return ERROR_NONE;
    steps->housekeeping_ms = now;
    /* One process at a time does the housekeeping of a site: a worker, or one of fcgi-api. */
    if (!steps->housekeeping_claimed)
        error = housekeeping_claim(steps->db, HOUSEKEEPING_SECONDS, false,
                                   &steps->housekeeping_claimed);
    if (!error && steps->housekeeping_claimed)
        error = housekeeping_run(steps->db, steps->config, HOUSEKEEPING_BUDGET_MS,
                                 &steps->housekeeping, &deleted, &finished);
    if (deleted > 0) {
        bell_ring_changed(steps->bell, steps->db);
        log_info("housekeeping: deleted %" PRIu64 " expired rows", deleted);
    }
    if (error || finished)
        steps->housekeeping_claimed = false;
    return error;
}

/* The order matters: without its row the worker leases nothing; results are recorded before new
 * leases, which begin where the last ones ended. The first error ends the step. */
void steps_run(struct steps *steps, struct step *step) {
    steps->step = step;
    enum error error = renew_row(steps);
    if (!error)
        error = record_all(steps);
    if (!error)
        error = worker_remove_dead(steps->db);
    if (!error)
        error = search(steps);
    if (!error)
        error = lease_rooms(steps);
    if (!error)
        error = check_jwks(steps);
    if (!error)
        error = update_search(steps);
    if (!error)
        error = clear_messages(steps);
    if (!error)
        error = run_housekeeping(steps);
    bell_write_heartbeat(steps->bell);
    step->is_connected = !error;
    step->lease_until = steps->renewed_ms + WORKER_LEASE_MS - MARGIN_MS;
    /* After an error the loop waits for the next tick. */
    step->has_more = !error && (step->has_more || steps->housekeeping_claimed ||
                                steps->search_has_more || steps->clearing_has_more);
}
