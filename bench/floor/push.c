/*
 * The floor for sockets: an epoll server that makes one frame of each event from Redis and
 * writes it to every socket of the room, with one write() for each delivery. It has no
 * authentication and no send queues.
 *
 *     push REDIS_SOCKET PREFIX
 *
 * Prints the port it listens on; ends when standard input does.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <hiredis/hiredis.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define BATCH 1024
#define MOST_FILES 20000
#define MOST_ROOMS 65536
#define LEN_16 126

struct room {
    uint64_t id;
    int *fds;
    unsigned count;
};

static struct room rooms[MOST_ROOMS]; /* by id, as far as they go into it */
static struct room *room_of[MOST_FILES];
static redisContext *redis;
static const char *prefix;
static int epoll;

static void fail(const char *what) {
    perror(what);
    exit(1);
}

static struct room *find(uint64_t id) {
    struct room *room = &rooms[id % MOST_ROOMS];
    if (room->id != id) {
        room->id = id;
        redisAppendCommand(redis, "SUBSCRIBE %sroom:%llu", prefix, (unsigned long long)id);
        int done = 0;
        while (!done)
            if (redisBufferWrite(redis, &done) != REDIS_OK)
                fail("redis");
    }
    return room;
}

/* Answers a handshake without checking it; only the room was read. */
static void greet(int fd) {
    static const char ANSWER[] =
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
        "Connection: Upgrade\r\n"
        "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"
        "\x81\x14{\"type\":\"connected\"}";
    char request[2048];
    unsigned long long id = 0;
    const ssize_t len = recv(fd, request, sizeof(request) - 1, 0);
    if (len <= 0) {
        close(fd);
        return;
    }
    request[len] = '\0';
    sscanf(request, "GET /ws/chat/%llu/", &id);
    struct room *room = find(id);
    room->fds = realloc(room->fds, (room->count + 1) * sizeof(int));
    room->fds[room->count++] = fd;
    room_of[fd] = room;
    if (send(fd, ANSWER, sizeof(ANSWER) - 1, MSG_NOSIGNAL) < 0)
        fail("send");
}

static void leave(int fd) {
    struct room *room = room_of[fd];
    char bytes[512];
    if (recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT) > 0)
        return;
    for (unsigned i = 0; i < room->count; i++)
        if (room->fds[i] == fd)
            room->fds[i] = room->fds[--room->count];
    room_of[fd] = NULL;
    close(fd);
}

static void deliver(const redisReply *reply) {
    static unsigned char frame[65536];
    const char *channel = reply->element[1]->str + strlen(prefix) + strlen("room:");
    const char *payload = reply->element[2]->str;
    const char *json = strchr(payload, '\n') + 1;
    const size_t len = reply->element[2]->len - (size_t)(json - payload);
    const size_t header = len < LEN_16 ? 2 : 4;
    const struct room *room = find(strtoull(channel, NULL, 10));
    frame[0] = 0x81;
    frame[1] = (unsigned char)(len < LEN_16 ? len : LEN_16);
    if (len >= LEN_16) {
        frame[2] = (unsigned char)(len >> 8);
        frame[3] = (unsigned char)len;
    }
    memcpy(frame + header, json, len);
    for (unsigned i = 0; i < room->count; i++)
        if (write(room->fds[i], frame, header + len) != (ssize_t)(header + len))
            fail("write");
}

static void read_redis(void) {
    void *reply;
    if (redisBufferRead(redis) != REDIS_OK)
        fail("redis");
    while (redisGetReplyFromReader(redis, &reply) == REDIS_OK && reply) {
        const redisReply *r = reply;
        if (r->elements == 3 && strcmp(r->element[0]->str, "message") == 0)
            deliver(r);
        freeReplyObject(reply);
    }
}

static int listen_somewhere(void) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof(address);
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0 || listen(fd, 4096) < 0)
        fail("listen");
    getsockname(fd, (struct sockaddr *)&address, &size);
    printf("%u\n", ntohs(address.sin_port));
    fflush(stdout);
    return fd;
}

static void watch(int fd) {
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
    epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
}

int main(int argc, char **argv) {
    static struct epoll_event events[BATCH];
    if (argc != 3) {
        fputs("usage: push REDIS_SOCKET PREFIX\n", stderr);
        return 2;
    }
    prefix = argv[2];
    redis = redisConnectUnix(argv[1]);
    epoll = epoll_create1(EPOLL_CLOEXEC);
    const int listener = listen_somewhere();
    watch(listener);
    watch(redis->fd);
    watch(STDIN_FILENO);
    for (;;) {
        const int count = epoll_wait(epoll, events, BATCH, -1);
        for (int i = 0; i < count; i++) {
            const int fd = events[i].data.fd;
            if (fd == STDIN_FILENO)
                return 0;
            if (fd == listener)
                watch(accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK));
            else if (fd == redis->fd)
                read_redis();
            else if (room_of[fd])
                leave(fd);
            else
                greet(fd);
        }
    }
}
