/* acceptor: errors of accept(2), while it listens and when it stops. */
#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/log.h"
#include "net/acceptor.h"
#include "support/unit.h"

#define CLIENTS 3

/* What the next calls of accept4 fail with; 0 ends them. */
static const int *failures;

/* Replaces that of the library. */
int accept4(int fd, struct sockaddr *restrict address, socklen_t *restrict len, int flags) {
    if (failures && *failures) {
        errno = *failures++;
        return -1;
    }
    return (int)syscall(SYS_accept4, fd, address, len, flags);
}

struct fixture {
    uv_loop_t loop;
    struct acceptor *acceptor;
    int clients[CLIENTS];
    unsigned accepted;
};

static void on_accept(void *context, int fd, const struct sockaddr *peer, socklen_t len) {
    struct fixture *fixture = context;
    (void)peer;
    (void)len;
    fixture->accepted++;
    close(fd);
}

/* Listens, with clients in the queue. */
static void begin(struct fixture *fixture, const int *errors) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof(address);
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    *fixture = (struct fixture){.accepted = 0};
    assert_int_equal(bind(fd, (struct sockaddr *)&address, len), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
    assert_int_equal(uv_loop_init(&fixture->loop), 0);
    fixture->acceptor = acceptor_new(&fixture->loop, fd, on_accept, fixture);
    assert_non_null(fixture->acceptor);
    for (size_t i = 0; i < CLIENTS; i++) {
        fixture->clients[i] = socket(AF_INET, SOCK_STREAM, 0);
        assert_int_equal(connect(fixture->clients[i], (struct sockaddr *)&address, len), 0);
    }
    failures = errors;
}

static void end(struct fixture *fixture) {
    acceptor_close(fixture->acceptor);
    failures = NULL;
    uv_run(&fixture->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&fixture->loop), 0);
    for (size_t i = 0; i < CLIENTS; i++)
        close(fixture->clients[i]);
}

/* Each of one connection, which is out of the queue then. */
static const int OF_ONE[] = {ECONNABORTED, EPERM, EPROTO, 0};

static void an_error_of_one_connection_does_not_keep_the_others_from_being_accepted(void **state) {
    struct fixture fixture;
    (void)state;
    begin(&fixture, OF_ONE);
    while (fixture.accepted < CLIENTS)
        uv_run(&fixture.loop, UV_RUN_ONCE);
    end(&fixture);
}

static void neither_when_it_stops_listening(void **state) {
    struct fixture fixture;
    (void)state;
    begin(&fixture, OF_ONE);
    end(&fixture);
    assert_int_equal(fixture.accepted, CLIENTS);
}

static void without_descriptors_it_pauses(void **state) {
    static const int EXHAUSTED[] = {EMFILE, ENOMEM, 0};
    struct fixture fixture;
    (void)state;
    begin(&fixture, EXHAUSTED);
    while (fixture.accepted < CLIENTS)
        uv_run(&fixture.loop, UV_RUN_ONCE);
    end(&fixture);
}

static void without_descriptors_it_stops(void **state) {
    static const int EXHAUSTED[] = {EMFILE, 0};
    struct fixture fixture;
    (void)state;
    begin(&fixture, EXHAUSTED);
    end(&fixture);
    assert_int_equal(fixture.accepted, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_error_of_one_connection_does_not_keep_the_others_from_being_accepted),
        cmocka_unit_test(neither_when_it_stops_listening),
        cmocka_unit_test(without_descriptors_it_pauses),
        cmocka_unit_test(without_descriptors_it_stops),
    };
    log_open("test_acceptor", LOG_LEVEL_ERROR, false, "/dev/null");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
