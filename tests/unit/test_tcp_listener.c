/* tcp_listener: exclusive and shared addresses, and rejected ones. */
#include <dlfcn.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "os/tcp_listener.h"
#include "support/unit.h"

#define NAME "several.addresses.test"

/* Replaces that of the library for this name: an address that no machine has, and one that each
 * has. */
int getaddrinfo(const char *restrict host, const char *restrict port,
                const struct addrinfo *restrict hints, struct addrinfo **restrict found) {
    int (*real)(const char *, const char *, const struct addrinfo *, struct addrinfo **);
    *(void **)&real = dlsym(RTLD_NEXT, "getaddrinfo");
    if (!host || strcmp(host, NAME) != 0)
        return real(host, port, hints, found);
    const int failed = real("192.0.2.1", port, hints, found);
    return failed ? failed : real("127.0.0.1", port, hints, &(*found)->ai_next);
}

static int open_shared(const char *address, bool beside) {
    return tcp_listener_open_shared("an_option", address, beside);
}

/* Listens on a free port, whose address is written to `address`. */
static int listen_somewhere(char address[32]) {
    const int fd = open_shared("127.0.0.1:0", false);
    assert_true(fd >= 0);
    assert_int_equal(listen(fd, 1), 0);
    snprintf(address, 32, "127.0.0.1:%u", tcp_listener_port(fd));
    return fd;
}

static void port_0_takes_a_free_port(void **state) {
    const int one = open_shared("127.0.0.1:0", false), other = open_shared("127.0.0.1:0", false);
    (void)state;
    assert_in_range(tcp_listener_port(one), 1, 65535);
    assert_in_range(tcp_listener_port(other), 1, 65535);
    assert_int_not_equal(tcp_listener_port(one), tcp_listener_port(other));
    close(one);
    close(other);
}

static void an_address_where_another_listens_is_refused(void **state) {
    char address[32];
    const int first = listen_somewhere(address);
    (void)state;
    assert_int_equal(open_shared(address, false), -1);
    assert_int_equal(tcp_listener_open("an_option", address), -1);
    close(first);
}

static void a_shared_address_can_be_opened_twice(void **state) {
    char address[32];
    const int first = listen_somewhere(address), second = open_shared(address, true);
    (void)state;
    assert_true(second >= 0);
    assert_int_equal(listen(second, 1), 0);
    assert_int_equal(tcp_listener_port(second), tcp_listener_port(first));
    close(first);
    close(second);
}

static void an_exclusive_address_cannot_be_shared(void **state) {
    char address[32];
    close(listen_somewhere(address));
    (void)state;
    const int own = tcp_listener_open("an_option", address);
    assert_true(own >= 0);
    assert_int_equal(listen(own, 1), 0);
    assert_int_equal(tcp_listener_open("an_option", address), -1);
    assert_int_equal(open_shared(address, false), -1);
    assert_int_equal(open_shared(address, true), -1);
    close(own);
}

static void an_empty_host_is_any_address(void **state) {
    const int fd = open_shared(":0", false);
    (void)state;
    assert_true(fd >= 0);
    assert_int_not_equal(tcp_listener_port(fd), 0);
    close(fd);
}

static void an_invalid_address_is_rejected(void **state) {
    static const char *const wrong[] = {"",
                                        "localhost",
                                        "127.0.0.1:",
                                        "127.0.0.1:http",
                                        "127.0.0.1:65536",
                                        "127.0.0.1:99999999999999999999",
                                        "127.0.0.1:-1",
                                        "no.such.host.invalid:80"};
    char long_host[400];
    (void)state;
    for (size_t i = 0; i < COUNT(wrong); i++) {
        assert_int_equal(open_shared(wrong[i], false), -1);
        assert_int_equal(open_shared(wrong[i], true), -1);
        assert_int_equal(tcp_listener_open("an_option", wrong[i]), -1);
    }
    snprintf(long_host, sizeof(long_host), "%0300d:80", 1);
    assert_int_equal(open_shared(long_host, false), -1);
    assert_int_equal(tcp_listener_open("an_option", "127.0.0.1:0"), -1);
}

static void an_ipv6_address_may_be_in_brackets(void **state) {
    static const char *const addresses[] = {"[::1]:0", "::1:0", "[127.0.0.1]:0"};
    (void)state;
    for (size_t i = 0; i < COUNT(addresses); i++) {
        const int fd = open_shared(addresses[i], false);
        assert_int_not_equal(tcp_listener_port(fd), 0);
        close(fd);
    }
    static const char *const wrong[] = {"[]:80", "[:80", "[::1:80", "::1]:80"};
    for (size_t i = 0; i < COUNT(wrong); i++)
        assert_int_equal(open_shared(wrong[i], false), -1);
}

static void of_several_addresses_the_first_usable_one_counts(void **state) {
    char address[64];
    (void)state;
    const int shared = open_shared(NAME ":0", false);
    assert_int_not_equal(tcp_listener_port(shared), 0);
    assert_int_equal(listen(shared, 1), 0);
    snprintf(address, sizeof(address), NAME ":%u", tcp_listener_port(shared));
    assert_int_equal(open_shared(address, false), -1);
    assert_int_equal(tcp_listener_open("an_option", address), -1);
    close(shared);
    const int own = tcp_listener_open("an_option", address);
    assert_true(own >= 0);
    close(own);
}

static void a_descriptor_without_a_socket_has_no_port(void **state) {
    int ends[2];
    (void)state;
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(tcp_listener_port(ends[0]), 0);
    assert_int_equal(tcp_listener_port(-1), 0);
    close(ends[0]);
    close(ends[1]);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(port_0_takes_a_free_port),
        cmocka_unit_test(an_address_where_another_listens_is_refused),
        cmocka_unit_test(a_shared_address_can_be_opened_twice),
        cmocka_unit_test(an_exclusive_address_cannot_be_shared),
        cmocka_unit_test(an_empty_host_is_any_address),
        cmocka_unit_test(an_invalid_address_is_rejected),
        cmocka_unit_test(an_ipv6_address_may_be_in_brackets),
        cmocka_unit_test(of_several_addresses_the_first_usable_one_counts),
        cmocka_unit_test(a_descriptor_without_a_socket_has_no_port),
    };
    log_open("test_tcp_listener", LOG_LEVEL_ERROR, false, "/dev/null");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
