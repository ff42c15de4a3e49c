/*
 * variables: what the web server says about a request (CGI/1.1, RFC 3875), found once.
 */
#ifndef CONFAB_VARIABLES_H
#define CONFAB_VARIABLES_H

/* The variables that are looked at, VARIABLE_HTTP_HOST and so on. */
enum variable {
#define VARIABLE(name) VARIABLE_##name,
#include "server/variables.def"
#undef VARIABLE
    VARIABLE_COUNT
};

/* Notes the values of a list of "NAME=value" that a NULL ends: values[VARIABLE_...] points into
 * the list, or is NULL for what it has not. Of a name given twice the first counts, as with
 * getenv. */
void variables_find(char *const *list, const char *values[VARIABLE_COUNT]);

#endif
