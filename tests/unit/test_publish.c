/* publish: the bytes and the channel of each event. The test listens in place of Redis. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/buffer.h"
#include "event/event.h"
#include "event/publish.h"
#include "support/unit.h"

static const struct publisher PUBLISHER = {.prefix = "t:"};

struct fixture {
    char folder[64];
    struct sockaddr_un address;
    int listener;
    char none[1]; /* the empty string */
    struct config config;
    struct redis_client *client;
    struct buffer wanted; /* the expected commands */
};

static int set_up(void **state) {
    struct fixture *f = calloc(1, sizeof(*f));
    *state = f;
    strcpy(f->folder, "/tmp/test_publish.XXXXXX");
    assert_non_null(mkdtemp(f->folder));
    f->address.sun_family = AF_UNIX;
    snprintf(f->address.sun_path, sizeof(f->address.sun_path), "%s/redis", f->folder);
    f->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    assert_int_equal(bind(f->listener, (const struct sockaddr *)&f->address, sizeof(f->address)),
                     0);
    assert_int_equal(listen(f->listener, 1), 0);
    f->config.redis_socket = f->address.sun_path;
    f->config.redis_host = f->config.redis_user = f->config.redis_password = f->none;
    f->config.redis_timeout = 20;
    return 0;
}

static int tear_down(void **state) {
    struct fixture *f = *state;
    close(f->listener);
    unlink(f->address.sun_path);
    rmdir(f->folder);
    buffer_free(&f->wanted);
    free(f);
    return 0;
}

/* Expects a message on a channel. */
static void want(struct fixture *f, const char *channel, const char *message) {
    buffer_printf(&f->wanted, "*3\r\n$7\r\nPUBLISH\r\n$%zu\r\n%s\r\n$%zu\r\n%s\r\n",
                  strlen(channel), channel, strlen(message), message);
}

/* Flushes the published events and compares their bytes with the expected ones. */
static void assert_published(struct fixture *f) {
    char bytes[8192];
    size_t len = 0;
    ssize_t got;
    redis_client_free(f->client);
    const int peer = accept4(f->listener, NULL, NULL, SOCK_CLOEXEC);
    assert_true(peer >= 0);
    while ((got = read(peer, bytes + len, sizeof(bytes) - len)) > 0)
        len += (size_t)got;
    close(peer);
    assert_int_equal(len, f->wanted.len);
    assert_memory_equal(bytes, f->wanted.data, len);
}

/* ---- events ---- */

static void an_event_of_a_room(void **state) {
    struct fixture *f = *state;
    const struct room_event event = {.room_id = 5,
                                     .seq = 7,
                                     .type = EVENT_USER_INVITED,
                                     .actor_id = 1,
                                     .actor = text_of("alice"),
                                     .subject_id = 2};
    f->client = redis_client_new(&f->config);
    publish_room_event(f->client, &PUBLISHER, &event, NULL);
    want(f, "t:room:5",
         "2 7 user_invited 1 2 0 alice 0 0\n{\"type\":\"user_invited\",\"user_id\":2,"
         "\"invited_by\":\"alice\",\"seq\":7,\"room_id\":5}");
    assert_published(f);
}

static void an_event_of_a_user(void **state) {
    struct fixture *f = *state;
    f->client = redis_client_new(&f->config);
    publish_user_event(f->client, &PUBLISHER, 2, EVENT_ROOM_INVITATION, 4, 1, "alice", 5,
                       text_of("{}"));
    want(f, "t:user:2", "2 4 room_invitation 1 5 0 alice 0 0\n{}");
    assert_published(f);
}

static void a_notice_has_no_seq(void **state) {
    struct fixture *f = *state;
    f->client = redis_client_new(&f->config);
    publish_room_notice(f->client, &PUBLISHER, 5, EVENT_MESSAGE_READ, 2, "bobby", 9, text_of("{}"));
    want(f, "t:room:5", "2 0 message_read 2 9 0 bobby 0 0\n{}");
    assert_published(f);
}

static void credentials_changed_has_no_json(void **state) {
    struct fixture *f = *state;
    const struct user_change none = {.changed = false, .user_id = 2, .seq = 8};
    const struct user_change change = {.changed = true, .user_id = 3, .seq = 9};
    f->client = redis_client_new(&f->config);
    publish_credentials_changed(f->client, &PUBLISHER, &none);
    publish_credentials_changed(f->client, &PUBLISHER, &change);
    want(f, "t:user:3", "2 9 credentials_changed 3 0 0 - 0 0\n");
    assert_published(f);
}

static void a_deleted_room_is_published_to_its_members_first(void **state) {
    struct fixture *f = *state;
    f->client = redis_client_new(&f->config);
    publish_room_deleted(f->client, &PUBLISHER, 5, 1, "alice", text_of("1:10,22:3"));
    want(f, "t:user:1",
         "2 10 room_deleted 1 5 0 alice 0 0\n"
         "{\"type\":\"room_deleted\",\"deleted_by\":\"alice\",\"seq\":10,\"room_id\":5}");
    want(f, "t:user:22",
         "2 3 room_deleted 1 5 0 alice 0 0\n"
         "{\"type\":\"room_deleted\",\"deleted_by\":\"alice\",\"seq\":3,\"room_id\":5}");
    want(f, "t:room:5",
         "2 0 room_deleted 1 0 0 alice 0 0\n"
         "{\"type\":\"room_deleted\",\"deleted_by\":\"alice\",\"room_id\":5}");
    assert_published(f);
}

static void a_deleted_room_without_members_or_deleter(void **state) {
    struct fixture *f = *state;
    f->client = redis_client_new(&f->config);
    publish_room_deleted(f->client, &PUBLISHER, 5, 0, NULL, text_of(""));
    want(f, "t:room:5",
         "2 0 room_deleted 0 0 0 - 0 0\n"
         "{\"type\":\"room_deleted\",\"deleted_by\":null,\"room_id\":5}");
    assert_published(f);
}

static void nothing_is_sent_without_redis(void **state) {
    struct fixture *f = *state;
    const struct room_event event = {
        .room_id = 5, .seq = 7, .type = EVENT_USER_INVITED, .actor = text_of("alice")};
    const struct user_change change = {.changed = true, .user_id = 3, .seq = 9};
    struct config config = f->config;
    config.redis_socket = config.redis_host;
    struct redis_client *client = redis_client_new(&config);
    publish_room_event(client, &PUBLISHER, &event, NULL);
    publish_user_event(client, &PUBLISHER, 2, EVENT_ROOM_INVITATION, 4, 1, "alice", 5,
                       text_of("{}"));
    publish_room_notice(client, &PUBLISHER, 5, EVENT_MESSAGE_READ, 2, "bobby", 9, text_of("{}"));
    publish_credentials_changed(client, &PUBLISHER, &change);
    publish_room_deleted(client, &PUBLISHER, 5, 1, "alice", text_of("1:10"));
    redis_client_free(client);
    assert_true(accept4(f->listener, NULL, NULL, SOCK_CLOEXEC) < 0);
}

#define PUBLISHES(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        PUBLISHES(an_event_of_a_room),
        PUBLISHES(an_event_of_a_user),
        PUBLISHES(a_notice_has_no_seq),
        PUBLISHES(credentials_changed_has_no_json),
        PUBLISHES(a_deleted_room_is_published_to_its_members_first),
        PUBLISHES(a_deleted_room_without_members_or_deleter),
        PUBLISHES(nothing_is_sent_without_redis),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
