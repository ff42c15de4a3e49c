/*
 * key_audit: the entries of the audit for changes by API keys, written by the transactions of the
 * changes.
 */
#ifndef CONFAB_FCGI_API_KEY_AUDIT_H
#define CONFAB_FCGI_API_KEY_AUDIT_H

#include "server/exchange.h"

/* Until key_audit_end the transactions of this connection enter their changes into the audit, for
 * the API key of the request. `pattern` is that of the route, below api/site/. */
void key_audit_begin(struct exchange *x, const char *pattern);

/* Ends that: later changes are not made by the API key. */
void key_audit_end(struct exchange *x);

#endif
