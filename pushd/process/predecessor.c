#include "process/predecessor.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

#include "base/log.h"
#include "os/sd_notify.h"

void upgrade_finish(pid_t pid) {
    if (pid == 0) {
        sd_notify_ready();
        return;
    }
    /* First, for a manager whose main process ends has the service restarted. */
    sd_notify_main();
    if (kill(pid, UPGRADE_SIGNAL) == 0)
        log_info("takes over from process %d", (int)pid);
    else
        log_warn("cannot take over from process %d: %s", (int)pid, strerror(errno));
}
