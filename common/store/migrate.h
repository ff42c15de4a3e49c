/*
 * migrate: upgrades the database to the schema of this program.
 *
 * The steps are the numbered files of schema/, compiled in. Each is applied once, in order, under a
 * lock, and recorded in the table schema_migration. The program that applies them also records
 * which older programs work with the result, so that hosts can be upgraded one by one.
 */
#ifndef CONFAB_COMMON_STORE_MIGRATE_H
#define CONFAB_COMMON_STORE_MIGRATE_H

#include <stddef.h>
#include <stdint.h>

#include "db/db.h"

struct migrate_step {
    unsigned version;
    const char *name;
    const char *sql;
};

/* Generated from schema/ by the Makefile. */
extern const struct migrate_step migrate_steps[];
extern const size_t migrate_step_count;

enum migrate_state {
    MIGRATE_CURRENT,
    MIGRATE_BEHIND, /* steps are missing */
    MIGRATE_NEWER,  /* has steps of a newer confab, with which this program works */
    MIGRATE_AHEAD,  /* has steps of a newer confab, which are not for this program */
};

/* The latest version known to this program. */
unsigned migrate_latest(void);

/* Reads the state of the schema; *version is the latest one applied (0: an empty database). */
enum error migrate_check(struct db *db, enum migrate_state *state, unsigned *version);

/* Applies the missing steps; none if the schema is newer and this program works with it. Sets
 * *applied to their number and *version to the latest version of the database. ERROR_CONFLICT: the
 * schema is newer than this program; nothing is changed. ERROR_TIMEOUT: a table was locked for a
 * minute; the steps before this one were applied. */
enum error migrate_run(struct db *db, unsigned *applied, unsigned *version);

#endif
