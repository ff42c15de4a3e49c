/* service_user: the user of a configuration file. The tests that need root check as another user
 * that nothing changes. */
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "service_user.h"
#include "support/unit.h"

#define NOBODY 65534
#define MAIL 8 /* user and group of this number and name are in every Debian */

static char path[] = "/tmp/test_service_user.XXXXXX";

static int make_file(void **state) {
    (void)state;
    const int fd = mkstemp(path);
    return fd < 0 ? 1 : close(fd);
}

static int remove_file(void **state) {
    (void)state;
    return unlink(path);
}

/* The uid that is found when the file belongs to this user and group; 0 for none. */
static uid_t found(uid_t owner, gid_t group) {
    struct service_user user = {0};
    if (geteuid() != 0)
        return service_user_find(path, &user) ? user.uid : 0;
    assert_int_equal(chown(path, owner, group), 0);
    if (!service_user_find(path, &user))
        return 0;
    assert_int_not_equal(user.gid, 0);
    assert_string_equal(user.name, getpwuid(user.uid)->pw_name);
    return user.uid;
}

static void it_is_the_owner(void **state) {
    (void)state;
    assert_int_equal(found(NOBODY, 0), geteuid() == 0 ? NOBODY : geteuid());
    assert_int_equal(found(NOBODY, MAIL), geteuid() == 0 ? NOBODY : geteuid());
}

static void it_is_named_like_the_group_of_a_file_of_root(void **state) {
    (void)state;
    assert_int_equal(found(0, MAIL), geteuid() == 0 ? MAIL : geteuid());
}

static void a_file_of_root_alone_has_none(void **state) {
    (void)state;
    assert_int_equal(found(0, 0), geteuid());
    /* A group without a user of its name; a user and a group without a name. */
    assert_int_equal(found(0, 42), geteuid());
    assert_int_equal(found(0, 54321), geteuid());
    assert_int_equal(found(54321, 0), geteuid());
}

static void without_a_file_there_is_none(void **state) {
    struct service_user user;
    (void)state;
    assert_false(service_user_find(NULL, &user));
    assert_false(service_user_find("/nonexistent/confab.conf", &user));
    assert_true(service_user_become(NULL));
}

static void root_becomes_the_user_and_cannot_go_back(void **state) {
    (void)state;
    (void)found(0, MAIL);
    const pid_t child = fork();
    if (child == 0) {
        const uid_t wanted = geteuid() == 0 ? MAIL : geteuid();
        gid_t groups[64];
        bool good = service_user_become(path);
        good = good && getuid() == wanted && geteuid() == wanted;
        for (int i = getgroups(64, groups); i > 0 && wanted == MAIL; i--)
            good = good && groups[i - 1] == MAIL;
        good = good && setuid(0) != 0 && service_user_become(path);
        _exit(good ? 0 : 1);
    }
    int status = -1;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

int main(void) {
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_the_owner),
        cmocka_unit_test(it_is_named_like_the_group_of_a_file_of_root),
        cmocka_unit_test(a_file_of_root_alone_has_none),
        cmocka_unit_test(without_a_file_there_is_none),
        cmocka_unit_test(root_becomes_the_user_and_cannot_go_back),
    };
    return cmocka_run_group_tests(tests, make_file, remove_file);
}
