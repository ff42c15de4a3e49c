/* event_validate: accepts what fcgi-api and pushd publish, and nothing else. */
#include <string.h>

#include "base/buffer.h"
#include "redis/event_validate.h"
#include "support/unit.h"

static bool accepts(enum event_stream stream, const char *payload) {
    struct event_envelope envelope;
    return event_validate(stream, text_of(payload), &envelope);
}

static bool room_accepts(const char *payload) {
    return accepts(EVENT_STREAM_ROOM, payload);
}

static bool user_accepts(const char *payload) {
    return accepts(EVENT_STREAM_USER, payload);
}

static void recorded_room_events_need_a_number(void **state) {
    (void)state;
    struct event_envelope envelope;
    const struct text payload = text_of("2 7 new_message 3 9 0 alice 0 0\n{\"a\":1}");
    assert_true(event_validate(EVENT_STREAM_ROOM, payload, &envelope));
    assert_int_equal(envelope.seq, 7);
    assert_int_equal(envelope.type, EVENT_NEW_MESSAGE);
    assert_int_equal(envelope.actor_id, 3);
    assert_int_equal(envelope.subject_id, 9);
    assert_true(text_equals(envelope.text, text_of("{\"a\":1}")));
    assert_true(room_accepts("2 1 member_updated 3 9 0 alice 0 0\n{}"));
    assert_false(room_accepts("2 0 new_message 3 9 0 alice 0 0\n{}"));
    assert_false(room_accepts("2 0 member_updated 3 9 0 alice 0 0\n{}"));
}

static void notices_must_have_no_number(void **state) {
    (void)state;
    static const char *const types[] = {"message_read", "typing",    "stop_typing",
                                        "user_joined",  "user_left", "room_deleted"};
    for (size_t i = 0; i < COUNT(types); i++) {
        struct buffer payload = BUFFER_EMPTY;
        buffer_printf(&payload, "2 0 %s 3 9 0 alice 0 0\n{}", types[i]);
        assert_true(room_accepts(buffer_str(&payload)));
        payload.data[2] = '8';
        assert_false(room_accepts(buffer_str(&payload)));
        buffer_free(&payload);
    }
}

static void user_events_belong_on_the_users_channel(void **state) {
    (void)state;
    static const char *const payloads[] = {
        "2 4 room_created 3 9 0 alice 0 0\n{}", "2 4 room_invitation 3 9 0 alice 0 0\n{}",
        "2 4 room_removed 3 9 0 alice 0 0\n{}", "2 4 credentials_changed 3 0 0 alice 0 0\n"};
    for (size_t i = 0; i < COUNT(payloads); i++) {
        assert_true(user_accepts(payloads[i]));
        assert_false(room_accepts(payloads[i]));
    }
    assert_true(user_accepts("2 4 room_deleted 3 9 0 alice 0 0\n{}"));
    assert_false(user_accepts("2 0 room_deleted 3 9 0 alice 0 0\n{}"));
    assert_false(user_accepts("2 4 new_message 3 9 0 alice 0 0\n{}"));
    assert_false(user_accepts("2 0 typing 3 0 0 alice 0 0\n{}"));
}

static void only_hidden_events_have_no_text(void **state) {
    (void)state;
    assert_false(user_accepts("2 4 room_created 3 9 0 alice 0 0\n"));
    assert_false(room_accepts("2 4 new_message 3 9 0 alice 0 0\n"));
    assert_false(room_accepts("2 0 typing 3 0 0 alice 0 0\n"));
}

static void text_must_be_a_valid_object(void **state) {
    (void)state;
    static const char *const texts[] = {"[]",  "7",     "null",        "{",    "{}{}",
                                        " {}", "{'a'}", "{\"a\":NaN}", "\"\"", "{}x"};
    for (size_t i = 0; i < COUNT(texts); i++) {
        struct buffer payload = BUFFER_EMPTY;
        buffer_printf(&payload, "2 7 new_message 3 9 0 alice 0 0\n%s", texts[i]);
        assert_false(room_accepts(buffer_str(&payload)));
        buffer_free(&payload);
    }
}

static void message_must_be_a_valid_object(void **state) {
    (void)state;
    assert_true(room_accepts("2 7 new_message 3 9 0 alice 5 2\n{\"a\":{}}"));
    assert_false(room_accepts("2 7 new_message 3 9 0 alice 5 1\n{\"a\":{}}"));
    assert_false(room_accepts("2 7 new_message 3 9 0 alice 4 3\n{\"a\":{}}"));
    assert_false(room_accepts("2 7 new_message 3 9 0 alice 1 3\n{\"a\":{}}"));
}

static void version_1_is_accepted(void **state) {
    (void)state;
    assert_true(room_accepts("1 7 new_message 3 9\n{}"));
    assert_true(room_accepts("1 0 typing 3 0\n{}"));
    assert_false(room_accepts("1 0 new_message 3 9\n{}"));
    assert_false(room_accepts("1 7 new_message 3 9\n[]"));
}

static void oversized_payload_is_refused(void **state) {
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
        cmocka_unit_test(recorded_room_events_need_a_number),
        cmocka_unit_test(notices_must_have_no_number),
        cmocka_unit_test(user_events_belong_on_the_users_channel),
        cmocka_unit_test(only_hidden_events_have_no_text),
        cmocka_unit_test(text_must_be_a_valid_object),
        cmocka_unit_test(message_must_be_a_valid_object),
        cmocka_unit_test(version_1_is_accepted),
        cmocka_unit_test(oversized_payload_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
