/*
 * doctor: the checks of `confabctl doctor`. command_doctor.c has their table; each group of
 * checks has a file here.
 */
#ifndef CONFAB_CONFABCTL_DOCTOR_DOCTOR_H
#define CONFAB_CONFABCTL_DOCTOR_DOCTOR_H

#include <stdbool.h>

#include "cli.h"
#include "doctor/report.h"
#include "http_client.h"
#include "secrets/secret.h"
#include "store/server.h"

/* What a check has found to work. Checks that require it are skipped otherwise. */
#define DOCTOR_SITE 1u    /* the API answers at the address */
#define DOCTOR_TOKEN 2u   /* the API accepts the token */
#define DOCTOR_SOCKET 4u  /* a WebSocket is open */
#define DOCTOR_METRICS 8u /* metrics_text has the metrics of every pushd */

struct doctor {
    const struct cli *cli;
    struct http_client *http;
    char key[SECRET_KEY_SIZE];         /* of the token created for this run */
    struct server server;              /* limits and clock of the database, read at the start */
    int64_t server_ahead;              /* its clock minus that of this machine, microseconds */
    struct http_client_response first; /* the response to /healthz */
    const char *const *metrics;        /* host:port of the metrics of each pushd */
    size_t metrics_count;
    struct buffer metrics_text; /* the metrics of all pushds, joined */
    struct buffer received;     /* bytes received on the WebSocket, not parsed yet */
    unsigned have;              /* DOCTOR_ flags */
};

/* The result of a check. */
struct doctor_result {
    enum report_state state;
    char detail[600];
    const char *fix; /* NULL if there is nothing to fix; static */
};

/* Sets the result: its state, a fix or NULL, and a detail. */
void doctor_set_result(struct doctor_result *result, enum report_state state, const char *fix,
                       const char *format, ...) __attribute__((format(printf, 4, 5)));

typedef void doctor_check(struct doctor *doctor, struct doctor_result *result);

/* doctor_web.c: what the web server must pass to fcgi-api */
doctor_check doctor_address;
doctor_check doctor_authorization;
doctor_check doctor_methods;
doctor_check doctor_links;
doctor_check doctor_bodies;
doctor_check doctor_pictures; /* with avatar_origins */
doctor_check doctor_bells;    /* with bell_dir */

/* doctor_socket.c: WebSockets */
doctor_check doctor_upgrade;
doctor_check doctor_delay;

/* doctor_servers.c: clocks, MariaDB and Redis */
doctor_check doctor_clock;
doctor_check doctor_connections;
doctor_check doctor_redis;

/* doctor_keys.c: the keys of the site's tokens */
doctor_check doctor_keys;

/* doctor_worker.c: confab-worker and the hooks */
doctor_check doctor_worker;

/* doctor_push.c: pushd, by its metrics */
doctor_check doctor_pushd;
doctor_check doctor_version;
doctor_check doctor_files;
doctor_check doctor_sockets;

#endif
