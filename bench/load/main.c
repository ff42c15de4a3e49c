/*
 * crowd: holds many WebSockets, publishes to them and counts what arrives.
 *
 *     crowd PORT MEMBERS REDIS_SOCKET PREFIX
 *
 * MEMBERS is a file of lines "room last_seq path token". Takes commands on standard input, a
 * line each, and answers each with a line of JSON:
 *
 *     open COUNT [BEHIND]         opens the first COUNT, with `since` BEHIND events back
 *     drop                        closes all
 *     flow SECONDS BURST WINDOW   publishes bursts, one room after the other, with at
 *                                 most WINDOW in flight
 *     pace SECONDS RATE           publishes RATE messages a second
 *     post SECONDS RATE PORT TOKEN   posts them over HTTP to the first room
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "crowd.h"
#include "publisher.h"

#define BATCH 1024

/* Handshakes at a time. */
#define OPENING 256

/* The next member is this far away in the list, so that members of one room connect at different
 * times. A prime, so that all have their turn. */
#define STRIDE 7919

/* Pause after each round of reading while the whole way of a message is measured. Real readers are
 * on machines of their own, where being woken by each write costs this machine nothing. Times are
 * longer by up to this pause. */
#define REST_US 200

/* Longest wait for messages that have not arrived. */
#define PATIENCE_US 10000000

struct bench {
    struct crowd *crowd;
    struct publisher *publisher;
    int epoll;
    char marks[3]; /* their addresses mark events of standard input, Redis and HTTP */
    bool asked;    /* a line waits on standard input */
    int http;
    int64_t posted_us; /* 0: no answer is outstanding */
    struct histogram posts;
    bool resting; /* pauses between rounds, see REST_US */
    bool failed;
};

static void watch(const struct bench *bench, int fd, const void *mark) {
    struct epoll_event event = {.events = EPOLLIN};
    memcpy(&event.data.ptr, &mark, sizeof(mark));
    epoll_ctl(bench->epoll, EPOLL_CTL_ADD, fd, &event);
}

static void read_answer(struct bench *bench) {
    char answer[4096];
    const ssize_t len = recv(bench->http, answer, sizeof(answer), 0);
    if (len < 12 || bench->posted_us == 0 || memcmp(answer + 9, "201", 3) != 0) {
        fprintf(stderr, "post: %.*s\n", len > 0 ? (int)len : 0, answer);
        bench->failed = true;
        epoll_ctl(bench->epoll, EPOLL_CTL_DEL, bench->http, NULL);
        return;
    }
    histogram_add(&bench->posts, crowd_now_us() - bench->posted_us);
    bench->posted_us = 0;
}

/* Serves what is ready, waiting no longer than until `until`. */
static void serve(struct bench *bench, int64_t until) {
    static struct epoll_event events[BATCH];
    const uint64_t before = bench->crowd->received;
    const int64_t left = until - crowd_now_us();
    const int count = epoll_wait(bench->epoll, events, BATCH, left > 0 ? (int)(left / 1000) : 0);
    for (int i = 0; i < count; i++) {
        const char *mark = events[i].data.ptr;
        if (mark == &bench->marks[0])
            bench->asked = true;
        else if (mark == &bench->marks[1])
            publisher_drain(bench->publisher);
        else if (mark == &bench->marks[2])
            read_answer(bench);
        else
            crowd_serve(bench->crowd, events[i].data.ptr, events[i].events);
    }
    if (bench->resting && bench->crowd->received != before)
        usleep(REST_US);
}

static void forget(struct bench *bench) {
    struct crowd *crowd = bench->crowd;
    memset(&crowd->handshakes, 0, sizeof(crowd->handshakes));
    memset(&crowd->latency, 0, sizeof(crowd->latency));
    memset(&bench->posts, 0, sizeof(bench->posts));
    crowd->received = crowd->missed = crowd->repeated = 0;
}

/* `lost` are those since the last report: also the ones that were closed between two commands. */
static void report(const struct bench *bench, uint64_t count, int64_t begun,
                   const struct histogram *times) {
    struct crowd *crowd = bench->crowd;
    printf("{\"count\":%llu,\"seconds\":%.6f,\"p50_us\":%.0f,\"p99_us\":%.0f,\"lost\":%llu,"
           "\"live\":%zu,\"posts\":%llu,\"post_p50_us\":%.0f,\"post_p99_us\":%.0f,"
           "\"missed\":%llu,\"repeated\":%llu,\"waiting\":%llu}\n",
           (unsigned long long)count, (double)(crowd_now_us() - begun) / 1e6,
           histogram_quantile(times, 0.5), histogram_quantile(times, 0.99),
           (unsigned long long)crowd->lost, crowd->live, (unsigned long long)bench->posts.count,
           histogram_quantile(&bench->posts, 0.5), histogram_quantile(&bench->posts, 0.99),
           (unsigned long long)crowd->missed, (unsigned long long)crowd->repeated,
           (unsigned long long)crowd_waiting(crowd));
    fflush(stdout);
    crowd->lost = 0;
}

/* ---- commands ---- */

