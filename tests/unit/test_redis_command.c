/* redis_command: the bytes of commands, and which ones a connection begins with. */
#include "base/buffer.h"
#include "redis/redis_command.h"
#include "support/unit.h"

/* All commands of a login, one after the other. */
static void assert_login(const struct config *config, bool of_sentinel, bool asks_role,
                         const char *expected) {
    struct redis_login login;
    struct buffer out = BUFFER_EMPTY;
    redis_login_make(&login, config, of_sentinel, asks_role);
    for (size_t i = 0; i < login.count; i++)
        redis_command_append(&out, login.commands[i].args, login.commands[i].count);
    assert_string_equal(buffer_str(&out), expected);
    buffer_free(&out);
}

static void lengths_are_those_of_the_bytes(void **state) {
    const struct text args[] = {text_of("SET"), {"a\0\r\n", 4}, text_of("")};
    static const char EXPECTED[] = "*3\r\n$3\r\nSET\r\n$4\r\na\0\r\n\r\n$0\r\n\r\n";
    struct buffer out = BUFFER_EMPTY;
    (void)state;
    redis_command_append(&out, args, 3);
    assert_int_equal(out.len, sizeof(EXPECTED) - 1);
    assert_memory_equal(out.data, EXPECTED, out.len);
    buffer_free(&out);
}

static void a_login_has_what_the_configuration_needs(void **state) {
    struct config config = {.redis_user = "", .redis_password = "", .redis_sentinel_password = ""};
    (void)state;
    assert_login(&config, false, false, "");
    assert_login(&config, false, true, "*1\r\n$4\r\nROLE\r\n");
    config.redis_password = "secret";
    config.redis_database = 12;
    assert_login(&config, false, false,
                 "*2\r\n$4\r\nAUTH\r\n$6\r\nsecret\r\n*2\r\n$6\r\nSELECT\r\n$2\r\n12\r\n");
    config.redis_user = "chat";
    config.redis_database = 0;
    assert_login(&config, false, false, "*3\r\n$4\r\nAUTH\r\n$4\r\nchat\r\n$6\r\nsecret\r\n");
}

/* It has neither databases nor the users of the server. */
static void a_sentinel_gets_only_its_own_password(void **state) {
    struct config config = {.redis_user = "chat",
                            .redis_password = "secret",
                            .redis_database = 12,
                            .redis_sentinel_password = ""};
    (void)state;
    assert_login(&config, true, true, "");
    config.redis_sentinel_password = "other";
    assert_login(&config, true, true, "*2\r\n$4\r\nAUTH\r\n$5\r\nother\r\n");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lengths_are_those_of_the_bytes),
        cmocka_unit_test(a_login_has_what_the_configuration_needs),
        cmocka_unit_test(a_sentinel_gets_only_its_own_password),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
