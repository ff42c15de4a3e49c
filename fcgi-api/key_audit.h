/*
 * key_audit: the entries of the audit for changes by API keys, written by the transactions of the
 * changes.
 */
#ifndef CONFAB_FCGI_API_KEY_AUDIT_H
#define CONFAB_FCGI_API_KEY_AUDIT_H

#include "server/exchange.h"

/* From now on what is changed for an API key is in the audit; `pattern` is that of its route, below
 * api/site/. */
void key_audit_begin(struct exchange *x, const char *pattern);

/* The request of the API key is over: what the connection changes next is not its act. */
void key_audit_end(struct exchange *x);

#endif
