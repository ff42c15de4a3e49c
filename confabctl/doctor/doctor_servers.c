#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "doctor/doctor.h"

#define REDIS_MS 2000

/* Clocks may differ by so much. */
#define CLOCK_US (5 * 1000000)

/* ---- clocks ---- */

/* How much the site's clock is ahead of ours at least, by its Date; negative: behind. */
static int64_t site_ahead(const struct site_answer *answer) {
    if (!answer->has_date || (answer->earliest <= 0 && answer->latest >= 0))
        return 0;
    return answer->earliest > 0 ? answer->earliest : answer->latest;
}

static bool differs(int64_t ahead) {
    return ahead > CLOCK_US || ahead < -CLOCK_US;
}

static void append_clock(struct buffer *out, const char *whose, int64_t ahead) {
    if (differs(ahead))
        buffer_printf(out, "%sthe %s's is %" PRId64 " s %s", out->len > 0 ? ", " : "", whose,
                      (ahead > 0 ? ahead : -ahead) / 1000000, ahead > 0 ? "ahead" : "behind");
}

void doctor_clock(struct doctor *doctor, struct finding *finding) {
    struct buffer what = BUFFER_EMPTY;
    append_clock(&what, "database", doctor->server_ahead);
    append_clock(&what, "web server", site_ahead(&doctor->first));
    if (what.len > 0)
        doctor_found(finding, FINDINGS_FAILED,
                     "have each machine set its clock by the network (timedatectl set-ntp true)",
                     "clocks differ; beside this machine's, %s", buffer_str(&what));
    else
        doctor_found(finding, FINDINGS_OK, NULL, "%s",
                     doctor->first.has_date ? "site, database and this machine agree"
                                            : "database and this machine agree");
    buffer_free(&what);
}

/* ---- database ---- */

/* Every process of fcgi-api has one, every thread of pushd that asks the database, and
 * confabctl. */
void doctor_connections(struct doctor *doctor, struct finding *finding) {
    const struct config *config = &doctor->tool->config;
    const uint64_t pushds = doctor->metrics_count ? doctor->metrics_count : 1;
    const uint64_t wanted =
        config->processes + pushds * config->push_workers * config->push_db_threads + 1;
    if (doctor->server.connections < wanted)
        doctor_found(finding, FINDINGS_FAILED,
                     "raise max_connections of MariaDB (or the user's limit), or lower processes, "
                     "push_workers or push_db_threads",
                     "the database lets %" PRIu64 " in at once, confab may need %" PRIu64,
                     doctor->server.connections, wanted);
    else
        doctor_found(finding, FINDINGS_OK, NULL,
                     "the database lets %" PRIu64 " in at once, confab needs at most %" PRIu64,
                     doctor->server.connections, wanted);
}

/* ---- Redis ---- */

/* The value on the line `name:value`; its length is *len. */
static const char *field(struct buffer *lines, const char *name, int *len) {
    char start[64];
    snprintf(start, sizeof(start), "\n%s:", name);
    const char *found = strstr(buffer_str(lines), start);
    found = found ? found + strlen(start) : "";
    *len = (int)strcspn(found, "\r\n");
    return found;
}

void doctor_redis(struct doctor *doctor, struct finding *finding) {
    struct redis_client *redis = doctor->tool->redis;
    struct buffer lines = BUFFER_EMPTY;
    int limit_len, policy_len;
    if (!redis_client_is_configured(redis)) {
        doctor_found(finding, FINDINGS_WARNING, "set redis_socket or redis_host",
                     "not configured: events take longer, presence is empty");
        return;
    }
    if (!redis_client_memory(redis, REDIS_MS, &lines)) {
        doctor_found(finding, FINDINGS_FAILED, "`confabctl check` says more", "cannot be asked: %s",
                     redis_client_last_error(redis));
        return;
    }
    const char *limit = field(&lines, "maxmemory", &limit_len);
    const char *policy = field(&lines, "maxmemory_policy", &policy_len);
    if (strtoull(limit, NULL, 10) > 0 && strncmp(policy, "noeviction", (size_t)policy_len) != 0)
        doctor_found(finding, FINDINGS_FAILED,
                     "maxmemory-policy noeviction in redis.conf, or a Redis of confab's own",
                     "throws keys away when it is full (%.*s): presence and limits get lost",
                     policy_len, policy);
    else
        doctor_found(finding, FINDINGS_OK, NULL, "keeps what it is given");
    buffer_free(&lines);
}
