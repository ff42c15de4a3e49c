/* doctor_push: the checks of pushd. doctor_pushd reads the metrics of each pushd into one text; the
 * others search that text, by whole lines, and compare it with the configuration. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "doctor/doctor.h"
#include "doctor/doctor_metrics.h"

/* Files that pushd needs in addition to its sockets; it does not start without them. */
#define OTHER_FILES 256

/* Names of metrics begin a line, so they have a line feed before them. */
static const char INFO[] = "\nconfab_pushd_info{version=\"";
static const char FILE_LIMIT[] = "\nconfab_file_limit ";

/* Appends the metrics of the pushd at this address (host:port), after a line feed: the searches
 * below look for whole lines. */
static bool read_metrics(struct doctor *doctor, const char *host_port,
                         struct doctor_result *result) {
    struct http_client_response response;
    if (!doctor_metrics_get(host_port, &response)) {
        doctor_set_result(result, REPORT_FAILED, "give the address as host:port",
                          "invalid address '%s'", host_port);
        return false;
    }
    /* A web server may answer at the address, too. */
    const bool valid = response.status == 200 && response.body.len > 0;
    if (valid)
        buffer_printf(&doctor->metrics_text, "\n%s", buffer_str(&response.body));
    else
        doctor_set_result(result, REPORT_FAILED,
                          "start pushd, or give its metrics_listen address with --metrics",
                          "cannot read metrics at %s: %s", host_port,
                          response.status ? "the response is not from pushd" : response.error);
    http_client_response_free(&response);
    return valid;
}

/* Are all pushd running, and connected to the database and Redis? */
void doctor_pushd(struct doctor *doctor, struct doctor_result *result) {
    bool all = true;
    /* The first address that cannot be read ends the check with its error. */
    for (size_t i = 0; all && i < doctor->metrics_count; i++)
        all = read_metrics(doctor, doctor->metrics[i], result);
    /* read_metrics has set the result. */
    if (!all)
        return;
    doctor->have |= DOCTOR_METRICS;
    /* One pushd without a connection is enough for a failure. */
    if (strstr(buffer_str(&doctor->metrics_text), "\nconfab_database_up 0\n"))
        doctor_set_result(result, REPORT_FAILED, "see the log of pushd", "database unavailable");
    else if (redis_client_is_configured(doctor->cli->redis) &&
             strstr(buffer_str(&doctor->metrics_text), "\nconfab_redis_up 0\n"))
        doctor_set_result(result, REPORT_FAILED, "see the log of pushd", "Redis unavailable");
    else
        doctor_set_result(result, REPORT_OK, NULL, "running, database and Redis connected");
}

/* A pushd without a version in its metrics is older than that metric, and counts as different. */
void doctor_version(struct doctor *doctor, struct doctor_result *result) {
    const char *at = buffer_str(&doctor->metrics_text);
    size_t same = 0;
    int len = 0;
    const char *other = "unknown";
    for (; (at = strstr(at, INFO)); at += strlen(INFO)) {
        /* Up to the closing quote; points into the metrics. */
        const char *version = at + strlen(INFO);
        const int version_len = (int)strcspn(version, "\"");
        /* With the closing quote: 1.2 is not 1.20. sizeof includes the final zero, so it is the
         * length with the quote. */
        if (strncmp(version, CONFAB_VERSION "\"", sizeof(CONFAB_VERSION)) == 0) {
            same++;
        } else {
            other = version;
            len = version_len;
        }
    }
    /* Each pushd has one line, whatever the number of its workers. */
    if (same < doctor->metrics_count)
        doctor_set_result(
            result, REPORT_FAILED,
            "send SIGUSR2 to pushd to upgrade it, or restart it; clients reconnect and miss "
            "nothing",
            "a pushd of version %.*s is running, confabctl is version " CONFAB_VERSION,
            len ? len : (int)strlen(other), other);
    else
        doctor_set_result(result, REPORT_OK, NULL, "pushd is version " CONFAB_VERSION);
}

/* May each pushd open as many files as max_sockets needs? */
void doctor_files(struct doctor *doctor, struct doctor_result *result) {
    const uint64_t required = doctor->cli->config.max_sockets + OTHER_FILES;
    uint64_t least = UINT64_MAX;
    /* The lowest limit of all pushd processes. */
    for (const char *at = buffer_str(&doctor->metrics_text); (at = strstr(at, FILE_LIMIT));
         at += strlen(FILE_LIMIT)) {
        /* The number ends at the line's end. */
        const uint64_t limit = strtoull(at + strlen(FILE_LIMIT), NULL, 10);
        least = limit < least ? limit : least;
    }
    if (least < required)
        doctor_set_result(
            result, REPORT_FAILED,
            "raise the limit (LimitNOFILE= by systemctl edit, or ulimit -n) and restart pushd, or "
            "lower max_sockets",
            "pushd can open %" PRIu64 " file%s; max_sockets requires %" PRIu64, least,
            text_plural(least), required);
    else
        doctor_set_result(result, REPORT_OK, NULL,
                          "the file limit of pushd is sufficient for max_sockets");
}

/* The web server says how many WebSockets it accepts, in a header of /healthz that the shipped
 * files set. */
void doctor_sockets(struct doctor *doctor, struct doctor_result *result) {
    const struct config *config = &doctor->cli->config;
    /* Without --metrics and a pushd that was found, one is assumed. */
    const uint64_t pushds = doctor->metrics_count ? doctor->metrics_count : 1;
    /* max_sockets is a limit of each worker. */
    const uint64_t at_pushd = pushds * config->push_workers * config->max_sockets;
    const int64_t at_web_server = doctor->first.max_sockets;
    /* -1: the header is missing. 0: set by the shipped files for mpm_prefork, where each WebSocket
     * takes a process. */
    if (at_web_server < 0)
        doctor_set_result(result, REPORT_WARNING,
                          "use the files of confab for your web server, which limit WebSockets so "
                          "that requests find a free place",
                          "pushd accepts %" PRIu64 " WebSocket%s; the web server does not say "
                          "how many it can hold",
                          at_pushd, text_plural(at_pushd));
    else if (at_web_server == 0)
        doctor_set_result(result, REPORT_WARNING,
                          "use mpm_event, and PHP-FPM in place of mod_php (docs/apache.md)",
                          "each WebSocket occupies a process of Apache (mpm_prefork): when all "
                          "MaxRequestWorkers are occupied, nothing is answered");
    else
        doctor_set_result(result, REPORT_OK, NULL,
                          "this host can hold %" PRIu64 " WebSockets (web server: %" PRId64
                          ", pushd: %" PRIu64 ")",
                          /* The smaller one counts: a WebSocket needs a place in both. */
                          at_pushd < (uint64_t)at_web_server ? at_pushd : (uint64_t)at_web_server,
                          at_web_server, at_pushd);
}
