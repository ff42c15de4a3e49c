#include "handlers/handlers.h"

/* Milliseconds a health check waits for Redis: longer than a request would. */
#define REDIS_WAIT_MS 50

/* Only the database is needed to serve; without Redis the service is slower, not down. */
enum error health_get(struct exchange *x) {
    struct redis_client *redis = x->service->redis;
    const bool database = db_ping(x->service->db) == ERROR_NONE;
    const bool with_redis = redis_client_is_configured(redis);
    const bool redis_there = with_redis && redis_client_ping(redis, REDIS_WAIT_MS);
    const bool degraded = with_redis && !redis_there;
    struct json_writer w = json_writer_start(&x->response.body);
    json_write_object(&w);
    json_write_member_str(&w, "status", !database ? "unavailable" : degraded ? "degraded" : "ok");
    if (!database)
        json_write_member_str(&w, "detail", "The database cannot be reached.");
    if (!database || degraded) {
        json_write_member_str(&w, "database", database ? "ok" : "unreachable");
        json_write_member_str(&w, "redis",
                              !with_redis   ? "not configured"
                              : redis_there ? "ok"
                                            : "unreachable");
    }
    json_write_object_end(&w);
    if (database)
        return ERROR_NONE;
    x->response.status = error_status(ERROR_UNAVAILABLE);
    return ERROR_UNAVAILABLE;
}
