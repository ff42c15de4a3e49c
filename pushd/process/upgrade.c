/*
 * upgrade: starting the successor with the same arguments and ports, and taking over. The first
 * half runs in the old process, at SIGUSR2: it makes arguments and environment, spawns the program,
 * and watches it until the successor sends UPGRADE_SIGNAL or ends too early. The second half,
 * upgrade_take_over, runs in the successor.
 */
#include "process/upgrade.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/log.h"
#include "base/xalloc.h"
#include "os/sd_notify.h"
#include "os/single_instance.h"

/* The program, four options with a value, --ensure, and the final NULL. */
#define MAX_ARGUMENTS 11

/* Variables of the environment that override push_listen and metrics_listen. */
static const char *const VARIABLES[] = {
    [UPGRADE_PUSH] = "CONFAB_PUSH_LISTEN=", [UPGRADE_METRICS] = "CONFAB_METRICS_LISTEN="};

void upgrade_note_port(struct upgrade *upgrade, unsigned which, const char *configured,
                       unsigned port) {
    const char *colon = strrchr(configured, ':');
    struct buffer variable = BUFFER_EMPTY;
    /* Only "host:0" lets the system choose a port; any other the successor reads from the
     * configuration. */
    if (!colon || strcmp(colon, ":0") != 0)
        return;
    buffer_printf(&variable, "%s%.*s:%u", VARIABLES[which], (int)(colon - configured), configured,
                  port);
    free(upgrade->addresses[which]);
    upgrade->addresses[which] = xstrndup(variable.data, variable.len);
    buffer_free(&variable);
}

/* Whether a variable of the environment is replaced by a noted address. */
static bool is_replaced(const struct upgrade *upgrade, const char *variable) {
    for (unsigned i = 0; i < UPGRADE_ADDRESSES; i++)
        if (upgrade->addresses[i] && strncmp(variable, VARIABLES[i], strlen(VARIABLES[i])) == 0)
            return true;
    return false;
}

/* The environment of this process with the noted addresses. The caller frees the array only. */
static char **make_environment(const struct upgrade *upgrade) {
    size_t count = 0, used = 0;
    while (environ[count])
        count++;
    char **made = xcalloc(count + UPGRADE_ADDRESSES + 1, sizeof(*made));
    for (size_t i = 0; i < count; i++)
        if (!is_replaced(upgrade, environ[i]))
            made[used++] = environ[i];
    for (unsigned i = 0; i < UPGRADE_ADDRESSES; i++)
        if (upgrade->addresses[i])
            made[used++] = upgrade->addresses[i];
    return made;
}

/* Adds an option with its value, unless that is empty. Returns the number of arguments. */
static size_t add_option(char **arguments, size_t used, const char *option, const char *value) {
    if (!value || value[0] == '\0')
        return used;
    arguments[used] = (char *)option;
    arguments[used + 1] = (char *)value;
    return used + 2;
}

/* The successor inherits the standard files and the lock only: a connection to Redis that two
 * processes hold would stay open after this one has closed it. */
static int spawn(struct upgrade *upgrade, char **arguments, char **environment) {
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    sigset_t none;
    sigemptyset(&none);
    posix_spawn_file_actions_init(&files);
    posix_spawnattr_init(&attributes);
    if (upgrade->lock > 0)
        posix_spawn_file_actions_adddup2(&files, upgrade->lock, SINGLE_INSTANCE_INHERITED_LOCK);
    posix_spawn_file_actions_addclosefrom_np(
        &files, upgrade->lock > 0 ? SINGLE_INSTANCE_INHERITED_LOCK + 1 : STDERR_FILENO + 1);
    /* The parent of several workers has its signals blocked; a new program would inherit that. */
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
    /* argv[0] without a slash is looked up in the PATH: it may be a newer program now. */
    const int error =
        posix_spawnp(&upgrade->pid, upgrade->program, &files, &attributes, arguments, environment);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&files);
    return error;
}

void upgrade_start(struct upgrade *upgrade) {
    char *arguments[MAX_ARGUMENTS] = {upgrade->program};
    char workers[24] = "", own[24];
    size_t used = 1;
    if (upgrade->pid) {
        log_warn("an upgrade is in progress already: process %d", (int)upgrade->pid);
        return;
    }
    /* As given on the command line; without it the successor goes by the configuration. */
    if (upgrade->workers)
        snprintf(workers, sizeof(workers), "%" PRIu64, upgrade->workers);
    snprintf(own, sizeof(own), "%d", (int)getpid());
    /* The same options as this process, with which the successor finds the same configuration. */
    used = add_option(arguments, used, "-c", upgrade->config_path);
    used = add_option(arguments, used, "--workers", workers);
    used = add_option(arguments, used, "--ports-file", upgrade->ports_file);
    used = add_option(arguments, used, "--take-over", own);
    /* The successor is then to inherit the lock. */
    if (upgrade->lock > 0)
        arguments[used++] = (char *)"--ensure";
    char **environment = make_environment(upgrade);
    const int error = spawn(upgrade, arguments, environment);
    free(environment);
    if (error) {
        upgrade->pid = 0;
        log_error("cannot start %s for the upgrade: %s", upgrade->program, strerror(error));
        return;
    }
    log_info("started %s for the upgrade: process %d", upgrade->program, (int)upgrade->pid);
}

void upgrade_child_ended(struct upgrade *upgrade, pid_t pid, int status) {
    if (pid != upgrade->pid)
        return;
    /* It ended before it took over, whatever its status: this process continues, and may try
     * again. */
    upgrade->pid = 0;
    if (WIFSIGNALED(status))
        log_error("upgrade failed: process %d was killed by signal %d", (int)pid, WTERMSIG(status));
    else
        log_error("upgrade failed: process %d exited with status %d", (int)pid,
                  WEXITSTATUS(status));
}

void upgrade_poll(struct upgrade *upgrade) {
    int status;
    if (upgrade->pid && waitpid(upgrade->pid, &status, WNOHANG) == upgrade->pid)
        upgrade_child_ended(upgrade, upgrade->pid, status);
}

void upgrade_handed_over(struct upgrade *upgrade) {
    upgrade->pid = 0;
    sd_notify_leave();
}

void upgrade_cancel(struct upgrade *upgrade) {
    /* Otherwise the successor would serve although the service was stopped. */
    if (upgrade->pid)
        kill(upgrade->pid, SIGTERM);
}

void upgrade_take_over(pid_t predecessor) {
    if (predecessor == 0) {
        sd_notify_ready();
        return;
    }
    /* First: a service manager restarts a service whose main process ends. */
    sd_notify_main();
    if (kill(predecessor, UPGRADE_SIGNAL) == 0)
        log_info("taking over from process %d", (int)predecessor);
    else
        log_warn("cannot take over from process %d: %s", (int)predecessor, strerror(errno));
}
