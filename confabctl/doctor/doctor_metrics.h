/*
 * doctor_metrics: the addresses at which the pushds of this host serve their metrics, for
 * `confabctl doctor` without --metrics.
 */
#ifndef CONFAB_CONFABCTL_DOCTOR_DOCTOR_METRICS_H
#define CONFAB_CONFABCTL_DOCTOR_DOCTOR_METRICS_H

#include <stdbool.h>
#include <stddef.h>

#include "http_client.h"

#define DOCTOR_METRICS_MAX 16

struct doctor_metrics {
    char addresses[DOCTOR_METRICS_MAX][320]; /* host:port */
    const char *values[DOCTOR_METRICS_MAX];
    size_t count;
};

/*
 * Finds them, at least one, in this order:
 * - an instance (make start): run/push.ports beside the configuration file;
 * - the configured metrics_listen, if a pushd answers there;
 * - systemd: confab-pushd@8001 has the socket `sockets`/8001.sock, and its metrics on port 18001
 *   of this machine;
 * - the configured metrics_listen, although nothing answers.
 */
void doctor_metrics_find(struct doctor_metrics *found, const char *config_path,
                         const char *configured, const char *sockets);

/* Requests the metrics at an address (host:port); the response is to be freed with
 * http_client_response_free. False, and nothing to free, if the address is invalid. */
bool doctor_metrics_get(const char *host_port, struct http_client_response *response);

#endif
