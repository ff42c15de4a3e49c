/*
 * limit: rate limits, counted in Redis. Without Redis they are counted in this process, or for
 * plain CGI in the database.
 */
#ifndef CONFAB_FCGI_API_LIMIT_H
#define CONFAB_FCGI_API_LIMIT_H

#include "server/exchange.h"

enum limit_kind { LIMIT_LOGINS, LIMIT_REGISTRATIONS, LIMIT_MESSAGES, LIMIT_REQUESTS };

/* The buckets of this process. Never NULL; free with limit_free, which takes NULL too. */
struct limit *limit_new(void);
void limit_free(struct limit *limit);

/* Counts an action of a subject, such as an address. ERROR_RATE_LIMITED: the limit is exceeded, and
 * the response is set, including Retry-After. */
enum error limit_take(struct exchange *x, enum limit_kind kind, const char *subject);

/* The same with a user as the subject. */
enum error limit_take_user(struct exchange *x, enum limit_kind kind, uint64_t user_id);

#endif
