#include "process/reload.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "base/log.h"
#include "base/xalloc.h"
#include "os/sd_notify.h"

bool reload_load_config(struct config *config, const char *path) {
    struct buffer problems = BUFFER_EMPTY;
    const bool sound = config_load(config, path, &problems);
    if (!sound)
        log_error("the configuration is not taken: %s", buffer_str(&problems));
    buffer_free(&problems);
    return sound;
}

void reload_open_log(const struct config *config) {
    log_open("pushd", (enum log_level)config->log_level, config->log_to == CONFIG_LOG_SYSLOG,
             config->log_file[0] ? config->log_file : NULL);
}

/* Configurations that were replaced: threads may still be reading their texts. */
static struct former {
    struct config config;
    struct former *next;
} * all_former;

bool reload_config(struct config *config, const char *path) {
    struct config fresh;
    sd_notify_reloading();
    log_reopen();
    const bool sound = reload_load_config(&fresh, path);
    if (sound) {
        struct former *former = xcalloc(1, sizeof(*former));
        *former = (struct former){*config, all_former};
        all_former = former;
        *config = fresh;
        reload_open_log(config);
    }
    sd_notify_ready();
    return sound;
}

bool reload_write_ports(const char *path, unsigned push, unsigned metrics) {
    struct buffer fresh = BUFFER_EMPTY;
    buffer_printf(&fresh, "%s.new", path);
    FILE *file = fopen(buffer_str(&fresh), "w");
    bool written = file && fprintf(file, "push=%u\nmetrics=%u\n", push, metrics) > 0;
    if (file)
        written = fclose(file) == 0 && written;
    written = written && rename(buffer_str(&fresh), path) == 0;
    if (!written)
        log_error("cannot write %s: %s", path, strerror(errno));
    buffer_free(&fresh);
    return written;
}
