/* serialize: the exact JSON of all objects and events. */
#include <stdlib.h>
#include <string.h>

#include "event/event.h"
#include "event/serialize.h"
#include "support/unit.h"

/* 2024-01-15T10:30:00.123456Z, and a day later. */
#define TIME 1705314600123456
#define LATER (TIME + 86400000000)

#define NO_MENTIONS "\"mentions\":{\"user_ids\":[],\"all\":false}"

#define MESSAGE_JSON                                                                    \
    "{\"message_id\":9,\"room_id\":5,\"sender_id\":1,\"sender_username\":\"alice\","    \
    "\"content\":\"Hi \\\"you\\\"\\n\",\"message_type\":\"text\",\"reply_to_id\":null," \
    "\"created_at\":\"2024-01-15T10:30:00.123456Z\",\"edited_at\":null,"                \
    "\"is_deleted\":false,\"client_id\":null,\"reactions\":[],"                         \
    "\"reply_to\":null,\"reply_count\":0,\"files\":[]," NO_MENTIONS "}"

#define ROOM_FIELDS(last_message)                                                        \
    "\"room_id\":5,\"name\":\"Lobby\",\"is_private\":true,\"is_direct\":false,"          \
    "\"key\":null,\"created_by_id\":1,\"created_at\":\"2024-01-15T10:30:00.123456Z\","   \
    "\"members_count\":3,\"message_count\":12,\"last_message\":" last_message            \
    ",\"last_seq\":20,\"may_pin\":\"admins\",\"topic\":\"\",\"post_policy\":\"members\"" \
    ",\"slow_seconds\":0,\"is_archived\":false,\"members_visible\":true"                 \
    ",\"is_live\":false,\"history\":\"all\",\"guests\":\"none\",\"retention_days\":null" \
    ",\"is_open\":false"

#define PLAIN_VIEW                                         \
    "\"me\":{\"notify\":\"default\",\"muted_until\":null," \
    "\"is_favorite\":false,\"is_hidden\":false}"

static const struct message message = {
    .id = 9,
    .room_id = 5,
    .position = 12,
    .sender_id = 1,
    .sender_username = {"alice", 5},
    .content = {"Hi \"you\"\n", 9},
    .type = MESSAGE_TEXT,
    .created_at = TIME,
    .client_id = {"", 0},
};

static const struct membership membership = {
    .id = 4,
    .room_id = 5,
    .user_id = 2,
    .username = {"bob", 3},
    .is_admin = true,
    .role = ROLE_ADMIN,
    .joined_at = TIME,
};

static const struct room room = {
    .state = {.exists = true,
              .is_private = true,
              .is_member = true,
              .is_admin = true,
              .role = ROLE_ADMIN,
              .members_visible = true,
              .room_id = 5,
              .last_seq = 20,
              .oldest_seq = 1,
              .message_count = 12,
              .members_count = 3,
              .last_read_position = 10,
              .created_at = TIME},
    .name = {"Lobby", 5},
    .created_by_id = 1,
};

/* Compares the JSON written, and frees it. */
static void assert_json(struct buffer *out, const char *wanted) {
    assert_string_equal(buffer_str(out), wanted);
    buffer_free(out);
}

/* ---- objects ---- */

static void a_message(void **state) {
    (void)state;
    struct buffer out = BUFFER_EMPTY;
    struct json_writer w = json_writer_start(&out);
    serialize_message(&w, &message);
    assert_json(&out, MESSAGE_JSON);
}

static void an_edited_reply(void **state) {
    (void)state;
    struct buffer out = BUFFER_EMPTY;
    struct json_writer w = json_writer_start(&out);
    struct message edited = message;
    edited.type = MESSAGE_IMAGE;
    edited.reply_to_id = 3;
    edited.quote = (struct message_quote){.message_id = 3,
                                          .sender_id = 2,
                                          .sender_username = text_of("bob"),
                                          .excerpt = text_of("Hi?")};
    edited.reply_count = 7;
    edited.edited_at = LATER;
    edited.client_id = text_of("c-1");
    edited.mentions = text_of("{\"user_ids\":[2,3],\"all\":true}");
    serialize_message(&w, &edited);
    assert_json(&out,
                "{\"message_id\":9,\"room_id\":5,\"sender_id\":1,"
                "\"sender_username\":\"alice\",\"content\":\"Hi \\\"you\\\"\\n\","
                "\"message_type\":\"image\",\"reply_to_id\":3,"
                "\"created_at\":\"2024-01-15T10:30:00.123456Z\","
                "\"edited_at\":\"2024-01-16T10:30:00.123456Z\",\"is_deleted\":false,"
                "\"client_id\":\"c-1\",\"reactions\":[],"
                "\"reply_to\":{\"message_id\":3,\"sender_id\":2,\"sender_username\":\"bob\","
                "\"excerpt\":\"Hi?\",\"is_deleted\":false},\"reply_count\":7,\"files\":[],"
                "\"mentions\":{\"user_ids\":[2,3],\"all\":true}}");
}

