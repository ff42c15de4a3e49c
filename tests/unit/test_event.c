/* event: names of channels and keys, and the envelope. */
#include <stdlib.h>
#include <string.h>

#include "event/event.h"
#include "support/unit.h"

#define MAX_ID "18446744073709551615"

/* Stored in databases and sent on the wire: never changed. */
static const struct {
    unsigned type;
    unsigned number;
    const char *name;
} types[] = {
    {EVENT_NEW_MESSAGE, 1, "new_message"},
    {EVENT_MESSAGE_EDITED, 2, "message_edited"},
    {EVENT_MESSAGE_DELETED, 3, "message_deleted"},
    {EVENT_ROOM_UPDATED, 4, "room_updated"},
    {EVENT_USER_INVITED, 5, "user_invited"},
    {EVENT_USER_REMOVED, 6, "user_removed"},
    {EVENT_MEMBER_UPDATED, 7, "member_updated"},
    {EVENT_REACTIONS_CHANGED, 8, "reactions_changed"},
    {EVENT_MESSAGE_PINNED, 9, "message_pinned"},
    {EVENT_MESSAGE_UNPINNED, 10, "message_unpinned"},
    {EVENT_USER_BANNED, 11, "user_banned"},
    {EVENT_HISTORY_TRIMMED, 12, "history_trimmed"},
    {EVENT_ROOM_CREATED, 20, "room_created"},
    {EVENT_ROOM_INVITATION, 21, "room_invitation"},
    {EVENT_ROOM_REMOVED, 22, "room_removed"},
    {EVENT_ROOM_DELETED, 23, "room_deleted"},
    {EVENT_CREDENTIALS_CHANGED, 24, "credentials_changed"},
    {EVENT_READ_CHANGED, 25, "read_changed"},
    {EVENT_PREFERENCES_CHANGED, 26, "preferences_changed"},
    {EVENT_MENTIONED, 27, "mentioned"},
    {EVENT_REPORT_CREATED, 28, "report_created"},
    {EVENT_MESSAGE_HELD, 29, "message_held"},
    {EVENT_MODERATION_CHANGED, 30, "moderation_changed"},
    {EVENT_SILENCE_CHANGED, 31, "silence_changed"},
    {EVENT_MESSAGE_READ, 40, "message_read"},
    {EVENT_TYPING, 41, "typing"},
    {EVENT_STOP_TYPING, 42, "stop_typing"},
    {EVENT_USER_JOINED, 43, "user_joined"},
    {EVENT_USER_LEFT, 44, "user_left"},
    {EVENT_ONLINE_CHANGED, 45, "online_changed"},
};

static void every_type_has_its_number_and_name(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT(types); i++) {
        assert_int_equal(types[i].type, types[i].number);
        assert_string_equal(event_name(types[i].type), types[i].name);
        assert_int_equal(event_type(text_of(types[i].name)), types[i].number);
    }
}

/* A type of event.c without a row above would not be tested. */
static void every_type_has_a_row_here(void **state) {
    (void)state;
    for (unsigned number = 0; number < 256; number++) {
        bool found = false;
        for (size_t i = 0; i < COUNT(types); i++)
            found = found || types[i].number == number;
        if (event_name(number) && !found)
            fail_msg("%s: add a row to types of test_event.c", event_name(number));
    }
}

/* 1 to 19 are stored in rooms' streams, 20 to 39 in users', notices come after them. */
static void every_type_is_valid_on_its_channels(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT(types); i++) {
        const unsigned type = types[i].type;
        const bool of_room = type < 20, of_user = type >= 20 && type < 40;
        const bool notice =
            (type >= 40 && type != EVENT_ONLINE_CHANGED) || type == EVENT_ROOM_DELETED;
        assert_int_equal(event_belongs(type, EVENT_STREAM_ROOM, true), of_room);
        assert_int_equal(event_belongs(type, EVENT_STREAM_ROOM, false), notice);
        assert_int_equal(event_belongs(type, EVENT_STREAM_USER, true), of_user);
        assert_false(event_belongs(type, EVENT_STREAM_USER, false));
    }
    assert_false(event_belongs(0, EVENT_STREAM_ROOM, true));
}

