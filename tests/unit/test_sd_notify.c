/* sd_notify: messages, addresses, and the rate of heartbeats. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "os/sd_notify.h"
#include "support/unit.h"

/* A service manager that listens on an abstract name of this process. */
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

/* The next message, "" for none. */
static const char *received(void **state) {
    static char said[256];
    const ssize_t size = recv((int)(intptr_t)*state, said, sizeof(said) - 1, MSG_DONTWAIT);
    said[size > 0 ? size : 0] = '\0';
    return said;
}

static void each_state_is_one_datagram(void **state) {
    sd_notify_ready();
    sd_notify_stopping();
    assert_string_equal(received(state), "READY=1");
    assert_string_equal(received(state), "STOPPING=1");
    assert_string_equal(received(state), "");
}

static void a_reload_has_its_time(void **state) {
    sd_notify_reloading();
    const char *said = received(state);
    static const char START[] = "RELOADING=1\nMONOTONIC_USEC=";
    assert_memory_equal(said, START, strlen(START));
    assert_true(strtoll(said + strlen(START), NULL, 10) > 0);
}

static void a_successor_sends_its_process_id(void **state) {
    char expected[64];
    snprintf(expected, sizeof(expected), "MAINPID=%d\nREADY=1", (int)getpid());
    sd_notify_main();
    assert_string_equal(received(state), expected);
}

static void without_a_socket_nothing_is_sent(void **state) {
    unsetenv("NOTIFY_SOCKET");
    sd_notify_ready();
    setenv("NOTIFY_SOCKET", "", 1);
    sd_notify_ready();
    setenv("NOTIFY_SOCKET", "no-path", 1);
    sd_notify_ready();
    setenv("NOTIFY_SOCKET", "/nowhere/at/all", 1);
    sd_notify_ready();
    assert_string_equal(received(state), "");
}

static void without_a_watchdog_there_is_no_heartbeat(void **state) {
    sd_notify_alive();
    setenv("WATCHDOG_USEC", "never", 1);
    sd_notify_alive();
    assert_string_equal(received(state), "");
}

static void the_watchdog_of_another_process_is_ignored(void **state) {
    setenv("WATCHDOG_USEC", "1", 1);
    setenv("WATCHDOG_PID", "1", 1);
    sd_notify_alive();
    assert_string_equal(received(state), "");
}

static void heartbeats_are_sent_as_often_as_the_watchdog_needs(void **state) {
    char pid[16];
    snprintf(pid, sizeof(pid), "%d", (int)getpid());
    setenv("WATCHDOG_PID", pid, 1);
    setenv("WATCHDOG_USEC", "3600000000", 1);
    sd_notify_alive();
    assert_string_equal(received(state), "WATCHDOG=1");
    sd_notify_alive();
    assert_string_equal(received(state), "");
    setenv("WATCHDOG_USEC", "30000", 1);
    usleep(20000);
    sd_notify_alive();
    assert_string_equal(received(state), "WATCHDOG=1");
}

static void a_successor_inherits_the_watchdog(void **state) {
    setenv("WATCHDOG_USEC", "1", 1);
    setenv("WATCHDOG_PID", "1", 1);
    sd_notify_inherit(2);
    sd_notify_alive();
    assert_string_equal(received(state), "");
    sd_notify_inherit(1);
    sd_notify_alive();
    assert_string_equal(received(state), "WATCHDOG=1");
}

/* It cannot be undone, so it is the last test. */
static void a_replaced_process_sends_nothing(void **state) {
    sd_notify_leave();
    sd_notify_stopping();
    assert_string_equal(received(state), "");
}

#define WITH_MANAGER(test) cmocka_unit_test_setup_teardown(test, open_manager, close_manager)

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_MANAGER(each_state_is_one_datagram),
        WITH_MANAGER(a_reload_has_its_time),
        WITH_MANAGER(a_successor_sends_its_process_id),
        WITH_MANAGER(without_a_socket_nothing_is_sent),
        WITH_MANAGER(without_a_watchdog_there_is_no_heartbeat),
        WITH_MANAGER(the_watchdog_of_another_process_is_ignored),
        WITH_MANAGER(heartbeats_are_sent_as_often_as_the_watchdog_needs),
        WITH_MANAGER(a_successor_inherits_the_watchdog),
        WITH_MANAGER(a_replaced_process_sends_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
