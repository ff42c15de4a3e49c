/*
 * A module of GNU make: $(exit-status-of COMMAND) runs a command with the shell and ends make
 * with the exit status of the command. By itself make ends with 2, whatever that was.
 */
#include <gnumake.h>
#include <stdlib.h>
#include <sys/wait.h>

int plugin_is_GPL_compatible;

static char *exit_status_of(const char *name, unsigned int count, char **values) {
    (void)name;
    (void)count;
    const int status = system(values[0]);
    exit(WIFEXITED(status) ? WEXITSTATUS(status) : 1);
}

/* Called by make, which derives the name from that of the file. */
int exit_status_gmk_setup(const gmk_floc *place) {
    (void)place;
    gmk_add_function("exit-status-of", exit_status_of, 1, 1, GMK_FUNC_DEFAULT);
    return 1;
}