static void a_deleted_message(void **state) {
    (void)state;
    struct buffer out = BUFFER_EMPTY;
    struct json_writer w = json_writer_start(&out);
    struct message deleted = message;
    deleted.type = MESSAGE_FILE;
    deleted.is_deleted = true;
    deleted.content = text_of("");
    serialize_message(&w, &deleted);
    assert_json(&out,
                "{\"message_id\":9,\"room_id\":5,\"sender_id\":1,"
                "\"sender_username\":\"alice\",\"content\":\"\","
                "\"message_type\":\"file\",\"reply_to_id\":null,"
                "\"created_at\":\"2024-01-15T10:30:00.123456Z\",\"edited_at\":null,"
                "\"is_deleted\":true,\"client_id\":null,\"reactions\":[],"
                "\"reply_to\":null,\"reply_count\":0,\"files\":[]," NO_MENTIONS "}");
}

static void reactions_with_and_without_which_are_the_own(void **state) {
    static const char LIST[] = "👍 12 1 🎉 1 0";
    (void)state;
    struct buffer out = BUFFER_EMPTY;
    struct json_writer w = json_writer_start(&out);
    serialize_reactions(&w, text_of(LIST), true);
    assert_json(&out,
                "[{\"emoji\":\"👍\",\"count\":12,\"mine\":true},"
                "{\"emoji\":\"🎉\",\"count\":1,\"mine\":false}]");
    w = json_writer_start(&out);
    serialize_reactions(&w, text_of(LIST), false);
    assert_json(&out, "[{\"emoji\":\"👍\",\"count\":12},{\"emoji\":\"🎉\",\"count\":1}]");
}

#define PICTURE                                                                        \
    "{\"file_id\":7,\"name\":\"cat 1.png\",\"size\":100,\"media_type\":\"image/png\"," \
    "\"width\":640,\"height\":480,\"duration\":null,\"has_thumbnail\":true,"           \
    "\"url\":\"/api/chat/files/7/cat%201.png\"}"
#define SOUND                                                                    \
    "{\"file_id\":8,\"name\":\"link\",\"size\":5,\"media_type\":\"audio/mpeg\"," \
    "\"width\":null,\"height\":null,\"duration\":1.5,\"has_thumbnail\":false,"   \
    "\"url\":\"/api/chat/files/8/_link\",\"state\":\"scanning\"}"

static void the_files_of_a_message(void **state) {
    (void)state;
    struct buffer out = BUFFER_EMPTY;
    struct json_writer w = json_writer_start(&out);
    struct message with_files = message;
    with_files.files = text_of(
        "7\t2\t100\timage/png\t640\t480\t\t1\tcat 1.png\n"
        "8\t1\t5\taudio/mpeg\t0\t0\t1500\t0\tlink");
    serialize_message(&w, &with_files);
    const char *files = strstr(buffer_str(&out), "\"files\"");
    assert_non_null(files);
    assert_string_equal(files, "\"files\":[" PICTURE "," SOUND "]," NO_MENTIONS "}");
    buffer_free(&out);
}

