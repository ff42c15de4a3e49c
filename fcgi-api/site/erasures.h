/*
 * erasures: erasing an account in a request.
 */
#ifndef CONFAB_FCGI_API_SITE_ERASURES_H
#define CONFAB_FCGI_API_SITE_ERASURES_H

#include <stdbool.h>
#include <stdint.h>

#include "server/exchange.h"

/* Begins to erase a user, and answers with 202. */
enum error erasures_begin(struct exchange *x, uint64_t user_id, bool erases);

#endif
