/*
 * redis_reply: replies of Redis, parsed by hiredis. Each element is one allocation: thousands of
 * replies come at once when all clients reconnect.
 */
#ifndef CONFAB_PUSHD_REDIS_REDIS_REPLY_H
#define CONFAB_PUSHD_REDIS_REDIS_REPLY_H

#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

enum redis_kind { REDIS_NIL, REDIS_NUMBER, REDIS_TEXT, REDIS_ERROR, REDIS_LIST };

/* A reply; a TEXT is a simple or a bulk string. */
struct redis_reply {
    enum redis_kind kind;
    int64_t number;
    struct text text;           /* of TEXT and ERROR */
    size_t count;               /* of a LIST */
    struct redis_reply **items; /* none is NULL */
};

/* A parser of hiredis that makes such replies; to be freed with redisReaderFree. NULL if out of
 * memory. */
struct redisReader *redis_reply_reader(void);

/* Frees a reply with its items; NULL is ignored. */
void redis_reply_free(void *reply);

#endif
