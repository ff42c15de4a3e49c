/* Galera clusters: whether the server is a node of one, and waiting until it has what others have
 * committed. Without a cluster this costs one statement for each connection, before the first
 * answer that would be wrong on a node that lags behind. */
#include "db/db_cluster.h"

#include <stdio.h>

#include "os/host_list.h"

/* Reads whether the server is a node, and its name, once for each connection. */
static const struct db_cluster *find(struct db *db) {
    /* A server that was built without Galera has no such variables, and so no rows. */
    static const char SQL[] =
        "SHOW SESSION VARIABLES WHERE Variable_name IN ('wsrep_on', 'wsrep_node_name')";
    struct db_cluster *cluster = db_cluster(db);
    struct db_rows *rows;
    /* A connection stays with its server, so what was found holds as long as it does. */
    if (db_is_connected(db) && cluster->connection == db_connection_number(db))
        return cluster;
    *cluster = (struct db_cluster){.connection = 0};
    if (db_run(db, SQL, DB_REPEATABLE, NULL, 0, &rows) != ERROR_NONE)
        return cluster;
    while (db_next(rows)) {
        const struct text value = db_get_text(rows, 1);
        if (text_equals(db_get_text(rows, 0), text_of("wsrep_on")))
            cluster->is_node = text_equals(value, text_of("ON"));
        else
            snprintf(cluster->name, sizeof(cluster->name), "%.*s", (int)value.len, value.at);
    }
    db_done(rows);
    cluster->connection = db_connection_number(db);
    return cluster;
}

bool db_is_cluster(struct db *db) {
    return find(db)->is_node;
}

enum error db_catch_up(struct db *db, bool *read_again) {
    /* The node waits before the SELECT until it has applied what the others had committed. */
    static const char WAIT[] = "SET STATEMENT wsrep_sync_wait = 1 FOR SELECT 1";
    *read_again = false;
    if (db_config(db)->database_causal_reads != CONFIG_CAUSAL_READS_AUTO || !db_is_connected(db) ||
        !db_is_cluster(db))
        return ERROR_NONE;
    /* The result is needed for a correct answer; the next request tries another node. */
    const enum error error = db_run(db, WAIT, 0, NULL, 0, NULL);
    *read_again = !error;
    return error ? ERROR_UNAVAILABLE : ERROR_NONE;
}

void db_node(struct db *db, char name[DB_NODE_SIZE]) {
    const struct config *config = db_config(db);
    const bool is_list = !config->database_socket[0] && host_list_count(config->database_host) > 1;
    struct host_address address;
    name[0] = '\0';
    if (!db_is_connected(db))
        return;
    const struct db_cluster *cluster = find(db);
    /* A node has a name of its own; else the host of a list says which server it is. */
    if (cluster->is_node) {
        snprintf(name, DB_NODE_SIZE, "%s", cluster->name);
    } else if (is_list) {
        host_list_get(config->database_host, db_host_index(db), (unsigned)config->database_port,
                      &address);
        snprintf(name, DB_NODE_SIZE, "%s:%u", address.name, address.port);
    }
}
