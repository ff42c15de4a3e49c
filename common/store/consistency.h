/*
 * consistency: checks that the counters agree with the rows they count, and other invariants.
 *
 * Every rule is one statement, or one for each segment of the search index, and so sees one state
 * of the database: a site in use shows no more findings than an idle one. Each large table is read
 * completely a few times; set the timeout of the connection (db_set_timeout) accordingly.
 */
#ifndef CONFAB_COMMON_STORE_CONSISTENCY_H
#define CONFAB_COMMON_STORE_CONSISTENCY_H

#include <stdbool.h>
#include <stdint.h>

#include "db/db.h"

/* The rule for texts that were encoded twice as UTF-8; docs/operations.md says how to repair
 * them. */
#define CONSISTENCY_TWICE_ENCODED "twice_encoded"

/* A place where a rule does not hold. */
struct consistency_finding {
    const char *rule;    /* its short name: "message_count"; static */
    const char *meaning; /* describes the two values: "stored value; recounted value"; static */
    uint64_t room_id;    /* 0: concerns no room */
    uint64_t user_id;    /* 0: concerns no user */
    bool is_time;        /* the values are microseconds since 1970 */
    uint64_t stored;     /* the stored or required value */
    uint64_t recounted;  /* the value found by counting */
};

typedef void consistency_visit(void *context, const struct consistency_finding *finding);

/* Checks every rule and visits each finding. Sets *rules to the number of rules checked. */
enum error consistency_check(struct db *db, consistency_visit *visit, void *context,
                             unsigned *rules);

#endif
