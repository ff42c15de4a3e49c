#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "doctor/doctor.h"

/* Files beside its sockets for which a pushd wants to have room: it does not start without. */
#define OTHER_FILES 256

static const char INFO[] = "\nconfab_pushd_info{version=\"";
static const char FILE_LIMIT[] = "\nconfab_file_limit ";

/* Reads the figures of the pushd that serves them at host:port, behind a line with that. */
static bool read_figures(struct doctor *doctor, const char *place, struct finding *finding) {
    struct site_answer answer;
    char address[512];
    snprintf(address, sizeof(address), "http://%s", place);
    struct site *site = site_new(address, NULL);
    if (!site) {
        doctor_found(finding, FINDINGS_FAILED, "name it as host:port", "'%s' is no address", place);
        return false;
    }
    site_ask(site, &(struct site_request){.path = "/metrics"}, &answer);
    const bool told = answer.status == 200 && answer.body.len > 0;
    if (told)
        buffer_printf(&doctor->figures, "\n%s", buffer_str(&answer.body));
    else
        doctor_found(finding, FINDINGS_FAILED,
                     "is pushd running? Its metrics_listen may be another (with systemd 18001 for "
                     "confab-pushd@8001): name it with --metrics",
                     "no figures at %s: %s", place, answer.status ? "no pushd" : answer.error);
    site_answer_free(&answer);
    site_free(site);
    return told;
}

void doctor_pushd(struct doctor *doctor, struct finding *finding) {
    bool all = true;
    for (size_t i = 0; all && i < doctor->metrics_count; i++)
        all = read_figures(doctor, doctor->metrics[i], finding);
    if (!all)
        return;
    doctor->have |= DOCTOR_METRICS;
    if (strstr(buffer_str(&doctor->figures), "\nconfab_database_up 0\n"))
        doctor_found(finding, FINDINGS_FAILED, "the log of pushd says more",
                     "does not reach the database");
    else if (redis_client_is_configured(doctor->tool->redis) &&
             strstr(buffer_str(&doctor->figures), "\nconfab_redis_up 0\n"))
        doctor_found(finding, FINDINGS_FAILED, "the log of pushd says more",
                     "does not reach Redis");
    else
        doctor_found(finding, FINDINGS_OK, NULL, "runs, and reaches its servers");
}

/* One from before there was a version in the figures is of another, too. */
void doctor_version(struct doctor *doctor, struct finding *finding) {
    const char *at = buffer_str(&doctor->figures);
    size_t same = 0;
    int len = 0;
    const char *other = "an older one";
    for (; (at = strstr(at, INFO)); at += strlen(INFO)) {
        const char *version = at + strlen(INFO);
        const int version_len = (int)strcspn(version, "\"");
        if (strncmp(version, CONFAB_VERSION "\"", sizeof(CONFAB_VERSION)) == 0) {
            same++;
        } else {
            other = version;
            len = version_len;
        }
    }
    if (same < doctor->metrics_count)
        doctor_found(
            finding, FINDINGS_FAILED,
            "send SIGUSR2 to pushd, so that the new one takes over, or restart it; clients "
            "come back and miss nothing",
            "a pushd of version %.*s still runs, confabctl is " CONFAB_VERSION,
            len ? len : (int)strlen(other), other);
    else
        doctor_found(finding, FINDINGS_OK, NULL, "pushd is " CONFAB_VERSION);
}

void doctor_files(struct doctor *doctor, struct finding *finding) {
    const uint64_t wanted = doctor->tool->config.max_sockets + OTHER_FILES;
    uint64_t least = UINT64_MAX;
    for (const char *at = buffer_str(&doctor->figures); (at = strstr(at, FILE_LIMIT));
         at += strlen(FILE_LIMIT)) {
        const uint64_t limit = strtoull(at + strlen(FILE_LIMIT), NULL, 10);
        least = limit < least ? limit : least;
    }
    if (least < wanted)
        doctor_found(finding, FINDINGS_FAILED,
                     "raise the limit (LimitNOFILE= of the unit, ulimit -n) and restart pushd, or "
                     "lower max_sockets",
                     "pushd may open %" PRIu64 " files; max_sockets needs %" PRIu64, least, wanted);
    else
        doctor_found(finding, FINDINGS_OK, NULL, "pushd may open enough files for max_sockets");
}
