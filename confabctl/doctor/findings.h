/*
 * findings: what the checks of a command found, one after the other, as lines for people or
 * as JSON.
 */
#ifndef CONFABCTL_FINDINGS_H
#define CONFABCTL_FINDINGS_H

#include <stdbool.h>

#include "base/buffer.h"
#include "json/json_writer.h"

/* FINDINGS_WARNING: not as it should be, or not looked at; no failure. */
enum findings_state { FINDINGS_OK, FINDINGS_WARNING, FINDINGS_FAILED };

struct findings {
    bool json;
    bool failed;       /* one of them is FINDINGS_FAILED */
    struct buffer out; /* lines, or a JSON array; the caller frees */
    struct json_writer w;
};

/* Begins with none. The struct must not move afterwards. */
void findings_begin(struct findings *findings, bool json);

/* Adds one; `try` is a fix to try, NULL when there is nothing to fix. Characters of the
 * detail that would steer a terminal are replaced. */
void findings_add(struct findings *findings, const char *name, enum findings_state state,
                  const char *detail, const char *try);

/* Ends the JSON array; nothing to do for lines. */
void findings_end(struct findings *findings);

#endif
