/*
 * server: what the database server says of itself.
 */
#ifndef CONFAB_COMMON_STORE_SERVER_H
#define CONFAB_COMMON_STORE_SERVER_H

#include <stdint.h>

#include "db/db.h"

struct server {
    uint64_t connections; /* that this user may have at once: the smallest of its limits */
    int64_t now;          /* the server's clock, micros since 1970 */
};

/* Asks it. */
enum error server_read(struct db *db, struct server *server);

#endif
