/*
 * primary: asks the Sentinels of redis_sentinels which Redis is the primary, twice a second. One
 * that was frozen or cut off is so left as soon as the Sentinels have chosen another one.
 */
#ifndef CONFAB_PUSHD_REDIS_PRIMARY_H
#define CONFAB_PUSHD_REDIS_PRIMARY_H

#include <uv.h>

#include "config/config.h"
#include "os/host_list.h"

struct primary;

/* The primary is known, or is another one than before. */
typedef void primary_changed(void *context, const struct host_address *address);

/* config and context must outlive it. Never NULL. */
struct primary *primary_new(uv_loop_t *loop, const struct config *config, primary_changed *changed,
                            void *context);

/* To be called every REDIS_CONN_TICK_MS, and before the loop waits for events. */
void primary_tick(struct primary *primary);
void primary_flush(struct primary *primary);

/* primary may be NULL. */
void primary_close(struct primary *primary);

#endif
