/*
 * work_loop: the loop of confab-worker: steps on a thread (step.h), deliveries (sender.h), signals.
 */
#ifndef CONFAB_WORKER_WORK_LOOP_H
#define CONFAB_WORKER_WORK_LOOP_H

#include <stdbool.h>

#include "config/config.h"

struct work_loop_args {
    struct config *config; /* replaced at a reload */
    const char *config_path;
    const char *ports_file; /* written once it runs; NULL: none */
    bool once;              /* end when nothing is due, after a minute at the latest */
    int lock;               /* of single_instance.h; 0: none */
};

/* Runs until SIGTERM or SIGINT, which let deliveries end that are under way, or, with `once`, until
 * nothing is due. Returns the exit status of the process. */
int work_loop_run(const struct work_loop_args *args);

#endif
