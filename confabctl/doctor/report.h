/*
 * report: the results of checks, as lines or as JSON.
 */
#ifndef CONFAB_CONFABCTL_DOCTOR_REPORT_H
#define CONFAB_CONFABCTL_DOCTOR_REPORT_H

#include <stdbool.h>

#include "base/buffer.h"
#include "json/json_writer.h"

/* REPORT_WARNING: worth a look, or not checked; not a failure. */
enum report_state { REPORT_OK, REPORT_WARNING, REPORT_FAILED };

struct report {
    bool json;
    bool failed;       /* a result is REPORT_FAILED */
    struct buffer out; /* lines, or a JSON array; the caller frees */
    struct json_writer w;
};

/* Begins an empty report. The struct must not move afterwards. */
void report_begin(struct report *report, bool json);

/* Adds a result. `fix` is a suggestion, or NULL if there is nothing to fix. Control characters
 * in the detail are replaced. */
void report_add(struct report *report, const char *name, enum report_state state,
                const char *detail, const char *fix);

/* Ends the JSON array; does nothing for lines. */
void report_end(struct report *report);

#endif
