/*
 * ensure: one pushd for a configuration, started again by cron where nothing else watches
 * over it (`pushd --ensure`).
 */
#ifndef CONFAB_ENSURE_H
#define CONFAB_ENSURE_H

enum ensure {
    ENSURE_CHILD,  /* none runs: this is the process that is to be it, in the background */
    ENSURE_DONE,   /* one runs, or was just started: end with status 0 */
    ENSURE_FAILED, /* said on standard error: end with status 1 */
};

/* Finds out by a lock on pushd.lock in the folder of the configuration, which the process
 * that serves keeps until it ends. What that one writes to standard error goes to pushd.log
 * in the same folder. `config_path` may be NULL: that fails. */
enum ensure ensure_running(const char *config_path);

#endif
