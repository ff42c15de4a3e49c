/*
 * redis_reply: what Redis answers, made of its bytes by hiredis. Each part is one piece of
 * memory: thousands come in a moment when everybody comes back.
 */
#ifndef CONFAB_PUSHD_REDIS_REPLY_H
#define CONFAB_PUSHD_REDIS_REPLY_H

#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

enum redis_kind { REDIS_NIL, REDIS_NUMBER, REDIS_TEXT, REDIS_ERROR, REDIS_LIST };

/* What Redis answers; a TEXT is a simple or a bulk string. */
struct redis_reply {
    enum redis_kind kind;
    int64_t number;
    struct text text;           /* of TEXT and ERROR */
    size_t count;               /* of a LIST */
    struct redis_reply **items; /* each there */
};

/* A reader of hiredis whose replies are of this kind; to be freed by redisReaderFree. Without
 * memory it is NULL. */
struct redisReader *redis_reply_reader(void);

/* Frees a reply with all that is in it; NULL is none. */
void redis_reply_free(void *reply);

#endif
