/* redis_conn, resolver and redis_client: looking up the host of Redis. */
#include <dlfcn.h>
#include <netdb.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/log.h"
#include "redis/redis_client.h"
#include "redis/redis_conn.h"
#include "redis/resolver.h"

/* A name whose lookup hangs until the test says otherwise, and how often it was looked up. */
#define HANGS "hangs.test"

static uv_mutex_t mutex;
static uv_cond_t changed;
static unsigned lookups, hanging;
static bool hang;

/* Replaces that of the library for this name. */
int getaddrinfo(const char *restrict host, const char *restrict port,
                const struct addrinfo *restrict hints, struct addrinfo **restrict found) {
    int (*real)(const char *, const char *, const struct addrinfo *, struct addrinfo **);
    *(void **)&real = dlsym(RTLD_NEXT, "getaddrinfo");
    if (!host || strcmp(host, HANGS) != 0)
        return real(host, port, hints, found);
    uv_mutex_lock(&mutex);
    lookups++;
    hanging++;
    while (hang)
        uv_cond_wait(&changed, &mutex);
    hanging--;
    uv_cond_broadcast(&changed);
    uv_mutex_unlock(&mutex);
    return real("127.0.0.1", port, hints, found);
}

static void begin_hanging(void) {
    hang = true;
    lookups = 0;
}

/* All lookups end; waits for their threads. */
static void end_hanging(void) {
    uv_mutex_lock(&mutex);
    hang = false;
    uv_cond_broadcast(&changed);
    while (hanging > 0)
        uv_cond_wait(&changed, &mutex);
    uv_mutex_unlock(&mutex);
}

static unsigned lookups_so_far(void) {
    uv_mutex_lock(&mutex);
    const unsigned count = lookups;
    uv_mutex_unlock(&mutex);
    return count;
}

struct result {
    unsigned calls;
    size_t count;
    const char *error;
};

static void done(void *context, const struct name_lookup_result *found) {
    struct result *result = context;
    result->calls++;
    result->count = found->count;
    result->error = found->count > 0 ? NULL : name_lookup_error(found);
    if (found->count > 0)
        assert_int_equal(found->addresses[0].ss_family, AF_INET);
}

static void a_host_is_looked_up(void **state) {
    uv_loop_t loop;
    struct result result = {0};
    (void)state;
    uv_loop_init(&loop);
    assert_non_null(resolver_start(&loop, "127.0.0.1", 6379, done, &result));
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(result.calls, 1);
    assert_int_equal(result.count, 1);
    assert_null(result.error);
    assert_int_equal(uv_loop_close(&loop), 0);
}

static void an_unknown_host_is_an_error(void **state) {
    uv_loop_t loop;
    struct result result = {0};
    (void)state;
    uv_loop_init(&loop);
    assert_non_null(resolver_start(&loop, "no.such.host.invalid", 6379, done, &result));
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(result.calls, 1);
    assert_int_equal(result.count, 0);
    assert_non_null(result.error);
    assert_int_equal(uv_loop_close(&loop), 0);
}

static void a_cancelled_lookup_calls_nothing(void **state) {
    uv_loop_t loop;
    struct result result = {0};
    (void)state;
    begin_hanging();
    uv_loop_init(&loop);
    struct resolver *resolver = resolver_start(&loop, HANGS, 6379, done, &result);
    while (lookups_so_far() == 0)
        usleep(1000);
    resolver_cancel(resolver);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop), 0);
    end_hanging();
    assert_int_equal(result.calls, 0);
}

static void work(uv_work_t *request) {
    *(bool *)request->data = true;
}

static void after_work(uv_work_t *request, int status) {
    (void)request;
    (void)status;
}

/* There is one thread for the database. */
static void a_lookup_that_hangs_leaves_the_database_its_threads(void **state) {
    uv_loop_t loop;
    struct result result = {0};
    bool worked = false;
    uv_work_t request = {.data = &worked};
    (void)state;
    begin_hanging();
    uv_loop_init(&loop);
    struct resolver *resolver = resolver_start(&loop, HANGS, 6379, done, &result);
    while (lookups_so_far() == 0)
        usleep(1000);
    uv_queue_work(&loop, &request, work, after_work);
    while (!worked)
        uv_run(&loop, UV_RUN_ONCE);
    end_hanging();
    (void)resolver;
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(result.calls, 1);
    assert_int_equal(uv_loop_close(&loop), 0);
}

static void opened(void *context) {
    (void)context;
}

static void state_changed(void *context, bool up) {
    (void)context;
    (void)up;
}

static void pushed(void *context, const struct redis_reply *reply) {
    (void)context;
    (void)reply;
}

/* However often the connection is tried meanwhile. */
static void a_lookup_that_hangs_is_the_only_one(void **state) {
    static const struct redis_conn_callbacks CALLBACKS = {NULL, opened, state_changed, pushed};
    struct config config = {
        .redis_host = HANGS, .redis_port = 1, .redis_socket = "", .redis_user = ""};
    uv_loop_t loop;
    (void)state;
    begin_hanging();
    uv_loop_init(&loop);
    struct redis_conn *conn = redis_conn_new(&loop, &config, &CALLBACKS, false);
    for (unsigned i = 0; i < 200; i++) {
        redis_conn_tick(conn);
        uv_run(&loop, UV_RUN_NOWAIT);
        usleep(2000);
    }
    assert_int_equal(lookups_so_far(), 1);
    redis_conn_close(conn);
    end_hanging();
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop), 0);
}

/* fcgi-api and confabctl: a request waits half a second at most, and the next attempt goes on with
 * the same lookup. */
static void a_lookup_that_hangs_does_not_stop_a_request(void **state) {
    struct config config = {.redis_host = HANGS,
                            .redis_port = 1,
                            .redis_socket = "",
                            .redis_user = "",
                            .redis_password = ""};
    (void)state;
    begin_hanging();
    struct redis_client *client = redis_client_new(&config);
    const int64_t began_ms = clock_monotonic_ms();
    assert_false(redis_client_ping(client, 5));
    assert_in_range(clock_monotonic_ms() - began_ms, 0, 3000);
    assert_string_equal(redis_client_last_error(client), "looking up redis_host takes too long");
    end_hanging();
    /* After the backoff; nothing listens there. */
    while (strstr(redis_client_last_error(client), "looking up") != NULL) {
        usleep(10000);
        assert_false(redis_client_ping(client, 5));
    }
    assert_non_null(strstr(redis_client_last_error(client), "refused"));
    assert_int_equal(lookups_so_far(), 1);
    redis_client_free(client);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_host_is_looked_up),
        cmocka_unit_test(an_unknown_host_is_an_error),
        cmocka_unit_test(a_cancelled_lookup_calls_nothing),
        cmocka_unit_test(a_lookup_that_hangs_leaves_the_database_its_threads),
        cmocka_unit_test(a_lookup_that_hangs_is_the_only_one),
        cmocka_unit_test(a_lookup_that_hangs_does_not_stop_a_request),
    };
    setenv("UV_THREADPOOL_SIZE", "1", 1);
    uv_mutex_init(&mutex);
    uv_cond_init(&changed);
    log_open("test_redis_conn", LOG_LEVEL_ERROR, false, "/dev/null");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