static void a_membership_with_and_without_the_name(void **state) {
    (void)state;
    struct buffer out = BUFFER_EMPTY;
    struct json_writer w = json_writer_start(&out);
    serialize_membership(&w, &membership, true);
    assert_json(&out,
                "{\"membership_id\":4,\"room_id\":5,\"user_id\":2,\"username\":\"bob\","
                "\"display_name\":\"bob\",\"avatar_url\":null,"
                "\"is_admin\":true,\"role\":\"admin\","
                "\"joined_at\":\"2024-01-15T10:30:00.123456Z\"}");
    w = json_writer_start(&out);
    struct membership shown = membership;
    shown.display_name = text_of("Bob \"the\" Builder");
    shown.avatar_url = text_of("https://pictures.example/bob.png");
    serialize_membership(&w, &shown, false);
    assert_json(&out,
                "{\"membership_id\":4,\"room_id\":5,\"user_id\":2,"
                "\"display_name\":\"Bob \\\"the\\\" Builder\","
                "\"avatar_url\":\"https://pictures.example/bob.png\","
                "\"is_admin\":true,\"role\":\"admin\","
                "\"joined_at\":\"2024-01-15T10:30:00.123456Z\"}");
}

static void a_user_for_others_and_for_the_user(void **state) {
    (void)state;
    const struct user user = {
        .id = 2, .name = "bob", .is_active = true, .is_staff = true, .created_at = TIME};
    const struct profile profile = {.user_id = 2,
                                    .username = text_of("bob"),
                                    .display_name = text_of("Bob"),
                                    .locale = text_of("pt-BR"),
                                    .is_bot = true};
    struct buffer out = BUFFER_EMPTY;
    struct json_writer w = json_writer_start(&out);
    serialize_profile(&w, &profile);
    assert_json(&out,
                "{\"user_id\":2,\"username\":\"bob\",\"display_name\":\"Bob\","
                "\"avatar_url\":null,\"is_bot\":true}");
    w = json_writer_start(&out);
    serialize_online(&w, &profile);
    assert_json(&out,
                "{\"user_id\":2,\"username\":\"bob\",\"display_name\":\"Bob\","
                "\"avatar_url\":null}");
    w = json_writer_start(&out);
    serialize_account(&w, &user, &profile, text_of(""));
    assert_json(&out,
                "{\"user_id\":2,\"username\":\"bob\",\"display_name\":\"Bob\","
                "\"avatar_url\":null,\"locale\":\"pt-BR\",\"is_bot\":true,\"share_read\":false,"
                "\"is_staff\":true,\"created_at\":\"2024-01-15T10:30:00.123456Z\",\"bell\":null}");
}

static void a_room_for_a_member(void **state) {
    (void)state;
    struct buffer out = BUFFER_EMPTY;
    struct json_writer w = json_writer_start(&out);
    struct room with_message = room;
    with_message.has_last_message = true;
    with_message.last_message = message;
    serialize_room(&w, &with_message);
    assert_json(&out,
                "{" ROOM_FIELDS(MESSAGE_JSON) ",\"unread_count\":2,\"is_admin\":true,"
                                              "\"bell\":null,\"unread_mentions\":0," PLAIN_VIEW
                                              "}");
    with_message.unread_mentions = 1;
    with_message.state.view = (struct room_view){
        .notify = NOTIFY_NONE, .muted_until = TIME, .is_favorite = true, .is_hidden = true};
    with_message.bell = text_of("/bell/01");
    w = json_writer_start(&out);
    serialize_room(&w, &with_message);
    assert_json(&out,
                "{" ROOM_FIELDS(MESSAGE_JSON) ",\"unread_count\":2,\"is_admin\":true,"
                                              "\"bell\":\"/bell/01\",\"unread_mentions\":1,"
                                              "\"me\":{\"notify\":\"none\",\"muted_until\":"
                                              "\"2024-01-15T10:30:00.123456Z\","
                                              "\"is_favorite\":true,\"is_hidden\":true}}");
}

static void a_room_for_a_non_member(void **state) {
    (void)state;
    struct buffer out = BUFFER_EMPTY;
    struct json_writer w = json_writer_start(&out);
    struct room foreign = room;
    foreign.state.is_member = foreign.state.is_admin = false;
    foreign.state.last_read_position = 0;
    serialize_room(&w, &foreign);
    assert_json(&out, "{" ROOM_FIELDS("null") ",\"unread_count\":0,\"is_admin\":false,"
                                              "\"bell\":null,\"unread_mentions\":0," PLAIN_VIEW
                                              "}");
}

static void a_room_in_an_event_lacks_the_callers_fields(void **state) {
    (void)state;
    struct buffer out = BUFFER_EMPTY;
    struct json_writer w = json_writer_start(&out);
    serialize_room_in_event(&w, &room);
    assert_json(&out, "{" ROOM_FIELDS("null") "}");
}

