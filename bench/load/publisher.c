#include "publisher.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/buffer.h"
#include "event/event.h"

/* Bytes of the JSON of a message. */
#define MESSAGE_SIZE 300

/* The author: no member, since authors are not notified of their own messages. */
#define AUTHOR 1000000

struct publisher {
    int fd;
    const char *prefix;
    struct buffer json, payload, channel, out;
};

struct publisher *publisher_new(const char *redis_socket, const char *prefix) {
    struct publisher *publisher = calloc(1, sizeof(*publisher));
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (!publisher)
        abort();
    snprintf(address.sun_path, sizeof(address.sun_path), "%s", redis_socket);
    publisher->prefix = prefix;
    publisher->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connect(publisher->fd, (const struct sockaddr *)&address, sizeof(address)) < 0) {
        perror(redis_socket);
        return NULL;
    }
    return publisher;
}

int publisher_fd(const struct publisher *publisher) {
    return publisher->fd;
}

void publisher_drain(struct publisher *publisher) {
    char answers[4096];
    while (recv(publisher->fd, answers, sizeof(answers), MSG_DONTWAIT) == sizeof(answers)) {
    }
}

static bool write_all(int fd, const char *at, size_t len) {
    while (len > 0) {
        const ssize_t sent = send(fd, at, len, MSG_NOSIGNAL);
        if (sent <= 0) {
            perror("send");
            return false;
        }
        at += sent;
        len -= (size_t)sent;
    }
    return true;
}

#define MESSAGE_START "{\"type\":\"new_message\",\"message\":"
#define MESSAGE_END ",\"sender\":\"bench\",\"sender_id\":1000000"

/* A message as fcgi-api words it, filled up to its size. */
static void write_json(struct buffer *json, const struct room *room) {
    static const char TAIL[] = "\",\"message_type\":\"text\",\"is_deleted\":false}" MESSAGE_END;
    buffer_clear(json);
    buffer_printf(
        json, MESSAGE_START "{\"message_id\":%" PRIu64 ",\"room_id\":%" PRIu64 ",\"content\":\"",
        CROWD_IDS + room->seq, room->id);
    while (json->len < MESSAGE_SIZE - sizeof(TAIL) - 40)
        buffer_append_char(json, 'x');
    buffer_printf(json, "%s,\"seq\":%" PRIu64 ",\"room_id\":%" PRIu64 "}", TAIL, room->seq,
                  room->id);
}

/* The Message object in this JSON. */
static struct text message_of(const struct buffer *json) {
    const char *start = json->data + strlen(MESSAGE_START);
    const char *end = memmem(json->data, json->len, MESSAGE_END, strlen(MESSAGE_END));
    return (struct text){start, (size_t)(end - start)};
}

bool publisher_send(struct publisher *publisher, struct room *room, unsigned count) {
    struct buffer *out = &publisher->out;
    buffer_clear(out);
    buffer_clear(&publisher->channel);
    event_channel(&publisher->channel, publisher->prefix, EVENT_STREAM_ROOM, room->id);
    for (unsigned i = 0; i < count; i++) {
        room->seq++;
        room->times[room->seq % CROWD_TIMES] = crowd_now_us();
        write_json(&publisher->json, room);
        const struct event_envelope envelope = {.seq = room->seq,
                                                .type = EVENT_NEW_MESSAGE,
                                                .actor_id = AUTHOR,
                                                .subject_id = room->seq,
                                                .text = {publisher->json.data, publisher->json.len},
                                                .actor = text_of("bench"),
                                                .message = message_of(&publisher->json)};
        buffer_clear(&publisher->payload);
        event_write(&publisher->payload, &envelope);
        buffer_printf(out, "*3\r\n$7\r\nPUBLISH\r\n$%zu\r\n%s\r\n$%zu\r\n", publisher->channel.len,
                      buffer_str(&publisher->channel), publisher->payload.len);
        buffer_append(out, publisher->payload.data, publisher->payload.len);
        buffer_append_str(out, "\r\n");
    }
    return write_all(publisher->fd, out->data, out->len);
}

int publisher_dial(uint16_t port) {
    const struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const int one = 1;
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0)
        return fd;
    perror("connect");
    close(fd);
    return -1;
}

bool publisher_post(int fd, struct room *room, const char *token) {
    char body[MESSAGE_SIZE], request[1024];
    room->seq++;
    room->times[room->seq % CROWD_TIMES] = crowd_now_us();
    const int size = snprintf(body, sizeof(body),
                              "{\"content\":\"The quick brown fox jumps over the lazy dog\"}");
    const int len = snprintf(request, sizeof(request),
                             "POST /api/chat/rooms/%" PRIu64
                             "/messages/ HTTP/1.1\r\nHost: 127.0.0.1\r\n"
                             "Authorization: Token %s\r\nContent-Type: application/json\r\n"
                             "Content-Length: %d\r\n\r\n%s",
                             room->id, token, size, body);
    return write_all(fd, request, (size_t)len);
}
