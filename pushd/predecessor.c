#include "predecessor.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

#include "log.h"

void predecessor_end(pid_t pid) {
    if (pid == 0)
        return;
    if (kill(pid, SIGTERM) == 0)
        log_info("takes over from process %d", (int)pid);
    else
        log_warn("cannot take over from process %d: %s", (int)pid, strerror(errno));
}
