/* What is set before a connection is opened: timeouts, TLS, and the statements that make the
 * session independent of the server's defaults. The client library sends them with each
 * connection. */
#include "db/db_options.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <sys/socket.h>

/* Timeouts of connecting and, unless database_timeout or the caller changes it, of an answer,
 * in seconds. With a list of hosts another one can be tried sooner. */
#define CONNECT_SECONDS 3
#define CONNECT_SECONDS_OF_LIST 2
#define ANSWER_SECONDS 15
#define ANSWER_SECONDS_OF_LIST 3

/* With a list: the time until a machine that acknowledges nothing of what is sent to it counts as
 * gone, in milliseconds. */
#define UNACKNOWLEDGED_MS 2000

/* The server's innodb_lock_wait_timeout, unless the client waits less. */
#define ROW_LOCK_SECONDS 5

/* First, since the next statement is not one in the mode ORACLE. */
static const char SQL_MODE[] = "SET SESSION sql_mode = ''";

/* With binlog_format = STATEMENT the server refuses changes under READ COMMITTED (error 1665).
 * MIXED is better, also for replicas, but setting it takes a privilege that the user may not have:
 * then nothing changes here, and SETTINGS choose another isolation level. */
static const char BINLOG_FORMAT[] =
    "BEGIN NOT ATOMIC "
    "DECLARE CONTINUE HANDLER FOR SQLEXCEPTION BEGIN END; "
    "IF @@log_bin AND @@binlog_format = 'STATEMENT' THEN SET SESSION binlog_format = 'MIXED'; "
    "END IF; "
    "END";

/* The settings that the programs rely on, whatever the server's defaults and its init_connect are:
 * the character set, which skip-character-set-client-handshake would not take from the client;
 * times in UTC; no silent truncation; READ COMMITTED, since the lock on the room's row orders
 * everything and gap locks would only add deadlocks; no join buffers, which change the order of
 * rows and only help joins without a key, of which there are none; room for a member list in one
 * value; no limit on the size of a result; all constraints. The values are the seconds to wait for
 * a row and for a table that are locked, and those that a statement may take; and
 * session_idle_days, for the conditions of many statements (store/logins/identity.h). */
static const char SETTINGS[] =
    "SET NAMES utf8mb4 COLLATE utf8mb4_general_ci, "
    "SESSION time_zone = '+00:00', "
    "sql_mode = 'STRICT_ALL_TABLES,NO_ZERO_DATE,NO_ZERO_IN_DATE,ERROR_FOR_DIVISION_BY_ZERO,"
    "NO_ENGINE_SUBSTITUTION', "
    "tx_isolation = IF(@@log_bin AND @@binlog_format = 'STATEMENT', 'REPEATABLE-READ', "
    "'READ-COMMITTED'), "
    "autocommit = 1, "
    "completion_type = 0, "
    "innodb_lock_wait_timeout = %u, "
    "lock_wait_timeout = %u, "
    "join_cache_level = 0, "
    "sql_big_selects = 1, "
    "sql_safe_updates = 0, "
    "sql_select_limit = 18446744073709551615, "
    "foreign_key_checks = 1, "
    "unique_checks = 1, "
    "check_constraint_checks = 1, "
    "sql_auto_is_null = 0, "
    "group_concat_max_len = 67108864, "
    "max_statement_time = %s, "
    "@confab_idle_days = NULLIF(%u, 0)";

/* With database_causal_reads = on every read waits until the node has what others committed before.
 * A server that was built without Galera has no such variable. */
static const char CAUSAL_READS[] =
    "BEGIN NOT ATOMIC "
    "DECLARE CONTINUE HANDLER FOR SQLEXCEPTION BEGIN END; "
    "EXECUTE IMMEDIATE 'SET SESSION wsrep_sync_wait = 1'; "
    "END";

void db_options_set_tls(MYSQL *mysql, const struct config *config) {
    /* With TLS required but not verified, the connection is encrypted, but the identity of the
     * server is not checked. */
    const my_bool verify = config->database_tls == CONFIG_TLS_VERIFY, enforce = 1;
    if (config->database_tls == CONFIG_TLS_OFF)
        return;
    /* An empty option is NULL for the library: no client certificate, or the system's
     * authorities. */
    mysql_ssl_set(mysql, config->database_key[0] ? config->database_key : NULL,
                  config->database_cert[0] ? config->database_cert : NULL,
                  verify && config->database_ca[0] ? config->database_ca : NULL, NULL, NULL);
    mysql_options(mysql, MYSQL_OPT_SSL_ENFORCE, &enforce);
    mysql_options(mysql, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &verify);
}

void db_options_set_silence(MYSQL *mysql) {
    const unsigned ms = UNACKNOWLEDGED_MS;
    /* Only the answer comes sooner with it, so a failure to set it is not one of the connection. */
    setsockopt(mysql_get_socket(mysql), IPPROTO_TCP, TCP_USER_TIMEOUT, &ms, sizeof(ms));
}

/* The timeout of an answer. */
static unsigned answer_seconds(const struct config *config, unsigned given, bool is_list) {
    if (given)
        return given;
    if (config->database_timeout)
        return (unsigned)config->database_timeout;
    return is_list ? ANSWER_SECONDS_OF_LIST : ANSWER_SECONDS;
}

void db_options_set(MYSQL *mysql, const struct config *config, unsigned seconds, bool is_list) {
    const unsigned answer = answer_seconds(config, seconds, is_list);
    const unsigned wanted = is_list ? CONNECT_SECONDS_OF_LIST : CONNECT_SECONDS;
    const unsigned connect = answer < wanted ? answer : wanted;
    /* A statement gives up on a locked row or table before the client gives up on the server. */
    const unsigned row_lock = answer > ROW_LOCK_SECONDS ? ROW_LOCK_SECONDS : answer - (answer > 1);
    const unsigned table_lock = answer < 3 ? 1 : answer / 3;
    char settings[sizeof(SETTINGS) + 64];
    /* The limit of the server is for requests, not for tools that change whole tables. */
    snprintf(settings, sizeof(settings), SETTINGS, row_lock, table_lock,
             seconds > ANSWER_SECONDS ? "0" : "@@SESSION.max_statement_time",
             (unsigned)config->session_idle_days);
    /* The timeout of connecting holds until the settings are made; then that of answers. */
    mysql_options(mysql, MYSQL_OPT_CONNECT_TIMEOUT, &connect);
    mysql_options(mysql, MYSQL_OPT_READ_TIMEOUT, &answer);
    mysql_options(mysql, MYSQL_OPT_WRITE_TIMEOUT, &answer);
    mysql_options(mysql, MYSQL_SET_CHARSET_NAME, "utf8mb4");
    mysql_options(mysql, MYSQL_INIT_COMMAND, SQL_MODE);
    mysql_options(mysql, MYSQL_INIT_COMMAND, BINLOG_FORMAT);
    mysql_options(mysql, MYSQL_INIT_COMMAND, settings);
    if (config->database_causal_reads == CONFIG_CAUSAL_READS_ON)
        mysql_options(mysql, MYSQL_INIT_COMMAND, CAUSAL_READS);
}