static void an_unknown_type_has_no_name(void **state) {
    (void)state;
    assert_null(event_name(0));
    assert_null(event_name(19));
    assert_null(event_name(255));
    assert_int_equal(event_type(text_of("")), 0);
    assert_int_equal(event_type(text_of("New_message")), 0);
    assert_int_equal(event_type(text_of("new_messages")), 0);
}

static void a_number_is_a_literal_for_sql(void **state) {
    (void)state;
    assert_string_equal(EVENT_SQL(EVENT_NEW_MESSAGE), "1");
    assert_string_equal(EVENT_SQL(EVENT_CREDENTIALS_CHANGED), "24");
}

static void channels_and_keys_begin_with_the_prefix(void **state) {
    (void)state;
    struct buffer out = BUFFER_EMPTY;
    event_channel(&out, "site:", EVENT_STREAM_ROOM, 7);
    buffer_append_char(&out, ' ');
    event_channel(&out, "site:", EVENT_STREAM_USER, UINT64_MAX);
    buffer_append_char(&out, ' ');
    event_presence_key(&out, "site:", 7);
    buffer_append_char(&out, ' ');
    event_pushd_key(&out, "site:", text_of("a1"));
    assert_string_equal(buffer_str(&out),
                        "site:room:7 site:user:" MAX_ID " site:presence:7 site:pushd:a1");
    buffer_free(&out);
}

static void a_channel_name_is_parsed(void **state) {
    (void)state;
    enum event_stream stream = EVENT_STREAM_USER;
    uint64_t id = 0;
    assert_true(event_channel_parse(text_of("p:room:12"), "p:", &stream, &id));
    assert_int_equal(stream, EVENT_STREAM_ROOM);
    assert_int_equal(id, 12);
    assert_true(event_channel_parse(text_of("user:" MAX_ID), "", &stream, &id));
    assert_int_equal(stream, EVENT_STREAM_USER);
    assert_true(id == UINT64_MAX);
}

static void an_invalid_channel_name_is_rejected(void **state) {
    (void)state;
    static const char *const channels[] = {
        "",
        "p",
        "p:",
        "p:room:",
        "p:room:x",
        "p:room:-1",
        "p:rooms:1",
        "q:room:1",
        "p:presence:1",
        "room:1",
        "p:room:1 ",
        "p:room: 1",
        "P:room:1",
        "p:room:1:2",
        "p:user:",
        "p:user:1x",
        "p:room:18446744073709551616",
    };
    enum event_stream stream;
    uint64_t id;
    for (size_t i = 0; i < COUNT(channels); i++)
        assert_false(event_channel_parse(text_of(channels[i]), "p:", &stream, &id));
}

static void an_envelope_is_a_header_line_and_json(void **state) {
    (void)state;
    struct buffer out = BUFFER_EMPTY;
    const struct text json = text_of("{\"message\":{}}");
    const struct event_envelope posted = {.seq = 12,
                                          .type = EVENT_NEW_MESSAGE,
                                          .actor_id = 3,
                                          .actor = text_of("alice"),
                                          .subject_id = 77,
                                          .text = json,
                                          .message = {json.at + 11, 2}};
    const struct event_envelope left = {.type = EVENT_USER_LEFT,
                                        .actor_id = 3,
                                        .actor = text_of("alice"),
                                        .logical_time = 1700000000000001,
                                        .text = text_of("{}")};
    const struct event_envelope ended = {.seq = 4, .type = EVENT_CREDENTIALS_CHANGED};
    event_write(&out, &posted);
    assert_string_equal(buffer_str(&out), "2 12 new_message 3 77 0 alice 11 2\n{\"message\":{}}");
    buffer_clear(&out);
    event_write(&out, &left);
    assert_string_equal(buffer_str(&out), "2 0 user_left 3 0 1700000000000001 alice 0 0\n{}");
    buffer_clear(&out);
    event_write(&out, &ended);
    assert_string_equal(buffer_str(&out), "2 4 credentials_changed 0 0 0 - 0 0\n");
    buffer_free(&out);
}

