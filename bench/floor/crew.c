#include "crew.h"

#include <inttypes.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MOST_WORKERS 256

/* Durations are counted in steps of STEP_US microseconds; longer ones in the last step. */
#define STEP_US 4
#define STEPS 65536

struct worker {
    uint64_t count;
    uint32_t steps[STEPS];
};

/* Shared by all processes. */
struct crew {
    atomic_uint ready;
    atomic_bool failed;
    _Atomic int64_t end_us; /* 0: not begun */
    struct worker workers[];
};

static int64_t now_us(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void note(struct worker *worker, int64_t took_us) {
    const int64_t step = took_us / STEP_US;
    worker->count++;
    worker->steps[step < STEPS ? step : STEPS - 1]++;
}

static int work_until_end(struct crew *crew, struct worker *mine, crew_work *work, void *state) {
    int64_t end, started;
    atomic_fetch_add(&crew->ready, 1);
    while ((end = atomic_load(&crew->end_us)) == 0)
        usleep(500);
    while ((started = now_us()) < end) {
        if (!work(state)) {
            atomic_store(&crew->failed, true);
            return 1;
        }
        note(mine, now_us() - started);
    }
    return 0;
}

static void become_worker(struct crew *crew, unsigned index, crew_prepare *prepare, crew_work *work,
                          void *context) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    void *state = prepare(context, index);
    if (!state) {
        atomic_store(&crew->failed, true);
        _exit(1);
    }
    _exit(work_until_end(crew, &crew->workers[index], work, state));
}

/* A percentile of the durations. */
static uint64_t percentile(const struct crew *crew, unsigned workers, uint64_t total,
                           uint64_t percent) {
    uint64_t seen = 0;
    for (uint64_t step = 0; step < STEPS; step++) {
        for (unsigned i = 0; i < workers; i++)
            seen += crew->workers[i].steps[step];
        if (seen * 100 >= total * percent)
            return step * STEP_US;
    }
    return STEPS * STEP_US;
}

static void report(const struct crew *crew, unsigned workers, double seconds) {
    uint64_t total = 0;
    for (unsigned i = 0; i < workers; i++)
        total += crew->workers[i].count;
    printf("{\"count\": %" PRIu64 ", \"seconds\": %.6f, \"p50_us\": %" PRIu64
           ", \"p99_us\": %" PRIu64 "}\n",
           total, seconds, percentile(crew, workers, total, 50),
           percentile(crew, workers, total, 99));
}

int crew_run(unsigned workers, double seconds, crew_prepare *prepare, crew_work *work,
             void *context) {
    if (workers == 0 || workers > MOST_WORKERS)
        return 2;
    const size_t size = sizeof(struct crew) + workers * sizeof(struct worker);
    struct crew *crew = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (crew == MAP_FAILED) {
        perror("mmap");
        return 1;
    }
    for (unsigned i = 0; i < workers; i++)
        if (fork() == 0)
            become_worker(crew, i, prepare, work, context);
    while (atomic_load(&crew->ready) < workers && !atomic_load(&crew->failed))
        usleep(500);
    const int64_t begun = now_us();
    atomic_store(&crew->end_us, begun + (int64_t)(seconds * 1e6));
    while (wait(NULL) > 0) {
    }
    const bool failed = atomic_load(&crew->failed);
    if (!failed)
        report(crew, workers, (double)(now_us() - begun) / 1e6);
    munmap(crew, size);
    return failed ? 1 : 0;
}
