/*
 * doctor_metrics: finds the addresses of the metrics of pushd. The first of these that exists
 * counts: the files that scripts/instance writes beside the configuration (run/push.ports and
 * push.hosts); metrics_listen, if a pushd answers there; the sockets of the systemd units; else
 * metrics_listen in any case.
 */
#include "doctor/doctor_metrics.h"

#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

/* Adds the address of the metrics of a pushd that runs on this host. */
static void add(struct doctor_metrics *found, const char *host, unsigned port) {
    const size_t i = found->count;
    /* Further pushds of this host are left out. */
    if (i == DOCTOR_METRICS_MAX)
        return;
    /* An IPv6 address needs brackets before the port. */
    const char *format = strchr(host, ':') ? "[%s]:%u" : "%s:%u";
    snprintf(found->addresses[i], sizeof(found->addresses[i]), format, host, port);
    found->values[i] = found->addresses[i];
    found->count++;
}

/* Reads the value of "metrics=" in this file; false if there is none. 4096 holds any folder with
 * the short names appended. */
static bool read_value(const char *folder, const char *file, char value[256]) {
    char path[4096];
    char line[256];
    bool found = false;
    snprintf(path, sizeof(path), "%s/run/%s", folder, file);
    FILE *stream = fopen(path, "re");
    if (!stream)
        return false;
    /* One key and value on each line, as scripts/instance writes them. */
    while (!found && fgets(line, sizeof(line), stream)) {
        line[strcspn(line, "\n")] = '\0';
        found = strncmp(line, "metrics=", 8) == 0;
    }
    fclose(stream);
    if (found)
        snprintf(value, 256, "%s", line + 8);
    return found;
}

/* An instance of scripts/instance has its ports chosen by the system, and written to a file. */
static void find_instance(struct doctor_metrics *found, const char *config_path) {
    char folder[4000];
    char port[256];
    char host[256];
    uint64_t number;
    const char *slash = config_path ? strrchr(config_path, '/') : NULL;
    /* The folder of the configuration, "." if its path has none. */
    snprintf(folder, sizeof(folder), "%.*s", slash ? (int)(slash - config_path) : 1,
             slash ? config_path : ".");
    if (!read_value(folder, "push.ports", port) || !text_to_u64(text_of(port), &number) ||
        number == 0 || number > UINT16_MAX)
        return;
    /* 0.0.0.0 is an address to listen on, not to connect to. */
    if (!read_value(folder, "push.hosts", host) || !host[0] || strcmp(host, "0.0.0.0") == 0)
        snprintf(host, sizeof(host), "127.0.0.1");
    add(found, host, (unsigned)number);
}

bool doctor_metrics_get(const char *host_port, struct http_client_response *response) {
    /* Plain HTTP: metrics are served to this host or a network of its own. */
    char address[512];
    snprintf(address, sizeof(address), "http://%s", host_port);
    struct http_client *http = http_client_new(address, NULL);
    if (!http)
        return false;
    http_client_send(http, &(struct http_client_request){.path = "/metrics"}, response);
    http_client_free(http);
    return true;
}

/* Whether a pushd serves its metrics there. */
static bool answers(const char *host_port) {
    struct http_client_response response;
    if (!doctor_metrics_get(host_port, &response))
        return false;
    /* Another server may have the port: only pushd has this metric. */
    const bool is_pushd =
        response.status == 200 && strstr(buffer_str(&response.body), "confab_pushd_info");
    http_client_response_free(&response);
    return is_pushd;
}

/* The template unit confab-pushd@PORT has its socket in a file PORT.sock, and its metrics at
 * 1PORT. */
static void find_units(struct doctor_metrics *found, const char *sockets) {
    /* A folder that does not exist is not an error: there are no units. */
    DIR *folder = opendir(sockets);
    const struct dirent *entry;
    /* An entry that is not PORT.sock is skipped. */
    while (folder && (entry = readdir(folder))) {
        const char *name = entry->d_name;
        const char *end = strstr(name, ".sock");
        char port[16];
        uint64_t number;
        /* CONFAB_METRICS_LISTEN=127.0.0.1:1%i */
        snprintf(port, sizeof(port), "1%.*s", end ? (int)(end - name) : 0, name);
        if (end && end > name && !end[5] && text_to_u64(text_of(port), &number) &&
            number <= UINT16_MAX)
            add(found, "127.0.0.1", (unsigned)number);
    }
    if (folder)
        closedir(folder);
}

void doctor_metrics_find(struct doctor_metrics *found, const char *config_path,
                         const char *configured, const char *sockets) {
    found->count = 0;
    find_instance(found, config_path);
    if (found->count == 0 && !answers(configured))
        find_units(found, sockets);
    /* Nothing was found: doctor_pushd then reports that this address does not answer. */
    if (found->count == 0)
        found->values[found->count++] = configured;
}
