/*
 * db_cluster: what db_cluster.c needs of a connection. Private to db.
 */
#ifndef CONFAB_COMMON_DB_DB_CLUSTER_H
#define CONFAB_COMMON_DB_DB_CLUSTER_H

#include "db/db.h"

/* What is known of the server of one connection. */
struct db_cluster {
    uint64_t connection; /* its number; 0: nothing is known */
    bool is_node;        /* a node of a Galera cluster, */
    char name[64];       /* whose name this is */
};

/* The struct of the present or last connection, owned by it; db_cluster.c fills it in. */
struct db_cluster *db_cluster(struct db *db);

/* The configuration given to db_new. */
const struct config *db_config(const struct db *db);

/* db_is_connected: whether there is a connection. db_host_index: the index of its host in the list
 * of hosts. */
bool db_is_connected(const struct db *db);
unsigned db_host_index(const struct db *db);

#endif
