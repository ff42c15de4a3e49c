/*
 * doctor: the checks of `confabctl doctor`. command_doctor.c has their table, each group of
 * them a file.
 */
#ifndef CONFABCTL_DOCTOR_H
#define CONFABCTL_DOCTOR_H

#include <stdbool.h>

#include "base/secret.h"
#include "doctor/findings.h"
#include "site.h"
#include "store/server.h"
#include "tool.h"

/* What a check found to be there, for the checks behind it. */
#define DOCTOR_SITE 1u    /* the site answers */
#define DOCTOR_TOKEN 2u   /* it lets the doctor's token in */
#define DOCTOR_SOCKET 4u  /* a WebSocket is open */
#define DOCTOR_METRICS 8u /* every pushd has told its figures */

struct doctor {
    const struct tool *tool;
    struct site *site;
    char key[SECRET_KEY_SIZE];  /* of a token made for this run */
    struct server server;       /* what the database said at the beginning */
    int64_t server_ahead;       /* of this machine's clock, microseconds */
    struct site_answer first;   /* what /healthz said */
    const char *const *metrics; /* where each pushd serves its figures: host:port */
    size_t metrics_count;
    struct buffer figures; /* what they told, one after the other */
    struct buffer early;   /* what came over the WebSocket behind its handshake */
    unsigned have;
};

/* How a check ended, with what is wrong and how it is mended. */
struct finding {
    enum findings_state state;
    char detail[600];
    const char *mend; /* NULL if there is nothing to mend */
};

/* A finding: how it is, and if it is wrong, what to do. */
void doctor_found(struct finding *finding, enum findings_state state, const char *mend,
                  const char *format, ...) __attribute__((format(printf, 4, 5)));

typedef void doctor_check(struct doctor *doctor, struct finding *finding);

/* doctor_web.c: what a web server has to pass on */
doctor_check doctor_address;
doctor_check doctor_authorization;
doctor_check doctor_links;
doctor_check doctor_bodies;

/* doctor_socket.c: WebSockets */
doctor_check doctor_upgrade;
doctor_check doctor_delay;

/* doctor_servers.c: the servers behind it */
doctor_check doctor_clock;
doctor_check doctor_connections;
doctor_check doctor_redis;

/* doctor_push.c: pushd, by its figures */
doctor_check doctor_pushd;
doctor_check doctor_version;
doctor_check doctor_files;

#endif
