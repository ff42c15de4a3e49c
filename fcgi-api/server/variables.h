/*
 * variables: the CGI variables of a request (RFC 3875), by index.
 */
#ifndef CONFAB_VARIABLES_H
#define CONFAB_VARIABLES_H

/* VARIABLE_HTTP_HOST and so on. */
enum variable {
#define VARIABLE(name) VARIABLE_##name,
#include "server/variables.def"
#undef VARIABLE
    VARIABLE_COUNT
};

/* Finds the values in a list of "NAME=value" that ends with NULL: values[VARIABLE_...] points into
 * the list, or is NULL if the list does not have the variable.
 *
 * A header (HTTP_...) that is in the list twice counts as missing: it was sent twice, or under two
 * names that the web server makes the same variable of (lighttpd: X-Forwarded-For, X_Forwarded_For,
 * X.Forwarded.For), and which of them a proxy has checked cannot be told. So does one with the
 * value "-", which our configuration for lighttpd puts in place of a header that was not sent. Of
 * other duplicates the first counts, as with getenv. */
void variables_find(char *const *list, const char *values[VARIABLE_COUNT]);

#endif
