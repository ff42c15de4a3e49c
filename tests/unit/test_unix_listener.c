/* unix_listener: publishing and taking over a path, and rejected paths. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "os/unix_listener.h"
#include "support/unit.h"

static char folder[32], path[64];

static int set_up(void **state) {
    (void)state;
    strcpy(folder, "/tmp/unix_listener.XXXXXX");
    if (!mkdtemp(folder))
        return -1;
    snprintf(path, sizeof(path), "%s/socket", folder);
    return 0;
}

/* Fails if a test leaves anything in the folder. */
static int tear_down(void **state) {
    (void)state;
    return rmdir(folder);
}

static bool answers(void) {
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    snprintf(name.sun_path, sizeof(name.sun_path), "%s", path);
    const bool connected = connect(fd, (const struct sockaddr *)&name, sizeof(name)) == 0;
    close(fd);
    return connected;
}

static struct unix_listener open_and_publish(bool beside) {
    struct unix_listener listener;
    assert_true(unix_listener_open(&listener, path, beside));
    assert_true(unix_listener_publish(&listener));
    return listener;
}

static void finish(struct unix_listener *listener) {
    unix_listener_remove(listener);
    close(listener->fd);
}

static void a_published_path_accepts_connections(void **state) {
    struct unix_listener listener;
    struct stat file;
    (void)state;
    assert_true(unix_listener_open(&listener, path, false));
    assert_false(answers());
    assert_true(unix_listener_publish(&listener));
    assert_true(answers());
    assert_int_equal(stat(path, &file), 0);
    assert_int_equal(file.st_mode & 07777, 0660);
    finish(&listener);
    assert_false(answers());
}

static void an_empty_path_makes_no_socket(void **state) {
    struct unix_listener listener;
    (void)state;
    assert_true(unix_listener_open(&listener, "", false));
    assert_int_equal(listener.fd, -1);
    assert_true(unix_listener_publish(&listener));
    unix_listener_remove(&listener);
}

static void a_path_in_use_is_rejected(void **state) {
    struct unix_listener first = open_and_publish(false), second;
    (void)state;
    assert_false(unix_listener_open(&second, path, false));
    assert_int_equal(second.fd, -1);
    assert_true(answers());
    finish(&first);
}

/* Both found the path free; the first one to publish gets it. */
static void only_one_of_two_simultaneous_opens_succeeds(void **state) {
    struct unix_listener first, second;
    char other[80];
    (void)state;
    assert_true(unix_listener_open(&first, path, false));
    /* In one process both have one name until they are published, so the first one moves. */
    snprintf(other, sizeof(other), "%s.other", path);
    assert_int_equal(rename(first.temporary.sun_path, other), 0);
    memcpy(first.temporary.sun_path, other, sizeof(other));
    assert_true(unix_listener_open(&second, path, false));
    assert_true(unix_listener_publish(&first));
    assert_false(unix_listener_publish(&second));
    assert_true(answers());
    close(second.fd);
    finish(&first);
}

static void the_socket_of_a_dead_process_is_replaced(void **state) {
    struct unix_listener dead = open_and_publish(false);
    (void)state;
    close(dead.fd);
    assert_false(answers());
    struct unix_listener listener = open_and_publish(false);
    assert_true(answers());
    finish(&listener);
}

static void a_successor_takes_over_the_path(void **state) {
    struct unix_listener former = open_and_publish(false), successor = open_and_publish(true);
    (void)state;
    assert_true(answers());
    finish(&former); /* must not remove the file of its successor */
    assert_true(answers());
    finish(&successor);
}

static void a_file_that_is_not_a_socket_is_kept(void **state) {
    struct unix_listener listener;
    (void)state;
    fclose(fopen(path, "w"));
    assert_false(unix_listener_open(&listener, path, false));
    assert_false(unix_listener_open(&listener, path, true));
    assert_int_equal(unlink(path), 0);
}

static void an_impossible_path_is_rejected(void **state) {
    struct unix_listener listener;
    char long_path[200];
    (void)state;
    snprintf(long_path, sizeof(long_path), "%s/%0120d", folder, 1);
    assert_false(unix_listener_open(&listener, long_path, false));
    assert_int_equal(listener.fd, -1);
    assert_false(unix_listener_open(&listener, "/nowhere/at/all/socket", false));
    assert_int_equal(listener.fd, -1);
}

/* A file of another program at the temporary name. */
static void a_file_at_the_temporary_name_stays(void **state) {
    struct unix_listener listener;
    char temporary[96];
    (void)state;
    snprintf(temporary, sizeof(temporary), "%s/.%d", folder, (int)getpid());
    FILE *file = fopen(temporary, "w");
    assert_non_null(file);
    fclose(file);
    assert_false(unix_listener_open(&listener, path, false));
    assert_int_equal(unlink(temporary), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(a_file_at_the_temporary_name_stays),
        TEST(a_published_path_accepts_connections),
        TEST(an_empty_path_makes_no_socket),
        TEST(a_path_in_use_is_rejected),
        TEST(only_one_of_two_simultaneous_opens_succeeds),
        TEST(the_socket_of_a_dead_process_is_replaced),
        TEST(a_successor_takes_over_the_path),
        TEST(a_file_that_is_not_a_socket_is_kept),
        TEST(an_impossible_path_is_rejected),
    };
    log_open("test_unix_listener", LOG_LEVEL_ERROR, false, "/dev/null");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
