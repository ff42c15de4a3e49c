/*
 * migrate: brings the database to the schema this program was built with.
 *
 * The steps are the numbered files of schema/, compiled in. Each is applied once, in
 * order, under a lock of the server, and put on record in the table schema_migration.
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
    MIGRATE_CURRENT, /* nothing to do */
    MIGRATE_BEHIND,  /* steps are missing */
    MIGRATE_AHEAD,   /* made by a newer confab: hands off */
};

/* The newest version this program knows. */
unsigned migrate_latest(void);

/* Reads how the database stands; *version is the newest applied (0: an empty one). */
enum error migrate_check(struct db *db, enum migrate_state *state, unsigned *version);

/* Applies what is missing. *applied counts the steps, *version is where it ended.
 * ERROR_CONFLICT: the schema is newer than this program; nothing was done. */
enum error migrate_run(struct db *db, unsigned *applied, unsigned *version);

#endif
