/* report: the results of checks, as lines of text or as a JSON array. `out` is what has been
 * written so far; the caller prints it. The same for `check` and `doctor`. */
#include "doctor/report.h"

#include "base/text.h"
#include "table.h"

/* By enum report_state. The text stands out where something is wrong. */
static const struct {
    const char *text;
    const char *json;
} STATES[] = {
    [REPORT_OK] = {"ok", "ok"},
    [REPORT_WARNING] = {"warning", "warning"},
    [REPORT_FAILED] = {"FAILED", "failed"},
};

void report_begin(struct report *report, bool json) {
    *report = (struct report){.json = json};
    report->w = json_writer_start(&report->out);
    /* The array is closed by report_end. */
    if (json)
        json_write_array(&report->w);
}

void report_add(struct report *report, const char *name, enum report_state state,
                const char *detail, const char *fix) {
    struct buffer clean = BUFFER_EMPTY;
    /* Warnings do not fail a run. */
    report->failed = report->failed || state == REPORT_FAILED;
    /* Details contain answers of servers, which may have control characters. */
    table_clean(&clean, text_of(detail));
    if (report->json) {
        struct json_writer *w = &report->w;
        json_write_object(w);
        json_write_member_str(w, "check", name);
        json_write_member_str(w, "state", STATES[state].json);
        json_write_member_str(w, "detail", buffer_str(&clean));
        json_write_member_str(w, "try", fix);
        json_write_object_end(w);
    } else {
        /* Columns: state, check, detail; the fix is on a line of its own. */
        buffer_printf(&report->out, "%-8s %-14s %s\n", STATES[state].text, name,
                      buffer_str(&clean));
        if (fix)
            buffer_printf(&report->out, "%-8s %-14s fix: %s\n", "", "", fix);
    }
    buffer_free(&clean);
}

void report_end(struct report *report) {
    /* The caller prints the report after this. */
    if (report->json)
        json_write_array_end(&report->w);
}
