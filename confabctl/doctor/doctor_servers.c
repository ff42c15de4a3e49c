/* doctor_servers: the checks of clocks, database connections and Redis. The limits of the database
 * were read at the start of the run (doctor->server), the Date of the web server with /healthz. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "doctor/doctor.h"
#include "redis/redis_server.h"

#define REDIS_MS 2000

/* Tolerated difference between two clocks. */
#define CLOCK_US (5 * 1000000)

/* ---- clocks ---- */

/* Returns the least possible difference between the clock of the web server, by its Date, and
 * this one; negative if it is behind. */
static int64_t site_ahead(const struct http_client_response *response) {
    /* A Date within the second of request and response does not differ: earliest and latest enclose
     * 0. */
    if (!response->has_date || (response->earliest <= 0 && response->latest >= 0))
        return 0;
    return response->earliest > 0 ? response->earliest : response->latest;
}

static bool differs(int64_t ahead) {
    return ahead > CLOCK_US || ahead < -CLOCK_US;
}

/* Appends a part of the message if the clock differs. */
static void append_clock(struct buffer *out, const char *server, int64_t ahead) {
    /* Whole seconds are enough for a message. */
    if (differs(ahead))
        buffer_printf(out, "%sthe %s is %" PRId64 " s %s", out->len > 0 ? ", " : "", server,
                      (ahead > 0 ? ahead : -ahead) / 1000000, ahead > 0 ? "ahead" : "behind");
}

/* Do the clocks of database, web server and this machine agree? */
void doctor_clock(struct doctor *doctor, struct doctor_result *result) {
    struct buffer what = BUFFER_EMPTY;
    append_clock(&what, "database", doctor->server_ahead);
    append_clock(&what, "web server", site_ahead(&doctor->first));
    /* One failure for both clocks, which have the same remedy. */
    if (what.len > 0)
        doctor_set_result(result, REPORT_FAILED,
                          "synchronise the clocks with NTP (timedatectl set-ntp true)",
                          "clocks differ from this machine: %s", buffer_str(&what));
    else
        doctor_set_result(result, REPORT_OK, NULL, "%s",
                          doctor->first.has_date ? "web server, database and this machine agree"
                                                 : "database and this machine agree");
    buffer_free(&what);
}

/* ---- database ---- */

/* Each process of fcgi-api has a connection, each database thread of each pushd worker, each thread
 * of confab-worker, and confabctl. */
void doctor_connections(struct doctor *doctor, struct doctor_result *result) {
    const struct config *config = &doctor->cli->config;
    const uint64_t pushds = doctor->metrics_count ? doctor->metrics_count : 1;
    /* 6 is five of confab-worker (deliveries, scanning, mails, archives and metrics) and one of
     * confabctl. */
    const uint64_t required =
        config->processes + pushds * config->push_workers * config->push_db_threads + 6;
    if (doctor->server.connections < required)
        doctor_set_result(
            result, REPORT_FAILED,
            "raise max_connections of MariaDB (or the limit of the user), or lower processes, "
            "push_workers or push_db_threads",
            "the database allows %" PRIu64 " connection%s, confab may need %" PRIu64,
            doctor->server.connections, text_plural(doctor->server.connections), required);
    else
        doctor_set_result(result, REPORT_OK, NULL,
                          "the database allows %" PRIu64
                          " connections, confab needs at most %" PRIu64,
                          doctor->server.connections, required);
}

/* ---- Redis ---- */

/* Returns the value of the line `name:value`, or an empty text. */
static struct text field(struct buffer *lines, const char *name) {
    char start[64];
    /* INFO has lines that end with CR LF, after a line with the name of a section. */
    snprintf(start, sizeof(start), "\n%s:", name);
    const char *found = strstr(buffer_str(lines), start);
    found = found ? found + strlen(start) : "";
    return (struct text){found, strcspn(found, "\r\n")};
}

/* Does Redis keep its keys when its memory is full, by its INFO? */
static void check_eviction(struct buffer *lines, struct doctor_result *result) {
    const struct text policy = field(lines, "maxmemory_policy");
    uint64_t limit;
    /* Some hosts of Redis give no complete INFO. */
    if (!text_to_u64(field(lines, "maxmemory"), &limit) || (limit > 0 && policy.len == 0))
        doctor_set_result(result, REPORT_WARNING,
                          "look up maxmemory-policy of this Redis: it must be noeviction",
                          "Redis does not say whether it evicts keys when its memory is full");
    /* 0 means no limit: nothing is ever evicted. */
    else if (limit > 0 && !text_equals(policy, text_of("noeviction")))
        doctor_set_result(
            result, REPORT_FAILED,
            "set maxmemory-policy noeviction in redis.conf, or use a separate Redis for confab",
            "evicts keys when its memory is full (%.*s): presence and rate limits are lost",
            (int)policy.len, policy.at);
    else
        doctor_set_result(result, REPORT_OK, NULL, "eviction disabled");
}

/* Can Redis be used, is it the same for all hosts, and does it keep its keys? */
void doctor_redis(struct doctor *doctor, struct doctor_result *result) {
    struct redis_client *redis = doctor->cli->redis;
    struct buffer lines = BUFFER_EMPTY;
    if (!redis_client_is_configured(redis)) {
        doctor_set_result(result, REPORT_WARNING, "set redis_socket or redis_host",
                          "not configured: events are delayed, presence is empty");
        return;
    }
    /* What pushd and fcgi-api do: subscribe, publish, write a key. */
    uint64_t pushd_count;
    if (!redis_server_try(redis, REDIS_MS, &pushd_count)) {
        doctor_set_result(result, REPORT_FAILED, "run `confabctl check`", "%s",
                          redis_client_last_error(redis));
        return;
    }
    char identity[REDIS_SERVER_IDENTITY_SIZE];
    bool others = false;
    /* The database records which Redis each host has used recently. */
    if (redis_server_identity(redis, REDIS_MS, identity))
        server_find_other_redis(doctor->cli->db, identity, &others);
    if (others) {
        doctor_set_result(result, REPORT_FAILED, "use the same Redis on all hosts",
                          "another host of this database uses a different Redis");
        return;
    }
    /* The INFO of memory, with limit and policy. */
    if (!redis_server_memory(redis, REDIS_MS, &lines)) {
        doctor_set_result(result, REPORT_FAILED, "run `confabctl check`", "cannot read INFO: %s",
                          redis_client_last_error(redis));
        return;
    }
    check_eviction(&lines, result);
    buffer_free(&lines);
}
