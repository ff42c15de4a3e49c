/*
 * ensure: one pushd for a configuration, started again by cron where nothing else watches
 * over it (`pushd --ensure`).
 */
#ifndef CONFAB_ENSURE_H
#define CONFAB_ENSURE_H

enum single_instance {
    SINGLE_INSTANCE_CHILD,  /* none runs: this is the process that is to be it, in the background */
    SINGLE_INSTANCE_DONE,   /* one runs, or was just started: end with status 0 */
    SINGLE_INSTANCE_FAILED, /* said on standard error: end with status 1 */
};

/* Where a pushd that was ensured leaves the lock to the one that takes over from it. */
#define SINGLE_INSTANCE_HANDED_LOCK 3

/* Finds out by a lock on pushd.lock in the folder of the configuration, which the process
 * that serves keeps until it ends. What that one writes to standard error goes to pushd.log
 * in the same folder. `config_path` may be NULL: that fails. Sets *lock to the descriptor of the
 * lock if this is the process that is to worker. */
enum single_instance single_instance_acquire(const char *config_path, int *lock);

/* The same for one that takes over from an ensured one, and serves where that one did: the lock
 * has to be the one that it was handed. */
enum single_instance single_instance_inherited(const char *config_path, int *lock);

/* Writes the process id into the lock (0: there is none), for who wants to send a signal. */
void single_instance_note(int lock);

#endif
