/*
 * limit: rate limits, counted in Redis; without it in this process, or, where no process
 * stays (plain CGI), in the database.
 */
#ifndef CONFAB_FCGI_API_LIMIT_H
#define CONFAB_FCGI_API_LIMIT_H

#include "server/exchange.h"

enum limit_kind { LIMIT_LOGINS, LIMIT_REGISTRATIONS, LIMIT_MESSAGES, LIMIT_REQUESTS };

/* Memory for counting in this process. Never NULL; free with limit_free. */
struct limit *limit_new(void);
void limit_free(struct limit *limit);

/* Takes one of a kind for a subject (an address, a user's number). ERROR_NONE: go on.
 * ERROR_RATE_LIMITED: too many, and the answer with its Retry-After is set. */
enum error limit_take(struct exchange *x, enum limit_kind kind, const char *subject);

/* The same for a user. */
enum error limit_take_user(struct exchange *x, enum limit_kind kind, uint64_t user_id);

#endif
