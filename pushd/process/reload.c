/* reload: SIGHUP in a process with threads, and the ports file. A reload replaces the contents of
 * the one struct config that all parts point to. Threads may be reading its strings meanwhile, so
 * the former ones are never freed: some kilobytes for each reload. */
#include "process/reload.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/log.h"
#include "base/xalloc.h"
#include "config/startup.h"

/* Replaced configurations, kept for the threads that may be reading their strings. */
static struct former {
    struct config config;
    struct former *next;
} * all_former;

bool reload_config(struct config *config, const char *path) {
    struct former *former = xcalloc(1, sizeof(*former));
    /* On failure the cause is logged, and *config is as before. */
    if (!startup_reload(config, path, "pushd", NULL, &former->config)) {
        free(former);
        return false;
    }
    former->next = all_former;
    all_former = former;
    return true;
}

bool reload_write_ports(const char *path, unsigned push, unsigned metrics) {
    struct buffer fresh = BUFFER_EMPTY;
    buffer_printf(&fresh, "%s.new", path);
    /* Written beside and renamed, so that no reader sees half of it. */
    FILE *file = fopen(buffer_str(&fresh), "w");
    bool written = file && fprintf(file, "push=%u\nmetrics=%u\n", push, metrics) > 0;
    /* fclose reports what could not be written, as on a full disk. */
    if (file)
        written = fclose(file) == 0 && written;
    written = written && rename(buffer_str(&fresh), path) == 0;
    if (!written)
        log_error("cannot write %s: %s", path, strerror(errno));
    buffer_free(&fresh);
    return written;
}
