/* GET /healthz: for load balancers and monitoring. 200 with "ok" or "degraded", 503 with
 * "unavailable". */
#include "change_health.h"
#include "handlers/handlers.h"
#include "housekeeping.h"
#include "redis/redis_server.h"
#include "store/server.h"

/* How long each check of Redis may take, in milliseconds: longer than requests wait for it, since
 * Redis on a busy machine is slow and not broken. */
#define REDIS_MS 500

/* States of the database in the response. */
static const char OK[] = "ok", UNREACHABLE[] = "unreachable", NO_CHANGES[] = "refuses changes";

/* Each check has a time limit, so that this answers when others would hang. */
static const char *database_state(struct exchange *x) {
    struct db *db = x->service->db;
    /* A new connection, if the old one is dead. */
    if (db_ping(db) != ERROR_NONE)
        return UNREACHABLE;
    /* A small change of its own; and whether those of users succeeded lately. */
    const bool refuses = server_check_writable(db) != ERROR_NONE ||
                         change_health_disk_is_full(x->service->change_health);
    return refuses ? NO_CHANGES : OK;
}

/* The state of Redis, and whether all hosts use the same one. */
static const char *redis_state(struct exchange *x) {
    struct redis_client *redis = x->service->redis;
    uint64_t pushd_count;
    if (!redis_client_is_configured(redis))
        return "not configured";
    /* First a cheap test; then publish, subscribe and write, which may be refused separately. */
    if (!redis_client_ping(redis, REDIS_MS))
        return UNREACHABLE;
    if (!redis_server_try(redis, REDIS_MS, &pushd_count))
        return "refuses commands";
    return housekeeping_record_redis(x->service, REDIS_MS)
               ? "another host uses a different Redis"
               : OK;
}

/* Without the database, or if it refuses changes, the service is unavailable; without Redis, or one
 * that does not connect all processes, it is only degraded. The log has the cause. */
enum error health_get(struct exchange *x) {
    /* The words are constants of this file, so comparing their addresses is enough. */
    const char *database = database_state(x), *redis = redis_state(x);
    char node[DB_NODE_SIZE];
    /* A host that is about to stop is healthy, but should get no new requests. */
    const bool draining = change_health_is_draining(x->service->change_health);
    const bool available = database == OK && !draining;
    const bool degraded = redis != OK && redis_client_is_configured(x->service->redis);
    struct json_writer w = json_writer_start(&x->response.body);
    json_write_object(&w);
    json_write_member_str(&w, "status", !available ? "unavailable" : degraded ? "degraded" : "ok");
    if (!available) {
        json_write_member_str(&w, "detail",
                              draining                  ? "This host is about to stop."
                              : database == UNREACHABLE ? "The database cannot be reached."
                                                        : "The database refuses changes.");
        json_write_member_str(&w, "code", error_code_word(CODE_UNAVAILABLE));
    }
    if (!available || degraded) {
        json_write_member_str(&w, "database", database);
        json_write_member_str(&w, "redis", redis);
    }
    /* The one of several database servers that this process uses. Empty for a single server. */
    db_node(x->service->db, node);
    if (node[0])
        json_write_member_str(&w, "node", node);
    json_write_object_end(&w);
    if (available)
        return ERROR_NONE;
    /* 503 in every such case: load balancers look at the status only. */
    x->response.status = error_status(ERROR_UNAVAILABLE);
    return ERROR_UNAVAILABLE;
}
