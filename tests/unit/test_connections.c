/* connections: peers that close while nothing is under way, and places for new ones. */
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "server/connections.h"
#include "support/unit.h"

static struct sockaddr_un address = {.sun_family = AF_UNIX};
static socklen_t address_len;
static int listener;
static struct connections *connections;

/* An abstract name: the kernel picks one, and no file is left. */
static int set_up(void **state) {
    (void)state;
    address_len = sizeof(address.sun_family);
    listener = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(bind(listener, (struct sockaddr *)&address, address_len), 0);
    address_len = sizeof(address);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &address_len), 0);
    assert_int_equal(listen(listener, 128), 0);
    connections = connections_new(listener);
    assert_non_null(connections);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    connections_free(connections);
    close(listener);
    return 0;
}

static int join(void) {
    const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, address_len), 0);
    return fd;
}

/* Lets 100 ms pass, in which no request is complete. */
static void wait_a_moment(void) {
    sigset_t mask;
    sigemptyset(&mask);
    assert_null(connections_next(connections, &mask, 100, 1000, 5));
}

/* Each is freed when it closes, except for one that is kept as a spare. */
static void several_that_close_at_once_are_gone(void **state) {
    int peers[3];
    (void)state;
    for (int i = 0; i < 3; i++)
        peers[i] = join();
    wait_a_moment();
    assert_int_equal(connections_busy(connections), 3);
    for (int i = 0; i < 3; i++)
        close(peers[i]);
    wait_a_moment();
    assert_int_equal(connections_busy(connections), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(several_that_close_at_once_are_gone, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
