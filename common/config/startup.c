/* The common part of starting and reloading the services: load with errors in the log or
 * on standard error, --check-config, --dump-config, the log's destination. */
#include "config/startup.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/xalloc.h"
#include "os/sd_notify.h"

/* Logs each line of `problems`, and frees them; they are warnings if the configuration is valid. */
static void log_problems(struct buffer *problems, bool valid) {
    const char *line = buffer_str(problems);
    while (*line) {
        const size_t len = strcspn(line, "\n");
        /* The log has one line for each problem. */
        if (valid)
            log_warn("%.*s", (int)len, line);
        else
            log_error("%.*s", (int)len, line);
        line += len + (line[len] == '\n');
    }
    buffer_free(problems);
}

bool startup_load(struct config *config, const char *path) {
    struct buffer problems = BUFFER_EMPTY;
    const bool valid = config_load(config, path, &problems);
    log_problems(&problems, valid);
    return valid;
}

bool startup_accepts(const struct config *config, startup_accept *accept) {
    /* What a program requires beyond the syntax, such as that its folders exist. */
    struct buffer problems = BUFFER_EMPTY;
    const bool valid = !accept || accept(config, &problems);
    log_problems(&problems, valid);
    return valid;
}

/* For a person at a terminal: without the time and the process id of a line of the log. */
static bool load_or_print(struct config *config, const char *path, startup_accept *accept) {
    struct buffer problems = BUFFER_EMPTY;
    bool valid = config_load(config, path, &problems);
    /* A configuration that is not accepted is freed here, like one that does not parse. */
    if (valid && accept && !accept(config, &problems)) {
        config_free(config);
        valid = false;
    }
    fputs(buffer_str(&problems), stderr);
    buffer_free(&problems);
    return valid;
}

int startup_check(const char *path, startup_accept *accept) {
    /* The exit status for scripts; problems are on standard error. */
    struct config config;
    if (!load_or_print(&config, path, accept))
        return 1;
    puts("the configuration is valid");
    config_free(&config);
    return 0;
}

int startup_dump(const char *path) {
    /* Without the program's own conditions: the dump is for looking at a configuration. */
    struct config config;
    struct buffer out = BUFFER_EMPTY;
    if (!load_or_print(&config, path, NULL))
        return 1;
    /* Secrets are shown as ***. */
    config_dump(&config, &out);
    fputs(buffer_str(&out), stdout);
    buffer_free(&out);
    config_free(&config);
    return 0;
}

/* Returns false, with the cause in errno, if the log file cannot be opened. */
static bool open_log(const struct config *config, const char *program) {
    return log_open(program, (enum log_level)config->log_level, config->log_to == CONFIG_LOG_SYSLOG,
                    config->log_file[0] ? config->log_file : NULL);
}

void startup_open_log(const struct config *config, const char *program) {
    if (!open_log(config, program))
        log_error("cannot open log_file %s: %s; logging to standard error", config->log_file,
                  strerror(errno));
}

bool startup_reload(struct config *config, const char *path, const char *program,
                    startup_accept *accept, struct config *former) {
    struct config fresh;
    /* systemd waits for the ready notice below, in any case; a reload that fails is reported in the
     * log only. */
    sd_notify_reloading();
    /* First, so that after logrotate even the errors of this reload are in the new file. */
    log_reopen();
    bool valid = startup_load(&fresh, path);
    /* Both kinds of errors keep the old one in use. */
    if (valid && !startup_accepts(&fresh, accept)) {
        config_free(&fresh);
        valid = false;
    }
    if (valid) {
        /* The caller frees the former configuration once nothing uses it. By assignment: the texts
         * move with the structs. */
        *former = *config;
        *config = fresh;
        if (!open_log(config, program))
            log_warn("cannot open log_file %s: %s; logging to standard error", config->log_file,
                     strerror(errno));
    } else {
        log_error("invalid configuration, keeping the old one");
    }
    sd_notify_ready();
    return valid;
}

/* Replaced configurations, kept for the threads that may be reading their strings: some kilobytes
 * for each reload. */
static struct former {
    struct config config;
    /* A list that is never freed: no thread can say when it has stopped reading. */
    struct former *next;
} * all_former;

bool startup_reload_threaded(struct config *config, const char *path, const char *program) {
    struct former *former = xcalloc(1, sizeof(*former));
    if (!startup_reload(config, path, program, NULL, &former->config)) {
        free(former);
        return false;
    }
    /* Threads may still read the texts of the former one. */
    former->next = all_former;
    all_former = former;
    return true;
}
