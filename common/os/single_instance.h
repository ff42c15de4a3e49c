/*
 * single_instance: at most one process of a program for a configuration, for hosts where cron
 * starts it and no service manager supervises it (`pushd --ensure`, `confab-worker --ensure`).
 */
#ifndef CONFAB_SINGLE_INSTANCE_H
#define CONFAB_SINGLE_INSTANCE_H

enum single_instance {
    SINGLE_INSTANCE_CHILD,  /* none was running: this process is to serve, in the background */
    SINGLE_INSTANCE_DONE,   /* one is running, or was just started: exit with status 0 */
    SINGLE_INSTANCE_FAILED, /* reported on standard error: exit with status 1 */
};

/* The descriptor on which a successor inherits the lock. */
#define SINGLE_INSTANCE_INHERITED_LOCK 3

/* Locks PROGRAM.lock in the folder of the configuration, until the serving process ends; its
 * standard error goes to PROGRAM.log in the same folder. Fails if `config_path` is NULL. Sets
 * *lock to the descriptor of the lock for SINGLE_INSTANCE_CHILD. */
enum single_instance single_instance_acquire(const char *program, const char *config_path,
                                             int *lock);

/* The same for a successor, which must have inherited the lock. */
enum single_instance single_instance_inherit(const char *program, const char *config_path,
                                             int *lock);

/* Writes the process id into the lock file, for scripts that send signals; does nothing if
 * lock is 0. */
void single_instance_write_pid(int lock);

#endif
