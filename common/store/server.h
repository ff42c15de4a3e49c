/*
 * server: limits and clock of the database server.
 */
#ifndef CONFAB_COMMON_STORE_SERVER_H
#define CONFAB_COMMON_STORE_SERVER_H

#include <stdint.h>

#include "db/db.h"

struct server {
    uint64_t connections; /* most that this database user may have: the lowest limit */
    int64_t now;          /* clock of the server, microseconds since 1970 */
};

/* Reads both. */
enum error server_read(struct db *db, struct server *server);

#endif