static void an_envelope_can_be_written_around_its_time(void **state) {
    (void)state;
    struct buffer before = BUFFER_EMPTY, after = BUFFER_EMPTY;
    const struct event_envelope joined = {
        .type = EVENT_USER_JOINED, .actor_id = 3, .actor = text_of("alice"), .text = text_of("{}")};
    event_write_around_time(&before, &after, &joined);
    assert_string_equal(buffer_str(&before), "2 0 user_joined 3 0 ");
    assert_string_equal(buffer_str(&after), " alice 0 0\n{}");
    buffer_free(&before);
    buffer_free(&after);
}

/* Version 1 is still published by fcgi-api and pushd of the last release. */
static void version_1_is_read(void **state) {
    (void)state;
    struct event_envelope found;
    assert_true(event_read(text_of("1 12 new_message 3 77\n{\"a\":1}"), &found));
    assert_int_equal(found.seq, 12);
    assert_int_equal(found.type, EVENT_NEW_MESSAGE);
    assert_int_equal(found.actor_id, 3);
    assert_int_equal(found.subject_id, 77);
    assert_true(found.header_only);
    assert_int_equal(found.message.len, 0);
    assert_true(text_equals(found.text, text_of("{\"a\":1}")));
    assert_true(event_read(text_of("1 0 typing 3 0\n{}"), &found));
    assert_false(found.header_only);
}

static void version_1_of_presence_has_its_name_in_the_json(void **state) {
    (void)state;
    struct event_envelope found;
    assert_true(event_read(
        text_of("1 0 user_joined 3 1700\n{\"type\":\"user_joined\",\"user\":\"al.ice\"}"), &found));
    assert_false(found.header_only);
    assert_int_equal(found.logical_time, 1700);
    assert_int_equal(found.subject_id, 0);
    assert_true(text_equals(found.actor, text_of("al.ice")));
    static const char *const nameless[] = {
        "1 0 user_left 3 5\n", "1 0 user_left 3 5\n{}", "1 0 user_left 3 5\n{\"user\":\"ali",
        "1 0 user_left 3 5\n{\"user\":\"\"}", "1 0 user_left 3 5\n{\"user\":\"a\\u0020b\"}"};
    for (size_t i = 0; i < COUNT(nameless); i++) {
        assert_true(event_read(text_of(nameless[i]), &found));
        assert_int_equal(found.actor.len, 0);
    }
}

static void assert_survives(const struct event_envelope *envelope) {
    struct buffer out = BUFFER_EMPTY;
    struct event_envelope found;
    event_write(&out, envelope);
    assert_true(event_read((struct text){out.data, out.len}, &found));
    assert_true(found.seq == envelope->seq);
    assert_int_equal(found.type, envelope->type);
    assert_true(found.actor_id == envelope->actor_id);
    assert_true(found.subject_id == envelope->subject_id);
    assert_true(found.logical_time == envelope->logical_time);
    assert_true(found.position == envelope->position && found.quoted == envelope->quoted);
    assert_true(text_equals(found.text, envelope->text));
    assert_true(text_equals(found.actor, envelope->actor));
    assert_true(text_equals(found.message, envelope->message));
    assert_false(found.header_only);
    buffer_free(&out);
}

