#include "crowd.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* The part of a frame that is read: its header and the beginning of its text, with the id of the
 * message. */
#define HEAD_SIZE 128
#define MAX_HEADER 10
#define LEN_16 126
#define LEN_64 127
#define OPCODE_TEXT 1
#define OPCODE_CLOSE 8
#define OPCODE_PING 9

static const char MESSAGE[] = "{\"type\":\"new_message";
static const char MESSAGE_ID[] = "\"message_id\":";
static const char CONNECTED[] = "{\"type\":\"connected\"";

enum phase { PHASE_NONE, PHASE_CONNECTING, PHASE_ANSWER, PHASE_LIVE };

struct member {
    struct room *room;
    char *path, *token;
    int fd;
    enum phase phase;
    bool greeted;
    bool closing; /* the server has sent a close frame */
    unsigned matched; /* of the blank line that ends the answer */
    int64_t begun_us;
    uint64_t next_seq;
    uint64_t skip; /* of the frame at hand */
    unsigned char head[HEAD_SIZE];
    unsigned head_len;
};

int64_t crowd_now_us(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* ---- members ---- */

/* Members of one room are next to each other in the file. */
static struct room *room_of(struct crowd *crowd, uint64_t id, uint64_t seq) {
    struct room *last = crowd->room_count > 0 ? crowd->rooms[crowd->room_count - 1] : NULL;
    if (last && last->id == id)
        return last;
    struct room *room = calloc(1, sizeof(*room));
    crowd->rooms = realloc(crowd->rooms, (crowd->room_count + 1) * sizeof(struct room *));
    if (!room || !crowd->rooms)
        abort();
    room->id = id;
    room->seq = room->first_seq = seq;
    crowd->rooms[crowd->room_count++] = room;
    return room;
}

struct crowd *crowd_new(int epoll, uint16_t port, const char *file) {
    struct crowd *crowd = calloc(1, sizeof(*crowd));
    FILE *in = fopen(file, "r");
    unsigned long long room, seq;
    char path[128], token[64];
    if (!in || !crowd) {
        perror(file);
        return NULL;
    }
    crowd->epoll = epoll;
    crowd->port = port;
    crowd->behind = UINT64_MAX;
    while (fscanf(in, "%llu %llu %127s %63s", &room, &seq, path, token) == 4) {
        crowd->members =
            realloc(crowd->members, (crowd->member_count + 1) * sizeof(*crowd->members));
        if (!crowd->members)
            abort();
        crowd->members[crowd->member_count++] = (struct member){.room = room_of(crowd, room, seq),
                                                                .path = strdup(path),
                                                                .token = strdup(token),
                                                                .fd = -1};
    }
    const bool whole = feof(in);
    fclose(in);
    if (!whole)
        fprintf(stderr, "%s: not of the form \"room last_seq path token\"\n", file);
    return whole ? crowd : NULL;
}

/* ---- connecting ---- */

bool crowd_connect(struct crowd *crowd, size_t index) {
    struct member *member = &crowd->members[index];
    const struct sockaddr_in address = {.sin_family = AF_INET,
                                        .sin_port = htons(crowd->port),
                                        .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const struct linger cut = {1, 0};
    member->begun_us = crowd_now_us();
    member->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (member->fd < 0 ||
        (connect(member->fd, (const struct sockaddr *)&address, sizeof(address)) < 0 &&
         errno != EINPROGRESS)) {
        perror("connect");
        return false;
    }
    /* Closing resets the connection, so that no port stays in TIME_WAIT. */
    setsockopt(member->fd, SOL_SOCKET, SO_LINGER, &cut, sizeof(cut));
    struct epoll_event event = {.events = EPOLLOUT, .data.ptr = member};
    epoll_ctl(crowd->epoll, EPOLL_CTL_ADD, member->fd, &event);
    member->phase = PHASE_CONNECTING;
    member->greeted = member->closing = false;
    member->matched = member->head_len = 0;
    member->skip = 0;
    member->next_seq = member->room->seq + 1;
    crowd->opening++;
    return true;
}

static void lose(struct crowd *crowd, struct member *member) {
    close(member->fd);
    if (member->greeted) {
        crowd->live--;
        member->room->listeners--;
    } else {
        crowd->opening--;
    }
    member->fd = -1;
    member->phase = PHASE_NONE;
    crowd->lost++;
}

static void ask(struct crowd *crowd, struct member *member) {
    char request[512], query[40] = "";
    /* Edge-triggered: otherwise the kernel checks each socket again after it was read. */
    struct epoll_event event = {.events = EPOLLIN | EPOLLRDHUP | EPOLLET, .data.ptr = member};
    if (crowd->behind != UINT64_MAX) {
        const uint64_t since =
            member->room->seq > crowd->behind ? member->room->seq - crowd->behind : 0;
        snprintf(query, sizeof(query), "?since=%llu", (unsigned long long)since);
        member->next_seq = since + 1;
    }
    const int len = snprintf(request, sizeof(request),
                             "GET %s%s HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nUpgrade: websocket\r\n"
                             "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                             "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                             "Authorization: Token %s\r\n\r\n",
                             member->path, query, crowd->port, member->token);
    member->phase = PHASE_ANSWER;
    epoll_ctl(crowd->epoll, EPOLL_CTL_MOD, member->fd, &event);
    if (send(member->fd, request, (size_t)len, MSG_NOSIGNAL) != len)
        lose(crowd, member);
}

void crowd_drop(struct crowd *crowd) {
    for (size_t i = 0; i < crowd->member_count; i++) {
        if (crowd->members[i].fd >= 0)
            close(crowd->members[i].fd);
        crowd->members[i].fd = -1;
        crowd->members[i].phase = PHASE_NONE;
    }
    for (size_t i = 0; i < crowd->room_count; i++)
        crowd->rooms[i]->listeners = 0;
    crowd->live = crowd->opening = 0;
}

/* ---- frames ---- */

static void on_connected(struct crowd *crowd, struct member *member, int64_t now) {
    if (member->greeted)
        return;
    member->greeted = true;
    member->room->listeners++;
    crowd->opening--;
    crowd->live++;
    histogram_add(&crowd->handshakes, now - member->begun_us);
}

/* The seq of a message of the bench, in the beginning of its text; 0: another message. */
static uint64_t seq_in(const unsigned char *text, size_t len) {
    const unsigned char *at = memmem(text, len, MESSAGE_ID, sizeof(MESSAGE_ID) - 1);
    uint64_t id = 0;
    if (!at)
        return 0;
    for (at += sizeof(MESSAGE_ID) - 1; at < text + len && *at >= '0' && *at <= '9'; at++)
        id = id * 10 + (uint64_t)(*at - '0');
    return id > CROWD_IDS ? id - CROWD_IDS : 0;
}

/* Each message must be the next one of the room. */
static void on_message(struct crowd *crowd, struct member *member, uint64_t seq, int64_t now) {
    if (seq == 0)
        seq = member->next_seq;
    crowd->received++;
    if (seq < member->next_seq) {
        crowd->repeated++;
        return;
    }
    crowd->missed += seq - member->next_seq;
    member->next_seq = seq + 1;
    if (seq > member->room->first_seq)
        histogram_add(&crowd->latency, now - member->room->times[seq % CROWD_TIMES]);
}

uint64_t crowd_waiting(const struct crowd *crowd) {
    uint64_t waiting = 0;
    for (size_t i = 0; i < crowd->member_count; i++) {
        const struct member *member = &crowd->members[i];
        if (member->greeted && member->phase == PHASE_LIVE)
            waiting += member->room->seq + 1 - member->next_seq;
    }
    return waiting;
}

static void answer_ping(const struct member *member, const unsigned char *text, size_t len) {
    unsigned char pong[6 + HEAD_SIZE] = {0x8a, (unsigned char)(0x80 | len)};
    memcpy(pong + 6, text, len);
    (void)!send(member->fd, pong, 6 + len, MSG_NOSIGNAL | MSG_DONTWAIT);
}

/* The number of bytes of a frame that are read, from its first bytes; 0 if these are too few. */
static size_t head_of(const unsigned char *at, size_t have, uint64_t *whole) {
    if (have < 2)
        return 0;
    const unsigned len = at[1] & 0x7f;
    const size_t extra = len == LEN_16 ? 2 : len == LEN_64 ? 8 : 0;
    uint64_t text = extra ? 0 : len;
    if (have < 2 + extra)
        return 0;
    for (size_t i = 0; i < extra; i++)
        text = text << 8 | at[2 + i];
    *whole = 2 + extra + text;
    return 2 + extra + (text < HEAD_SIZE - MAX_HEADER ? (size_t)text : HEAD_SIZE - MAX_HEADER);
}

static void look_at(struct crowd *crowd, struct member *member, const unsigned char *at,
                    size_t head, int64_t now) {
    const unsigned len = at[1] & 0x7f;
    const size_t begin = 2 + (len == LEN_16 ? 2 : len == LEN_64 ? 8 : 0);
    const unsigned opcode = at[0] & 0x0f;
    const size_t text = head - begin;
    if (opcode == OPCODE_PING && text < HEAD_SIZE - MAX_HEADER)
        answer_ping(member, at + begin, text);
    else if (opcode == OPCODE_CLOSE)
        member->closing = true;
    else if (opcode != OPCODE_TEXT)
        return;
    else if (text >= sizeof(MESSAGE) - 1 && memcmp(at + begin, MESSAGE, sizeof(MESSAGE) - 1) == 0)
        on_message(crowd, member, seq_in(at + begin, text), now);
    else if (text >= sizeof(CONNECTED) - 1 &&
             memcmp(at + begin, CONNECTED, sizeof(CONNECTED) - 1) == 0)
        on_connected(crowd, member, now);
}

/* Takes bytes of the current frame; returns how many. The bytes of an incomplete frame are kept. */
static size_t take(struct crowd *crowd, struct member *member, const unsigned char *at, size_t have,
                   int64_t now) {
    uint64_t whole = 0;
    if (member->skip > 0) {
        const size_t part = member->skip < have ? (size_t)member->skip : have;
        member->skip -= part;
        return part;
    }
    if (member->head_len == 0) {
        const size_t head = head_of(at, have, &whole);
        if (head > 0 && head <= have) {
            look_at(crowd, member, at, head, now);
            member->skip = whole - head;
            return head;
        }
    }
    member->head[member->head_len++] = *at;
    const size_t head = head_of(member->head, member->head_len, &whole);
    if (head > 0 && head == member->head_len) {
        look_at(crowd, member, member->head, head, now);
        member->skip = whole - head;
        member->head_len = 0;
    }
    return 1;
}

/* The bytes of the answer to the handshake, up to its blank line; false if it is a refusal. */
static bool take_answer(struct member *member, const unsigned char *at, size_t *used, size_t have) {
    static const char END[] = "\r\n\r\n";
    if (*used == 0 && member->matched == 0 && have >= 12 && memcmp(at + 9, "101", 3) != 0)
        return false;
    while (*used < have && member->matched < sizeof(END) - 1) {
        const char c = (char)at[(*used)++];
        member->matched = c == END[member->matched] ? member->matched + 1 : c == '\r';
    }
    if (member->matched == sizeof(END) - 1)
        member->phase = PHASE_LIVE;
    return true;
}

/* Reads once; true if there may be more. */
static bool read_some(struct crowd *crowd, struct member *member) {
    static unsigned char bytes[262144];
    size_t used = 0;
    const ssize_t len = recv(member->fd, bytes, sizeof(bytes), MSG_DONTWAIT);
    if (len < 0 && (errno == EAGAIN || errno == EINTR))
        return errno == EINTR;
    const int64_t now = crowd_now_us();
    if (len <= 0 ||
        (member->phase == PHASE_ANSWER && !take_answer(member, bytes, &used, (size_t)len))) {
        lose(crowd, member);
        return false;
    }
    while (used < (size_t)len)
        used += take(crowd, member, bytes + used, (size_t)len - used, now);
    /* The server would wait for an answer for some seconds, and send no messages meanwhile. */
    if (member->closing) {
        lose(crowd, member);
        return false;
    }
    return (size_t)len == sizeof(bytes);
}

void crowd_serve(struct crowd *crowd, struct member *member, uint32_t events) {
    const bool ended = events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR);
    bool more = true;
    if (member->phase == PHASE_CONNECTING) {
        ask(crowd, member);
        return;
    }
    while (member->phase != PHASE_NONE && more)
        more = read_some(crowd, member) || ended;
}
