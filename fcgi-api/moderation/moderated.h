/*
 * moderated: lists of bans, silences and held messages in all rooms that the user moderates; of a
 * site moderator in all rooms, also private ones.
 */
#ifndef CONFAB_FCGI_API_MODERATION_MODERATED_H
#define CONFAB_FCGI_API_MODERATION_MODERATED_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "rest/page.h"
#include "server/exchange.h"
#include "json/json_writer.h"

/* A function of the store: counts what the user may moderate. */
typedef enum error moderated_count(struct db *db, uint64_t user_id, bool is_site_moderator,
                                   uint64_t *count);

/* Writes the results of a page. */
typedef enum error moderated_write(struct exchange *x, const struct page *page,
                                   struct json_writer *w);

/* Answers with the page that the request selects. */
enum error moderated_list(struct exchange *x, moderated_count *count, moderated_write *write);

#endif
