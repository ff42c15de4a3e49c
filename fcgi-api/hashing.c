#include "hashing.h"

#include <pthread.h>
#include <stddef.h>
#include <sys/resource.h>
#include <unistd.h>

/* Added to the thread's nice value: about a ninth of the weight of a process that serves
 * requests. Least of all (SCHED_IDLE) would let a loaded machine answer no login at all. */
#define LESS_IMPORTANT 10

struct work {
    const struct config *config;
    const char *known; /* to be checked; NULL: nobody's */
    char *made;        /* NULL: this is a check */
    struct text password;
    bool result;
};

static void do_work(struct work *work) {
    const uint64_t passes = work->config->password_passes, memory = work->config->password_memory;
    work->result = work->made ? secret_hash_password(work->password, passes, memory, work->made)
                              : secret_check_password(work->known, work->password, passes, memory);
}

/* The thread ends with its work: nobody but root could make it important again. On Linux the
 * nice value is the thread's own. */
static void *run(void *context) {
    const id_t self = (id_t)gettid();
    setpriority(PRIO_PROCESS, self, getpriority(PRIO_PROCESS, self) + LESS_IMPORTANT);
    do_work(context);
    return NULL;
}

static bool finish(struct work *work) {
    pthread_t thread;
    if (pthread_create(&thread, NULL, run, work) == 0)
        pthread_join(thread, NULL);
    else
        do_work(work);
    return work->result;
}

bool hashing_make(const struct config *config, struct text password,
                  char hash[SECRET_PASSWORD_SIZE]) {
    struct work work = {.config = config, .made = hash, .password = password};
    return finish(&work);
}

bool hashing_check(const struct config *config, const char *hash, struct text password) {
    struct work work = {.config = config, .known = hash, .password = password};
    return finish(&work);
}
