/*
 * erasures: erasing an account in a request.
 */
#ifndef CONFAB_FCGI_API_SITE_ERASURES_H
#define CONFAB_FCGI_API_SITE_ERASURES_H

#include <stdbool.h>
#include <stdint.h>

#include "server/exchange.h"

/* Begins to erase the account of a user, and answers with 202. `erases`: the messages of the user
 * are erased, too, and not kept. Without an account of this id the error is ERROR_NOT_FOUND. */
enum error erasures_begin(struct exchange *x, uint64_t user_id, bool erases);

#endif
