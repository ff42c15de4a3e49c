/*
 * audit: whether the counters agree with the rows they count, and what else must hold.
 *
 * Every rule is one statement, and so sees one moment of the database: a site in use
 * differs no more than one at rest. Each large table is read from end to end a few times;
 * the connection's timeout (db_set_timeout) should allow for that.
 */
#ifndef CONFAB_COMMON_STORE_AUDIT_H
#define CONFAB_COMMON_STORE_AUDIT_H

#include <stdbool.h>
#include <stdint.h>

#include "db/db.h"

/* A place where a rule does not hold. */
struct audit_finding {
    const char *rule;    /* its short name: "message_count"; static */
    const char *meaning; /* what the two values are, for people; static */
    uint64_t room_id;    /* 0: concerns no room */
    uint64_t user_id;    /* 0: concerns no user */
    bool is_time;        /* the values are micros since 1970 */
    uint64_t stored;     /* what is on record, or has to be */
    uint64_t recounted;  /* what was found */
};

typedef void audit_visit(void *context, const struct audit_finding *finding);

/* Checks every rule and visits what differs; *rules is how many were checked. */
enum error audit_run(struct db *db, audit_visit *visit, void *context, unsigned *rules);

#endif