/* ---- events of a room ---- */

static const struct room_event base = {
    .room_id = 5,
    .seq = 20,
    .actor_id = 1,
    .actor = {"alice", 5},
    .subject_id = 9,
};

static void assert_event(unsigned type, bool with_subject, const struct room *event_room,
                         const char *wanted) {
    struct buffer out = BUFFER_EMPTY;
    struct room_event event = base;
    event.type = type;
    event.has_message = event.has_membership = with_subject;
    event.message = message;
    event.membership = membership;
    const struct text found = serialize_room_event(&out, &event, event_room);
    if (type == EVENT_NEW_MESSAGE && with_subject)
        assert_true(found.len == strlen(MESSAGE_JSON) &&
                    memcmp(found.at, MESSAGE_JSON, found.len) == 0);
    else
        assert_int_equal(found.len, 0);
    assert_json(&out, wanted);
}

static void events_of_messages(void **state) {
    (void)state;
    assert_event(EVENT_NEW_MESSAGE, true, NULL,
                 "{\"type\":\"new_message\",\"message\":" MESSAGE_JSON
                 ",\"sender\":\"alice\",\"sender_id\":1,\"seq\":20,\"room_id\":5}");
    assert_event(EVENT_NEW_MESSAGE, false, NULL,
                 "{\"type\":\"new_message\",\"message\":null"
                 ",\"sender\":\"alice\",\"sender_id\":1,\"seq\":20,\"room_id\":5}");
    assert_event(EVENT_MESSAGE_EDITED, true, NULL,
                 "{\"type\":\"message_edited\",\"message\":" MESSAGE_JSON
                 ",\"edited_by\":\"alice\",\"seq\":20,\"room_id\":5}");
    assert_event(EVENT_MESSAGE_DELETED, true, NULL,
                 "{\"type\":\"message_deleted\",\"message_id\":9,\"deleted_by\":\"alice\","
                 "\"seq\":20,\"room_id\":5}");
    assert_event(EVENT_REACTIONS_CHANGED, true, NULL,
                 "{\"type\":\"reactions_changed\",\"message_id\":9,\"reactions\":[],"
                 "\"user\":\"alice\",\"user_id\":1,\"seq\":20,\"room_id\":5}");
    assert_event(EVENT_MESSAGE_PINNED, true, NULL,
                 "{\"type\":\"message_pinned\",\"message\":" MESSAGE_JSON
                 ",\"pinned_by\":\"alice\",\"seq\":20,\"room_id\":5}");
    assert_event(EVENT_MESSAGE_UNPINNED, true, NULL,
                 "{\"type\":\"message_unpinned\",\"message_id\":9,\"unpinned_by\":\"alice\","
                 "\"seq\":20,\"room_id\":5}");
    assert_event(EVENT_HISTORY_TRIMMED, false, NULL,
                 "{\"type\":\"history_trimmed\",\"oldest_message_id\":9,"
                 "\"seq\":20,\"room_id\":5}");
}

static void events_of_the_room_and_its_members(void **state) {
    (void)state;
    assert_event(EVENT_ROOM_UPDATED, false, &room,
                 "{\"type\":\"room_updated\",\"room\":{" ROOM_FIELDS("null") "},"
                 "\"updated_by\":\"alice\",\"seq\":20,\"room_id\":5}");
    assert_event(EVENT_ROOM_UPDATED, false, NULL,
                 "{\"type\":\"room_updated\",\"room\":null,"
                 "\"updated_by\":\"alice\",\"seq\":20,\"room_id\":5}");
    assert_event(EVENT_USER_INVITED, false, NULL,
                 "{\"type\":\"user_invited\",\"user_id\":9,\"invited_by\":\"alice\","
                 "\"seq\":20,\"room_id\":5}");
    assert_event(EVENT_USER_REMOVED, false, NULL,
                 "{\"type\":\"user_removed\",\"user_id\":9,\"removed_by\":\"alice\","
                 "\"seq\":20,\"room_id\":5}");
    /* A removal by a ban looks like any other. */
    assert_event(EVENT_USER_BANNED, false, NULL,
                 "{\"type\":\"user_removed\",\"user_id\":9,\"removed_by\":\"alice\","
                 "\"seq\":20,\"room_id\":5}");
    assert_event(EVENT_MEMBER_UPDATED, true, NULL,
                 "{\"type\":\"member_updated\",\"membership\":{\"membership_id\":4,"
                 "\"room_id\":5,\"user_id\":2,\"display_name\":\"bob\",\"avatar_url\":null,"
                 "\"is_admin\":true,\"role\":\"admin\","
                 "\"joined_at\":\"2024-01-15T10:30:00.123456Z\"},"
                 "\"updated_by\":\"alice\",\"seq\":20,\"room_id\":5}");
    assert_event(EVENT_MEMBER_UPDATED, false, NULL,
                 "{\"type\":\"member_updated\",\"membership\":null,"
                 "\"updated_by\":\"alice\",\"seq\":20,\"room_id\":5}");
}

