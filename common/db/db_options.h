/*
 * db_options: the options of a connection, set before it is opened. Private to db.
 */
#ifndef CONFAB_COMMON_DB_DB_OPTIONS_H
#define CONFAB_COMMON_DB_DB_OPTIONS_H

#include <mysql.h>
#include <stdbool.h>

#include "config/config.h"

/* Sets timeouts, the character set and the settings of the session. `seconds` is the timeout of an
 * answer; 0: that of the configuration. More than the default also lifts the server's limit of a
 * statement, for tools that change whole tables. is_list: there are other hosts to try, so that the
 * defaults are shorter. */
void db_options_set(MYSQL *mysql, const struct config *config, unsigned seconds, bool is_list);

/* Sets TLS as database_tls says; for connections by TCP. Whether the server has TLS shows only when
 * the connection is open. */
void db_options_set_tls(MYSQL *mysql, const struct config *config);

/* After connecting by TCP to one of several hosts: a machine that fails without closing it, and so
 * does not even acknowledge what is sent, is noticed before the timeout of an answer ends. */
void db_options_set_silence(MYSQL *mysql);

#endif
