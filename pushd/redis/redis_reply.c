/* redis_reply: the functions with which hiredis creates and frees replies. */
#include "redis/redis_reply.h"

#include <hiredis/read.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"

/* No list that pushd asks for is longer. */
#define MAX_ITEMS (4 * 1024 * 1024)

/* A reply followed by `extra` bytes, placed into the list that it is an item of. */
static struct redis_reply *new_reply(const redisReadTask *task, enum redis_kind kind,
                                     size_t extra) {
    struct redis_reply *reply = xcalloc(1, sizeof(*reply) + extra);
    reply->kind = kind;
    if (task->parent)
        ((struct redis_reply *)task->parent->obj)->items[task->idx] = reply;
    return reply;
}

static void *create_text(const redisReadTask *task, char *bytes, size_t len) {
    const enum redis_kind kind = task->type == REDIS_REPLY_ERROR ? REDIS_ERROR : REDIS_TEXT;
    struct redis_reply *reply = new_reply(task, kind, len + 1);
    char *copy = (char *)(reply + 1);
    if (len > 0)
        memcpy(copy, bytes, len);
    reply->text = (struct text){copy, len};
    return reply;
}

static void *create_list(const redisReadTask *task, int count) {
    if (count > MAX_ITEMS)
        return NULL;
    const size_t items = count > 0 ? (size_t)count : 0;
    struct redis_reply *reply = new_reply(task, REDIS_LIST, items * sizeof(*reply->items));
    reply->count = items;
    reply->items = (struct redis_reply **)(reply + 1);
    return reply;
}

static void *create_number(const redisReadTask *task, long long number) {
    struct redis_reply *reply = new_reply(task, REDIS_NUMBER, 0);
    reply->number = number;
    return reply;
}

static void *create_nil(const redisReadTask *task) {
    return new_reply(task, REDIS_NIL, 0);
}

/* A list that was not parsed to its end lacks its last items. */
void redis_reply_free(void *object) {
    struct redis_reply *reply = object;
    if (!reply)
        return;
    for (size_t i = 0; i < reply->count; i++)
        redis_reply_free(reply->items[i]);
    free(reply);
}

static redisReplyObjectFunctions READER_FUNCTIONS = {create_text, create_list, create_number,
                                                     create_nil, redis_reply_free};

struct redisReader *redis_reply_reader(void) {
    return redisReaderCreateWithFunctions(&READER_FUNCTIONS);
}