/* A type without a row in ROOM_EVENTS would be sent without what has changed. */
static void every_event_of_a_room_shows_its_subject(void **state) {
    (void)state;
    for (unsigned type = 1; type < 256; type++) {
        struct buffer out = BUFFER_EMPTY, bare = BUFFER_EMPTY;
        struct room_event event = base;
        if (!event_belongs(type, EVENT_STREAM_ROOM, true))
            continue;
        event.type = type;
        serialize_room_event(&out, &event, NULL);
        buffer_printf(&bare, "{\"type\":\"%s\",\"seq\":20,\"room_id\":5}",
                      event_name(event_shown_type(type)));
        if (out.len <= bare.len)
            fail_msg("%s: add a row to ROOM_EVENTS of serialize_events.c", event_name(type));
        buffer_free(&out);
        buffer_free(&bare);
    }
}

/* ---- events of a user, and notices ---- */

static void a_room_created(void **state) {
    (void)state;
    struct buffer out = BUFFER_EMPTY;
    serialize_room_created(&out, 3, 5, &room, "alice");
    assert_json(&out, "{\"type\":\"room_created\",\"room\":{" ROOM_FIELDS("null") "},"
                      "\"created_by\":\"alice\",\"seq\":3,\"room_id\":5}");
    serialize_room_created(&out, 3, 5, NULL, NULL);
    assert_json(&out,
                "{\"type\":\"room_created\",\"room\":null,\"created_by\":null,"
                "\"seq\":3,\"room_id\":5}");
}

static void a_room_invitation(void **state) {
    (void)state;
    struct buffer out = BUFFER_EMPTY;
    const struct text name = text_of("Lobby");
    serialize_room_invitation(&out, 4, 5, &name, "alice");
    assert_json(&out,
                "{\"type\":\"room_invitation\",\"room_name\":\"Lobby\","
                "\"invited_by\":\"alice\",\"seq\":4,\"room_id\":5}");
    serialize_room_invitation(&out, 4, 5, NULL, NULL);
    assert_json(&out,
                "{\"type\":\"room_invitation\",\"room_name\":null,"
                "\"invited_by\":null,\"seq\":4,\"room_id\":5}");
}

static void a_room_removed(void **state) {
    (void)state;
    struct buffer out = BUFFER_EMPTY;
    serialize_room_removed(&out, 5, 5, "alice", NULL);
    assert_json(&out,
                "{\"type\":\"room_removed\",\"removed_by\":\"alice\",\"is_banned\":false,"
                "\"banned_until\":null,\"seq\":5,\"room_id\":5}");
    serialize_room_removed(&out, 5, 5, "alice", &(struct removal_ban){0});
    assert_json(&out,
                "{\"type\":\"room_removed\",\"removed_by\":\"alice\",\"is_banned\":true,"
                "\"banned_until\":null,\"seq\":5,\"room_id\":5}");
    serialize_room_removed(&out, 5, 5, "alice", &(struct removal_ban){1000000});
    assert_json(&out,
                "{\"type\":\"room_removed\",\"removed_by\":\"alice\",\"is_banned\":true,"
                "\"banned_until\":\"1970-01-01T00:00:01.000000Z\",\"seq\":5,\"room_id\":5}");
}

static void a_room_deleted_on_either_channel(void **state) {
    (void)state;
    struct buffer out = BUFFER_EMPTY;
    serialize_room_deleted(&out, 6, 5, "alice");
    assert_json(&out,
                "{\"type\":\"room_deleted\",\"deleted_by\":\"alice\",\"seq\":6,"
                "\"room_id\":5}");
    serialize_room_deleted(&out, 0, 5, NULL);
    assert_json(&out, "{\"type\":\"room_deleted\",\"deleted_by\":null,\"room_id\":5}");
}

