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
 * the list, or is NULL if the list does not have the variable. Of duplicates the first counts, as
 * with getenv. */
void variables_find(char *const *list, const char *values[VARIABLE_COUNT]);

#endif
