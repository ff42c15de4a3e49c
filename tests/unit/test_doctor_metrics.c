/* doctor_metrics: where the metrics of pushd are looked for, in a folder of its own. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "doctor/doctor_metrics.h"
#include "support/unit.h"

/* Nothing listens there. */
#define CONFIGURED "127.0.0.1:1"

static char folder[] = "/tmp/test_doctor_metrics.XXXXXX";
static char config[64], sockets[64];
static struct doctor_metrics found;

static int make_folder(void **state) {
    (void)state;
    if (!mkdtemp(folder))
        return 1;
    snprintf(config, sizeof(config), "%s/confab.conf", folder);
    snprintf(sockets, sizeof(sockets), "%s/push", folder);
    char run[64];
    snprintf(run, sizeof(run), "%s/run", folder);
    return mkdir(sockets, 0700) || mkdir(run, 0700);
}

static int remove_folder(void **state) {
    char command[80];
    (void)state;
    snprintf(command, sizeof(command), "rm -r %s", folder);
    return system(command);
}

static void write_file(const char *name, const char *content) {
    char path[128];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(content, file);
    fclose(file);
}

static void remove_file(const char *name) {
    char path[128];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    assert_int_equal(unlink(path), 0);
}

static void find(void) {
    doctor_metrics_find(&found, config, CONFIGURED, sockets);
}

static void assert_one(const char *address) {
    find();
    assert_int_equal(found.count, 1);
    assert_string_equal(found.values[0], address);
}

static void without_anything_it_is_the_configured_address(void **state) {
    (void)state;
    assert_one(CONFIGURED);
    doctor_metrics_find(&found, NULL, "no address", "/nonexistent");
    assert_int_equal(found.count, 1);
    assert_string_equal(found.values[0], "no address");
}

static void the_sockets_of_units_name_their_ports(void **state) {
    (void)state;
    write_file("push/8001.sock", "");
    write_file("push/push.sock", "");
    write_file("push/8002.sock.1", "");
    write_file("push/99999.sock", "");
    write_file("push/.sock", "");
    assert_one("127.0.0.1:18001");
    write_file("push/80.sock", "");
    find();
    assert_int_equal(found.count, 2);
    assert_true(strcmp(found.values[0], "127.0.0.1:180") == 0 ||
                strcmp(found.values[1], "127.0.0.1:180") == 0);
}

static void there_may_be_more_units_than_are_looked_at(void **state) {
    (void)state;
    for (int port = 1000; port < 1100; port++) {
        char name[32];
        snprintf(name, sizeof(name), "push/%d.sock", port);
        write_file(name, "");
    }
    find();
    assert_int_equal(found.count, DOCTOR_METRICS_MAX);
}

static void the_ports_of_an_instance_come_first(void **state) {
    (void)state;
    write_file("run/push.ports", "push=8765\nmetrics=40001\n");
    assert_one("127.0.0.1:40001");
    write_file("run/push.hosts", "push=127.0.0.1\nmetrics=127.0.0.2\n");
    assert_one("127.0.0.2:40001");
    write_file("run/push.hosts", "push=127.0.0.1\nmetrics=::1\n");
    assert_one("[::1]:40001");
    write_file("run/push.hosts", "metrics=\n");
    assert_one("127.0.0.1:40001");
    remove_file("run/push.hosts");
}

static void a_malformed_file_of_ports_is_ignored(void **state) {
    static const char *const wrong[] = {"",
                                        "push=1\n",
                                        "metrics=\n",
                                        "metrics=0\n",
                                        "metrics=65536\n",
                                        "metrics=x\n",
                                        "metrics=-1\n"};
    (void)state;
    for (size_t i = 0; i < COUNT(wrong); i++) {
        write_file("run/push.ports", wrong[i]);
        doctor_metrics_find(&found, config, CONFIGURED, "/nonexistent");
        assert_int_equal(found.count, 1);
        assert_string_equal(found.values[0], CONFIGURED);
    }
}

int main(void) {
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_anything_it_is_the_configured_address),
        cmocka_unit_test(the_sockets_of_units_name_their_ports),
        cmocka_unit_test(there_may_be_more_units_than_are_looked_at),
        cmocka_unit_test(the_ports_of_an_instance_come_first),
        cmocka_unit_test(a_malformed_file_of_ports_is_ignored),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
