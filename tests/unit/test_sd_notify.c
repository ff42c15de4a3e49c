/* notify: what is sent, where to, and how often. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "os/sd_notify.h"

/* A manager that listens at an abstract name of this process. */
static int open_manager(void **state) {
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    char path[64];
    const int length = snprintf(path, sizeof(path), "@confab-test-%d", (int)getpid());
    memcpy(name.sun_path + 1, path + 1, (size_t)length - 1);
    const int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
    *state = (void *)(intptr_t)fd;
    setenv("NOTIFY_SOCKET", path, 1);
    return bind(fd, (struct sockaddr *)&name,
                (socklen_t)(offsetof(struct sockaddr_un, sun_path) + (size_t)length));
}

static int close_manager(void **state) {
    close((int)(intptr_t)*state);
    unsetenv("NOTIFY_SOCKET");
    unsetenv("WATCHDOG_USEC");
    unsetenv("WATCHDOG_PID");
    return 0;
}

/* What has been sent, "" for nothing. */
static const char *heard(void **state) {
    static char said[256];
    const ssize_t size = recv((int)(intptr_t)*state, said, sizeof(said) - 1, MSG_DONTWAIT);
    said[size > 0 ? size : 0] = '\0';
    return said;
}

static void each_state_is_one_datagram(void **state) {
    sd_notify_ready();
    sd_notify_stopping();
    assert_string_equal(heard(state), "READY=1");
    assert_string_equal(heard(state), "STOPPING=1");
    assert_string_equal(heard(state), "");
}

static void a_reload_says_when_it_began(void **state) {
    sd_notify_reloading();
    const char *said = heard(state);
    static const char START[] = "RELOADING=1\nMONOTONIC_USEC=";
    assert_memory_equal(said, START, strlen(START));
    assert_true(strtoll(said + strlen(START), NULL, 10) > 0);
}

static void who_takes_over_says_which_process_it_is(void **state) {
    char expected[64];
    snprintf(expected, sizeof(expected), "MAINPID=%d\nREADY=1", (int)getpid());
    sd_notify_main();
    assert_string_equal(heard(state), expected);
}

static void without_a_socket_nothing_happens(void **state) {
    unsetenv("NOTIFY_SOCKET");
    sd_notify_ready();
    setenv("NOTIFY_SOCKET", "", 1);
    sd_notify_ready();
    setenv("NOTIFY_SOCKET", "no-path", 1);
    sd_notify_ready();
    setenv("NOTIFY_SOCKET", "/nowhere/at/all", 1);
    sd_notify_ready();
    assert_string_equal(heard(state), "");
}

static void without_a_watchdog_there_is_no_heartbeat(void **state) {
    sd_notify_alive();
    setenv("WATCHDOG_USEC", "never", 1);
    sd_notify_alive();
    assert_string_equal(heard(state), "");
}

static void the_watchdog_of_another_process_is_not_ours(void **state) {
    setenv("WATCHDOG_USEC", "1", 1);
    setenv("WATCHDOG_PID", "1", 1);
    sd_notify_alive();
    assert_string_equal(heard(state), "");
}

static void a_heartbeat_comes_no_more_often_than_the_watchdog_needs_it(void **state) {
    char pid[16];
    snprintf(pid, sizeof(pid), "%d", (int)getpid());
    setenv("WATCHDOG_PID", pid, 1);
    setenv("WATCHDOG_USEC", "3600000000", 1);
    sd_notify_alive();
    assert_string_equal(heard(state), "WATCHDOG=1");
    sd_notify_alive();
    assert_string_equal(heard(state), "");
    setenv("WATCHDOG_USEC", "30000", 1);
    usleep(20000);
    sd_notify_alive();
    assert_string_equal(heard(state), "WATCHDOG=1");
}

static void who_takes_over_has_the_watchdog_of_the_one_before(void **state) {
    setenv("WATCHDOG_USEC", "1", 1);
    setenv("WATCHDOG_PID", "1", 1);
    sd_notify_inherit(2);
    sd_notify_alive();
    assert_string_equal(heard(state), "");
    sd_notify_inherit(1);
    sd_notify_alive();
    assert_string_equal(heard(state), "WATCHDOG=1");
}

/* For good, so it is the last one. */
static void who_has_left_says_nothing_more(void **state) {
    sd_notify_leave();
    sd_notify_stopping();
    assert_string_equal(heard(state), "");
}

#define WITH_MANAGER(test) cmocka_unit_test_setup_teardown(test, open_manager, close_manager)

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_MANAGER(each_state_is_one_datagram),
        WITH_MANAGER(a_reload_says_when_it_began),
        WITH_MANAGER(who_takes_over_says_which_process_it_is),
        WITH_MANAGER(without_a_socket_nothing_happens),
        WITH_MANAGER(without_a_watchdog_there_is_no_heartbeat),
        WITH_MANAGER(the_watchdog_of_another_process_is_not_ours),
        WITH_MANAGER(a_heartbeat_comes_no_more_often_than_the_watchdog_needs_it),
        WITH_MANAGER(who_takes_over_has_the_watchdog_of_the_one_before),
        WITH_MANAGER(who_has_left_says_nothing_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