static void a_written_envelope_is_read_unchanged(void **state) {
    (void)state;
    const struct text json = text_of("a\nb c\n");
    for (size_t i = 0; i < COUNT(types); i++)
        assert_survives(&(struct event_envelope){.seq = i,
                                                 .type = types[i].type,
                                                 .actor_id = 5,
                                                 .subject_id = 6,
                                                 .text = text_of("{}")});
    assert_survives(&(struct event_envelope){.seq = UINT64_MAX,
                                             .type = EVENT_ROOM_DELETED,
                                             .actor_id = UINT64_MAX,
                                             .actor = text_of("a-name.of_32-characters.and_more"),
                                             .subject_id = UINT64_MAX,
                                             .logical_time = UINT64_MAX,
                                             .text = text_of("")});
    assert_survives(&(struct event_envelope){
        .seq = 1, .type = EVENT_NEW_MESSAGE, .text = json, .message = json});
    assert_survives(&(struct event_envelope){
        .seq = 1, .type = EVENT_MESSAGE_EDITED, .text = json, .position = 9, .quoted = UINT64_MAX});
    assert_survives(&(struct event_envelope){
        .seq = 1, .type = EVENT_NEW_MESSAGE, .text = json, .message = {json.at + 5, 1}});
}

static void a_malformed_envelope_is_rejected(void **state) {
    (void)state;
    static const char *const envelopes[] = {
        "",
        "1",
        "1 2 new_message 3 4",
        "0 2 new_message 3 4\n{}",
        "3 2 new_message 3 4 0 alice 0 0\n{}",
        "2 2 new_message 3 4\n{}",
        "2 2 new_message 3 4 0 alice 0\n{}",
        "2 2 new_message 3 4 0 alice 0 0",
        "2 2 new_message 3 4 0 alice 0 0 0\n{}",
        "2 2 new_message 3 4 0 alice 0 0 0 x\n{}",
        "2 2 new_message 3 4 0 alice 0 0 0 0 0\n{}",
        "2 2 new_message 3 4 -1 alice 0 0\n{}",
        "2 2 new_message 3 4 0 al 0 0\n{}",
        "2 2 new_message 3 4 0 al/ice 0 0\n{}",
        "2 2 new_message 3 4 0 a-name.of_33-characters.and_more. 0 0\n{}",
        "2 2 new_message 3 4 0  0 0\n{}",
        "2 2 new_message 3 4 0 alice 3 0\n{}",
        "2 2 new_message 3 4 0 alice 0 3\n{}",
        "2 2 new_message 3 4 0 alice 1 2\n{}",
        "2 2 new_message 3 4 0 alice 18446744073709551615 2\n{}",
        "2 2 new_message 3 4 0 alice 1 18446744073709551615\n{}",
        "1 2 no_such_event 3 4\n{}",
        "1  new_message 3 4\n{}",
        "1 2 new_message 3\n{}",
        "1 2 new_message 3 4 5\n{}",
        "1 -2 new_message 3 4\n{}",
        "1 2 new_message x 4\n{}",
        "1 2 new_message 3 x\n{}",
        "1 18446744073709551616 new_message 3 4\n{}",
        " 1 2 new_message 3 4\n{}",
    };
    struct event_envelope envelope;
    for (size_t i = 0; i < COUNT(envelopes); i++)
        assert_false(event_read(text_of(envelopes[i]), &envelope));
    assert_false(event_read((struct text){NULL, 0}, &envelope));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_type_has_its_number_and_name),
        cmocka_unit_test(every_type_has_a_row_here),
        cmocka_unit_test(every_type_is_valid_on_its_channels),
        cmocka_unit_test(an_unknown_type_has_no_name),
        cmocka_unit_test(a_number_is_a_literal_for_sql),
        cmocka_unit_test(channels_and_keys_begin_with_the_prefix),
        cmocka_unit_test(a_channel_name_is_parsed),
        cmocka_unit_test(an_invalid_channel_name_is_rejected),
        cmocka_unit_test(an_envelope_is_a_header_line_and_json),
        cmocka_unit_test(an_envelope_can_be_written_around_its_time),
        cmocka_unit_test(version_1_is_read),
        cmocka_unit_test(version_1_of_presence_has_its_name_in_the_json),
        cmocka_unit_test(a_written_envelope_is_read_unchanged),
        cmocka_unit_test(a_malformed_envelope_is_rejected),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