static void a_read_mark_and_preferences(void **state) {
    (void)state;
    struct buffer out = BUFFER_EMPTY;
    const struct read_mark mark = {.room_id = 5, .message_id = 9, .unread_count = 3};
    serialize_read_changed(&out, 7, &mark);
    assert_json(&out,
                "{\"type\":\"read_changed\",\"last_read_message_id\":9,\"unread_count\":3,"
                "\"seq\":7,\"room_id\":5}");
    const struct room_view plain = {.notify = NOTIFY_DEFAULT};
    serialize_preferences_changed(&out, 8, 5, &plain);
    assert_json(&out, "{\"type\":\"preferences_changed\"," PLAIN_VIEW ",\"seq\":8,\"room_id\":5}");
}

static void a_mention_for_the_user_who_is_named(void **state) {
    (void)state;
    struct buffer out = BUFFER_EMPTY;
    serialize_report_created(&out, 4, 5, 7);
    assert_json(&out, "{\"type\":\"report_created\",\"report_id\":7,\"seq\":4,\"room_id\":5}");
    serialize_message_held(&out, 4, 5, 8);
    assert_json(&out, "{\"type\":\"message_held\",\"held_id\":8,\"seq\":4,\"room_id\":5}");
    serialize_moderation_changed(&out, 4, 5);
    assert_json(&out, "{\"type\":\"moderation_changed\",\"seq\":4,\"room_id\":5}");
    serialize_silence_changed(&out, 4, 5, 1000000);
    assert_json(&out, "{\"type\":\"silence_changed\",\"until\":\"1970-01-01T00:00:01.000000Z\","
                      "\"seq\":4,\"room_id\":5}");
    serialize_silence_changed(&out, 4, 5, 0);
    assert_json(&out, "{\"type\":\"silence_changed\",\"until\":null,\"seq\":4,\"room_id\":5}");
    serialize_mentioned(&out, 3, 5, 9, "alice");
    assert_json(&out,
                "{\"type\":\"mentioned\",\"message_id\":9,\"sender\":\"alice\",\"seq\":3,"
                "\"room_id\":5}");
}

/* The texts of a message cannot be taken for its mentions. */
static void mentions_are_found_in_a_message(void **state) {
    static const struct {
        const char *mentions, *content;
        bool of_2, of_3, of_23;
    } cases[] = {
        {"", "", false, false, false},
        {"{\"user_ids\":[3],\"all\":false}", "Hi", false, true, false},
        {"{\"user_ids\":[23,3],\"all\":false}", "Hi", false, true, true},
        {"{\"user_ids\":[],\"all\":true}", "Hi", true, true, true},
        {"", ",\"mentions\":{\"user_ids\":[2],\"all\":true}", false, false, false},
        {"", "a,", false, false, false},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct buffer out = BUFFER_EMPTY;
        struct json_writer w = json_writer_start(&out);
        struct message shown = message;
        shown.mentions = text_of(cases[i].mentions);
        shown.content = text_of(cases[i].content);
        serialize_message(&w, &shown);
        const struct mentions_found found =
            serialize_find_mentions((struct text){out.data, out.len});
        assert_int_equal(serialize_is_mentioned(&found, 2), cases[i].of_2);
        assert_int_equal(serialize_is_mentioned(&found, 3), cases[i].of_3);
        assert_int_equal(serialize_is_mentioned(&found, 23), cases[i].of_23);
        buffer_free(&out);
    }
    const struct mentions_found none = serialize_find_mentions(text_of("null"));
    assert_false(serialize_is_mentioned(&none, 2));
}

static void a_message_read(void **state) {
    (void)state;
    struct buffer out = BUFFER_EMPTY;
    serialize_message_read(&out, 5, 2, 9);
    assert_json(&out, "{\"type\":\"message_read\",\"user_id\":2,\"message_id\":9,\"room_id\":5}");
}