static void open_members(struct bench *bench, size_t count, uint64_t behind) {
    struct crowd *crowd = bench->crowd;
    const int64_t begun = crowd_now_us();
    size_t next = 0;
    crowd->behind = behind;
    count = count < crowd->member_count ? count : crowd->member_count;
    while (crowd->live + crowd->lost < count && crowd_now_us() - begun < 6 * PATIENCE_US) {
        while (next < count && crowd->opening < OPENING)
            if (!crowd_connect(crowd, next++ * STRIDE % count))
                return;
        serve(bench, crowd_now_us() + 100000);
    }
    report(bench, crowd->live, begun, &crowd->handshakes);
}

/* Waits until `due` messages have been received since `forget`. */
static void wait_for(struct bench *bench, uint64_t due) {
    const int64_t begun = crowd_now_us();
    while (bench->crowd->received < due && crowd_now_us() - begun < PATIENCE_US)
        serve(bench, crowd_now_us() + 100000);
}

static void flow(struct bench *bench, double seconds, unsigned burst, uint64_t window) {
    struct crowd *crowd = bench->crowd;
    const int64_t begun = crowd_now_us();
    const int64_t end = begun + (int64_t)(seconds * 1e6);
    uint64_t due = 0;
    for (size_t at = 0; crowd_now_us() < end; at = (at + 1) % crowd->room_count) {
        struct room *room = crowd->rooms[at];
        const uint64_t step = (uint64_t)burst * room->listeners;
        if (step == 0)
            continue;
        while (due - crowd->received > (window - 1) * step && crowd_now_us() < end)
            serve(bench, end);
        if (!publisher_send(bench->publisher, room, burst))
            return;
        due += step;
    }
    wait_for(bench, due);
    report(bench, crowd->received, begun, &crowd->latency);
}

static void pace(struct bench *bench, double seconds, double rate, const char *token) {
    struct crowd *crowd = bench->crowd;
    const int64_t begun = crowd_now_us();
    uint64_t due = 0;
    for (uint64_t sent = 0; (double)sent < seconds * rate; sent++) {
        struct room *room = crowd->rooms[sent % (token ? 1 : crowd->room_count)];
        const int64_t at = begun + (int64_t)((double)sent / rate * 1e6);
        while (crowd_now_us() < at || bench->posted_us != 0) {
            serve(bench, bench->posted_us ? crowd_now_us() + PATIENCE_US : at);
            if (bench->failed)
                return;
        }
        if (token)
            bench->posted_us = crowd_now_us();
        if (!(token ? publisher_post(bench->http, room, token)
                    : publisher_send(bench->publisher, room, 1)))
            return;
        due += room->listeners;
    }
    wait_for(bench, due);
    while (bench->posted_us != 0 && !bench->failed)
        serve(bench, crowd_now_us() + PATIENCE_US);
    report(bench, token ? bench->posts.count : crowd->received, begun, &crowd->latency);
}

static void post(struct bench *bench, double seconds, double rate, uint16_t port,
                 const char *token) {
    bench->http = publisher_dial(port);
    if (bench->http < 0)
        return;
    watch(bench, bench->http, &bench->marks[2]);
    bench->resting = true;
    pace(bench, seconds, rate, token);
    bench->resting = false;
    close(bench->http);
}

/* Runs the command in a line; each command reports its result. */
static void obey(struct bench *bench, const char *line) {
    double seconds, rate;
    unsigned burst, port;
    unsigned long long count, behind = UINT64_MAX;
    char token[64];
    forget(bench);
    if (sscanf(line, "open %llu %llu", &count, &behind) >= 1) {
        open_members(bench, (size_t)count, behind);
    } else if (strcmp(line, "drop\n") == 0) {
        crowd_drop(bench->crowd);
        report(bench, 0, crowd_now_us(), &bench->crowd->latency);
    } else if (sscanf(line, "flow %lf %u %llu", &seconds, &burst, &count) == 3) {
        flow(bench, seconds, burst, count);
    } else if (sscanf(line, "post %lf %lf %u %63s", &seconds, &rate, &port, token) == 4) {
        post(bench, seconds, rate, (uint16_t)port, token);
    } else if (sscanf(line, "pace %lf %lf", &seconds, &rate) == 2) {
        pace(bench, seconds, rate, NULL);
    } else {
        fprintf(stderr, "not understood: %s", line);
    }
}

int main(int argc, char **argv) {
    static struct bench bench;
    char line[256];
    if (argc != 5) {
        fputs("usage: crowd PORT MEMBERS REDIS_SOCKET PREFIX\n", stderr);
        return 2;
    }
    bench.epoll = epoll_create1(EPOLL_CLOEXEC);
    bench.crowd = crowd_new(bench.epoll, (uint16_t)strtoul(argv[1], NULL, 10), argv[2]);
    bench.publisher = publisher_new(argv[3], argv[4]);
    if (!bench.crowd || !bench.publisher)
        return 1;
    watch(&bench, STDIN_FILENO, &bench.marks[0]);
    watch(&bench, publisher_fd(bench.publisher), &bench.marks[1]);
    while (!bench.failed) {
        while (!bench.asked)
            serve(&bench, crowd_now_us() + 1000000);
        bench.asked = false;
        if (!fgets(line, sizeof(line), stdin))
            return 0;
        obey(&bench, line);
    }
    return 1;
}
