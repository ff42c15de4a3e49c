#include "doctor/findings.h"

#include "base/text.h"
#include "table.h"

static const struct {
    const char *for_people;
    const char *for_json;
} STATES[] = {
    [FINDINGS_OK] = {"ok", "ok"},
    [FINDINGS_WARNING] = {"warning", "warning"},
    [FINDINGS_FAILED] = {"FAILED", "failed"},
};

void findings_begin(struct findings *findings, bool json) {
    *findings = (struct findings){.json = json};
    findings->w = json_writer_start(&findings->out);
    if (json)
        json_write_array(&findings->w);
}

void findings_add(struct findings *findings, const char *name, enum findings_state state,
                  const char *detail, const char *try) {
    struct buffer clean = BUFFER_EMPTY;
    findings->failed = findings->failed || state == FINDINGS_FAILED;
    table_clean(&clean, text_of(detail));
    if (findings->json) {
        struct json_writer *w = &findings->w;
        json_write_object(w);
        json_write_member_str(w, "check", name);
        json_write_member_str(w, "state", STATES[state].for_json);
        json_write_member_str(w, "detail", buffer_str(&clean));
        json_write_member_str(w, "try", try);
        json_write_object_end(w);
    } else {
        buffer_printf(&findings->out, "%-8s %-14s %s\n", STATES[state].for_people, name,
                      buffer_str(&clean));
        if (try)
            buffer_printf(&findings->out, "%-8s %-14s to try: %s\n", "", "", try);
    }
    buffer_free(&clean);
}

void findings_end(struct findings *findings) {
    if (findings->json)
        json_write_array_end(&findings->w);
}
