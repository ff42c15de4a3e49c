/* GET /healthz. */
#include "handlers/handlers.h"

/* Timeout for Redis in milliseconds; other requests wait less. */
#define REDIS_WAIT_MS 50

/* Without the database the service is unavailable; without Redis it is only degraded. */
enum error health_get(struct exchange *x) {
    struct redis_client *redis = x->service->redis;
    const bool database = db_ping(x->service->db) == ERROR_NONE;
    const bool uses_redis = redis_client_is_configured(redis);
    const bool redis_answers = uses_redis && redis_client_ping(redis, REDIS_WAIT_MS);
    const bool degraded = uses_redis && !redis_answers;
    struct json_writer w = json_writer_start(&x->response.body);
    json_write_object(&w);
    json_write_member_str(&w, "status", !database ? "unavailable" : degraded ? "degraded" : "ok");
    if (!database)
        json_write_member_str(&w, "detail", "The database cannot be reached.");
    if (!database || degraded) {
        json_write_member_str(&w, "database", database ? "ok" : "unreachable");
        json_write_member_str(&w, "redis",
                              !uses_redis     ? "not configured"
                              : redis_answers ? "ok"
                                              : "unreachable");
    }
    json_write_object_end(&w);
    if (database)
        return ERROR_NONE;
    x->response.status = error_status(ERROR_UNAVAILABLE);
    return ERROR_UNAVAILABLE;
}
