/* redis_conn, resolver and redis_client: looking up the host of Redis. */
#include <dlfcn.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "redis/redis_client.h"
#include "redis/redis_conn.h"
#include "redis/resolver.h"
#include "support/unit.h"

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

struct fixture {
    uv_loop_t loop;
    unsigned calls; /* of done */
    size_t count;   /* addresses found */
    const char *error;
};

static int set_up(void **state) {
    struct fixture *f = calloc(1, sizeof(*f));
    *state = f;
    return f ? uv_loop_init(&f->loop) : -1;
}

/* Nothing is left on the loop. */
static int tear_down(void **state) {
    struct fixture *f = *state;
    assert_int_equal(uv_loop_close(&f->loop), 0);
    free(f);
    return 0;
}

static void done(void *context, const struct name_lookup_result *found) {
    struct fixture *f = context;
    f->calls++;
    f->count = found->count;
    f->error = found->count > 0 ? NULL : name_lookup_error(found);
    if (found->count > 0)
        assert_int_equal(found->addresses[0].ss_family, AF_INET);
}

/* Looks a host up to the end. */
static void look_up(struct fixture *f, const char *host) {
    assert_non_null(resolver_start(&f->loop, host, 6379, done, f));
    uv_run(&f->loop, UV_RUN_DEFAULT);
    assert_int_equal(f->calls, 1);
}

/* Begins a lookup that hangs until end_hanging(). */
static struct resolver *begin_lookup(struct fixture *f) {
    begin_hanging();
    struct resolver *resolver = resolver_start(&f->loop, HANGS, 6379, done, f);
    while (lookups_so_far() == 0)
        usleep(1000);
    return resolver;
}

static void a_host_is_looked_up(void **state) {
    struct fixture *f = *state;
    look_up(f, "127.0.0.1");
    assert_int_equal(f->count, 1);
    assert_null(f->error);
}

static void an_unknown_host_is_an_error(void **state) {
    struct fixture *f = *state;
    look_up(f, "no.such.host.invalid");
    assert_int_equal(f->count, 0);
    assert_non_null(f->error);
}

static void a_cancelled_lookup_calls_nothing(void **state) {
    struct fixture *f = *state;
    resolver_cancel(begin_lookup(f));
    uv_run(&f->loop, UV_RUN_DEFAULT);
    end_hanging();
    assert_int_equal(f->calls, 0);
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
    struct fixture *f = *state;
    bool worked = false;
    uv_work_t request = {.data = &worked};
    begin_lookup(f);
    uv_queue_work(&f->loop, &request, work, after_work);
    while (!worked)
        uv_run(&f->loop, UV_RUN_ONCE);
    end_hanging();
    uv_run(&f->loop, UV_RUN_DEFAULT);
    assert_int_equal(f->calls, 1);
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

/* One lookup serves all attempts to connect. */
static void a_lookup_that_hangs_is_the_only_one(void **state) {
    static const struct redis_conn_callbacks CALLBACKS = {NULL, opened, state_changed, pushed};
    struct config config = {
        .redis_host = HANGS, .redis_port = 1, .redis_socket = "", .redis_user = ""};
    struct fixture *f = *state;
    begin_hanging();
    struct redis_conn *conn = redis_conn_new(&f->loop, &config, &CALLBACKS, false);
    for (unsigned i = 0; i < 200; i++) {
        redis_conn_tick(conn);
        uv_run(&f->loop, UV_RUN_NOWAIT);
        usleep(2000);
    }
    assert_int_equal(lookups_so_far(), 1);
    redis_conn_close(conn);
    end_hanging();
    uv_run(&f->loop, UV_RUN_DEFAULT);
}

/* fcgi-api and confabctl: a request waits half a second at most, and the next attempt continues
 * with the same lookup. */
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

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(a_host_is_looked_up),
        TEST(an_unknown_host_is_an_error),
        TEST(a_cancelled_lookup_calls_nothing),
        TEST(a_lookup_that_hangs_leaves_the_database_its_threads),
        TEST(a_lookup_that_hangs_is_the_only_one),
        cmocka_unit_test(a_lookup_that_hangs_does_not_stop_a_request),
    };
    setenv("UV_THREADPOOL_SIZE", "1", 1);
    uv_mutex_init(&mutex);
    uv_cond_init(&changed);
    log_open("test_redis_conn", LOG_LEVEL_ERROR, false, "/dev/null");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
