/* redis_reply: the functions with which hiredis creates and frees replies. A reply is one block:
 * the struct, then its text or its array of items. Version 1 of hiredis has more of these functions
 * than 0.14, for types that Redis sends only on request (RESP3). */
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
    /* The root of a reply has no parent: hiredis returns it. */
    if (task->parent)
        ((struct redis_reply *)task->parent->obj)->items[task->idx] = reply;
    return reply;
}

/* A text of a reply, copied after its struct. */
static void *create_text(const redisReadTask *task, char *bytes, size_t len) {
    const enum redis_kind kind = task->type == REDIS_REPLY_ERROR ? REDIS_ERROR : REDIS_TEXT;
    /* One byte more, zeroed: error texts are used as C strings. */
    struct redis_reply *reply = new_reply(task, kind, len + 1);
    char *copy = (char *)(reply + 1);
    if (len > 0)
        memcpy(copy, bytes, len);
    reply->text = (struct text){copy, len};
    return reply;
}

/* The type in which hiredis counts the items of a list. */
#ifdef REDIS_REPLY_DOUBLE
#define HIREDIS_1
typedef size_t list_count;
#else
typedef int list_count;
#endif

/* A list of a reply, with room for its items. */
static void *create_list(const redisReadTask *task, list_count count) {
    /* NULL makes the parser fail, and the connection ends. */
    if (count > MAX_ITEMS)
        return NULL;
    /* hiredis fills in the items one by one; until then they are NULL. */
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

#ifdef HIREDIS_1
static void *create_double(const redisReadTask *task, double value, char *bytes, size_t len) {
    (void)value;
    return create_text(task, bytes, len);
}

static void *create_bool(const redisReadTask *task, int value) {
    return create_number(task, value);
}
#endif

/* A list that was not parsed to its end lacks its last items. */
void redis_reply_free(void *object) {
    struct redis_reply *reply = object;
    if (!reply)
        return;
    for (size_t i = 0; i < reply->count; i++)
        redis_reply_free(reply->items[i]);
    free(reply);
}

static redisReplyObjectFunctions READER_FUNCTIONS = {
    .createString = create_text,
    .createArray = create_list,
    .createInteger = create_number,
    .createNil = create_nil,
#ifdef HIREDIS_1
    .createDouble = create_double,
    .createBool = create_bool,
#endif
    .freeObject = redis_reply_free,
};

struct redisReader *redis_reply_reader(void) {
    return redisReaderCreateWithFunctions(&READER_FUNCTIONS);
}
