/* db_error: what each error number means, and that refusals name their cause. */
#include <string.h>

#include "db/db_error.h"
#include "support/unit.h"

/* What the server says with 1290. */
#define READ_ONLY \
    "The MariaDB server is running with the --read-only option so it cannot execute this statement"
#define OTHER                                                                                      \
    "The MariaDB server is running with the --skip-grant-tables option so it cannot execute this " \
    "statement"

static const struct {
    unsigned number;
    enum db_error_kind kind;
    const char *word; /* of the cause; NULL: none */
} EXPECTED[] = {
    {1062, DB_ERROR_DUPLICATE, NULL},
    {1205, DB_ERROR_DEADLOCK, "lock"},
    {1213, DB_ERROR_DEADLOCK, "deadlock"},
    {1243, DB_ERROR_UNPREPARED, "prepared"},
    {2006, DB_ERROR_LOST, NULL},
    {2013, DB_ERROR_LOST, NULL},
    {1053, DB_ERROR_LOST, "shutting down"},
    {1461, DB_ERROR_FULL, "max_prepared_stmt_count"},
    {1969, DB_ERROR_REFUSED, "max_statement_time"},
    {1317, DB_ERROR_REFUSED, "interrupted"},
    {1114, DB_ERROR_DISK, "disk"},
    {1021, DB_ERROR_DISK, "disk"},
    {1030, DB_ERROR_DISK, "storage engine"},
    {3, DB_ERROR_DISK, "disk"},
    {1290, DB_ERROR_READ_ONLY, "read-only"},
    {1792, DB_ERROR_READ_ONLY, "read-only"},
    {1836, DB_ERROR_READ_ONLY, "read-only"},
    {1040, DB_ERROR_REFUSED, "max_connections"},
    {1203, DB_ERROR_REFUSED, "connections"},
    {1226, DB_ERROR_REFUSED, "limit"},
    {1142, DB_ERROR_REFUSED, "permission"},
    {1146, DB_ERROR_REFUSED, "missing"},
    {1637, DB_ERROR_REFUSED, "transactions"},
    {1665, DB_ERROR_REFUSED, "binlog_format"},
    {1878, DB_ERROR_DISK, "tmpdir"},
    {1194, DB_ERROR_REFUSED, "CHECK TABLE"},
    {1436, DB_ERROR_REFUSED, "thread_stack"},
    {27, DB_ERROR_REFUSED, "file"},
    {9001, DB_ERROR_REFUSED, "proxy"},
    /* Wrong statements. */
    {0, DB_ERROR_OTHER, NULL},
    {1064, DB_ERROR_OTHER, NULL},
    {1366, DB_ERROR_OTHER, NULL},
    {2034, DB_ERROR_OTHER, NULL},
    {4000000000u, DB_ERROR_OTHER, NULL},
};

static void every_number_has_its_kind_and_cause(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT(EXPECTED); i++) {
        const char *cause = db_error_cause(EXPECTED[i].number, READ_ONLY);
        assert_int_equal(db_error_kind(EXPECTED[i].number, READ_ONLY), EXPECTED[i].kind);
        if (EXPECTED[i].word)
            assert_non_null(strstr(cause, EXPECTED[i].word));
        else
            assert_null(cause);
    }
}

static void every_refusal_has_a_cause(void **state) {
    (void)state;
    for (unsigned number = 0; number < 10000; number++)
        if (db_error_kind(number, "") >= DB_ERROR_REFUSED)
            assert_non_null(db_error_cause(number, ""));
}

static void an_option_that_forbids_a_statement_need_not_be_read_only(void **state) {
    (void)state;
    assert_int_equal(db_error_kind(1290, READ_ONLY), DB_ERROR_READ_ONLY);
    assert_int_equal(db_error_kind(1290, OTHER), DB_ERROR_REFUSED);
    assert_null(strstr(db_error_cause(1290, OTHER), "read-only"));
}

static void numbers_of_the_client_library_are_told_apart(void **state) {
    (void)state;
    assert_true(db_error_is_client(2002));
    assert_true(db_error_is_client(5014));
    assert_false(db_error_is_client(1999));
    assert_false(db_error_is_client(3000));
    assert_false(db_error_is_client(1045));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_number_has_its_kind_and_cause),
        cmocka_unit_test(every_refusal_has_a_cause),
        cmocka_unit_test(an_option_that_forbids_a_statement_need_not_be_read_only),
        cmocka_unit_test(numbers_of_the_client_library_are_told_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
