/* event_validate: takes what fcgi-api and pushd publish, and nothing else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "redis/event_validate.h"

static bool takes(enum event_stream stream, const char *payload) {
    struct event_envelope envelope;
    return event_validate(stream, text_of(payload), &envelope);
}

static bool room_takes(const char *payload) {
    return takes(EVENT_STREAM_ROOM, payload);
}

static bool user_takes(const char *payload) {
    return takes(EVENT_STREAM_USER, payload);
}

static void what_is_on_a_rooms_record_is_taken_with_a_number(void **state) {
    (void)state;
    struct event_envelope envelope;
    const struct text payload = text_of("2 7 new_message 3 9 0 alice 0 0\n{\"a\":1}");
    assert_true(event_validate(EVENT_STREAM_ROOM, payload, &envelope));
    assert_int_equal(envelope.seq, 7);
    assert_int_equal(envelope.type, EVENT_NEW_MESSAGE);
    assert_int_equal(envelope.actor_id, 3);
    assert_int_equal(envelope.subject_id, 9);
    assert_true(text_equals(envelope.text, text_of("{\"a\":1}")));
    assert_true(room_takes("2 1 member_updated 3 9 0 alice 0 0\n{}"));
    assert_false(room_takes("2 0 new_message 3 9 0 alice 0 0\n{}"));
    assert_false(room_takes("2 0 member_updated 3 9 0 alice 0 0\n{}"));
}

static void what_is_on_no_record_is_taken_without_a_number(void **state) {
    (void)state;
    static const char *const types[] = {"message_read", "typing",    "stop_typing",
                                        "user_joined",  "user_left", "room_deleted"};
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        struct buffer payload = BUFFER_EMPTY;
        buffer_printf(&payload, "2 0 %s 3 9 0 alice 0 0\n{}", types[i]);
        assert_true(room_takes(buffer_str(&payload)));
        payload.data[2] = '8';
        assert_false(room_takes(buffer_str(&payload)));
        buffer_free(&payload);
    }
}

static void what_concerns_a_user_is_on_the_users_channel_only(void **state) {
    (void)state;
    static const char *const payloads[] = {
        "2 4 room_created 3 9 0 alice 0 0\n{}", "2 4 room_invitation 3 9 0 alice 0 0\n{}",
        "2 4 room_removed 3 9 0 alice 0 0\n{}", "2 4 credentials_changed 3 0 0 alice 0 0\n"};
    for (size_t i = 0; i < sizeof(payloads) / sizeof(payloads[0]); i++) {
        assert_true(user_takes(payloads[i]));
        assert_false(room_takes(payloads[i]));
    }
    assert_true(user_takes("2 4 room_deleted 3 9 0 alice 0 0\n{}"));
    assert_false(user_takes("2 0 room_deleted 3 9 0 alice 0 0\n{}"));
    assert_false(user_takes("2 4 new_message 3 9 0 alice 0 0\n{}"));
    assert_false(user_takes("2 0 typing 3 0 0 alice 0 0\n{}"));
}

static void only_what_is_not_shown_has_no_text(void **state) {
    (void)state;
    assert_false(user_takes("2 4 room_created 3 9 0 alice 0 0\n"));
    assert_false(room_takes("2 4 new_message 3 9 0 alice 0 0\n"));
    assert_false(room_takes("2 0 typing 3 0 0 alice 0 0\n"));
}

static void a_text_that_is_no_object_fit_for_clients_is_not_taken(void **state) {
    (void)state;
    static const char *const texts[] = {"[]",  "7",     "null",        "{",    "{}{}",
                                        " {}", "{'a'}", "{\"a\":NaN}", "\"\"", "{}x"};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct buffer payload = BUFFER_EMPTY;
        buffer_printf(&payload, "2 7 new_message 3 9 0 alice 0 0\n%s", texts[i]);
        assert_false(room_takes(buffer_str(&payload)));
        buffer_free(&payload);
    }
}

static void a_message_that_is_no_object_is_not_taken(void **state) {
    (void)state;
    assert_true(room_takes("2 7 new_message 3 9 0 alice 5 2\n{\"a\":{}}"));
    assert_false(room_takes("2 7 new_message 3 9 0 alice 5 1\n{\"a\":{}}"));
    assert_false(room_takes("2 7 new_message 3 9 0 alice 4 3\n{\"a\":{}}"));
    assert_false(room_takes("2 7 new_message 3 9 0 alice 1 3\n{\"a\":{}}"));
}

static void version_1_is_taken(void **state) {
    (void)state;
    assert_true(room_takes("1 7 new_message 3 9\n{}"));
    assert_true(room_takes("1 0 typing 3 0\n{}"));
    assert_false(room_takes("1 0 new_message 3 9\n{}"));
    assert_false(room_takes("1 7 new_message 3 9\n[]"));
}

static void what_is_larger_than_any_event_is_not_taken(void **state) {
    (void)state;
    struct buffer payload = BUFFER_EMPTY;
    struct event_envelope envelope;
    buffer_append_str(&payload, "2 7 new_message 3 9 0 alice 0 0\n{\"a\":\"");
    memset(buffer_reserve(&payload, 1024 * 1024), 'x', 1024 * 1024);
    payload.len += 1024 * 1024;
    buffer_append_str(&payload, "\"}");
    const struct text text = {payload.data, payload.len};
    assert_false(event_validate(EVENT_STREAM_ROOM, text, &envelope));
    buffer_free(&payload);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_on_a_rooms_record_is_taken_with_a_number),
        cmocka_unit_test(what_is_on_no_record_is_taken_without_a_number),
        cmocka_unit_test(what_concerns_a_user_is_on_the_users_channel_only),
        cmocka_unit_test(only_what_is_not_shown_has_no_text),
        cmocka_unit_test(a_text_that_is_no_object_fit_for_clients_is_not_taken),
        cmocka_unit_test(a_message_that_is_no_object_is_not_taken),
        cmocka_unit_test(version_1_is_taken),
        cmocka_unit_test(what_is_larger_than_any_event_is_not_taken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