static void typing_and_presence_in_a_room(void **state) {
    static const struct {
        unsigned type;
        const char *json;
    } cases[] = {
        {EVENT_TYPING, "{\"type\":\"typing\",\"user\":\"bob\",\"user_id\":2,\"room_id\":5}"},
        {EVENT_STOP_TYPING,
         "{\"type\":\"stop_typing\",\"user\":\"bob\",\"user_id\":2,\"room_id\":5}"},
        {EVENT_USER_JOINED,
         "{\"type\":\"user_joined\",\"user\":\"bob\",\"user_id\":2,\"room_id\":5}"},
        {EVENT_USER_LEFT, "{\"type\":\"user_left\",\"user\":\"bob\",\"user_id\":2,\"room_id\":5}"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct buffer out = BUFFER_EMPTY;
        serialize_user_notice(&out, cases[i].type, 5, 2, text_of("bob"));
        assert_json(&out, cases[i].json);
    }
}

/* The object is copied from the event, so that both have the same bytes. */
static void a_notification_of_a_message(void **state) {
    (void)state;
    struct buffer out = BUFFER_EMPTY;
    serialize_message_notification(&out, 5, text_of(MESSAGE_JSON), text_of("alice"), true);
    assert_json(&out,
                "{\"type\":\"new_message_notification\",\"room_id\":5,"
                "\"message\":" MESSAGE_JSON ",\"sender\":\"alice\",\"is_mention\":true}");
    serialize_message_notification(&out, 5, text_of("null"), text_of("alice"), false);
    assert_json(&out,
                "{\"type\":\"new_message_notification\",\"room_id\":5,"
                "\"message\":null,\"sender\":\"alice\",\"is_mention\":false}");
}

/* Texts of messages cannot end the object early: their quotes are escaped. */
static void a_reply_is_shown_without_its_quote(void **state) {
    (void)state;
    struct buffer whole = BUFFER_EMPTY, out = BUFFER_EMPTY;
    struct message reply = message;
    reply.content = text_of("\",\"reply_to\":{\"x\":1},\"reply_count\":7");
    reply.reply_to_id = 4;
    reply.quote = (struct message_quote){.message_id = 4,
                                         .sender_id = 2,
                                         .sender_username = text_of("bob"),
                                         .excerpt = text_of("\"},\"reply_count\":9"),
                                         .position = 1};
    struct json_writer w = json_writer_start(&whole);
    serialize_message(&w, &reply);
    serialize_without_quote(&out, (struct text){whole.data, whole.len});
    buffer_clear(&whole);
    reply.quote.message_id = 0;
    w = json_writer_start(&whole);
    serialize_message(&w, &reply);
    assert_json(&out, buffer_str(&whole));
    buffer_free(&whole);
}

static void serialized_json_is_appended(void **state) {
    (void)state;
    struct buffer out = BUFFER_EMPTY;
    buffer_append_str(&out, "[");
    serialize_room_removed(&out, 1, 2, "bob", NULL);
    assert_json(&out,
                "[{\"type\":\"room_removed\",\"removed_by\":\"bob\",\"is_banned\":false,"
                "\"banned_until\":null,\"seq\":1,\"room_id\":2}");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_message),
        cmocka_unit_test(an_edited_reply),
        cmocka_unit_test(a_deleted_message),
        cmocka_unit_test(reactions_with_and_without_which_are_the_own),
        cmocka_unit_test(the_files_of_a_message),
        cmocka_unit_test(a_membership_with_and_without_the_name),
        cmocka_unit_test(a_user_for_others_and_for_the_user),
        cmocka_unit_test(a_room_for_a_member),
        cmocka_unit_test(a_room_for_a_non_member),
        cmocka_unit_test(a_room_in_an_event_lacks_the_callers_fields),
        cmocka_unit_test(events_of_messages),
        cmocka_unit_test(events_of_the_room_and_its_members),
        cmocka_unit_test(every_event_of_a_room_shows_its_subject),
        cmocka_unit_test(a_room_created),
        cmocka_unit_test(a_room_invitation),
        cmocka_unit_test(a_room_removed),
        cmocka_unit_test(a_room_deleted_on_either_channel),
        cmocka_unit_test(a_read_mark_and_preferences),
        cmocka_unit_test(a_mention_for_the_user_who_is_named),
        cmocka_unit_test(mentions_are_found_in_a_message),
        cmocka_unit_test(a_message_read),
        cmocka_unit_test(typing_and_presence_in_a_room),
        cmocka_unit_test(a_notification_of_a_message),
        cmocka_unit_test(a_reply_is_shown_without_its_quote),
        cmocka_unit_test(serialized_json_is_appended),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
