#include "db/auth_batch.h"

#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"

/* Callers in one question. */
#define TOGETHER 64

/* Questions about credentials of one kind that may be under way: the second one only when
 * there are enough who wait to fill it. */
#define UNDER_WAY 2

struct asker {
    auth_batch_found *found;
    void *context;
};

/* One question, from the first caller in it until all have heard. */
struct question {
    struct line *line;
    struct question *next;
    enum error error;
    size_t count;
    struct asker askers[TOGETHER];
    struct identity_query auth_batch[TOGETHER];
};

/* Credentials of one kind: those who wait, in the order in which they came. */
struct line {
    struct auth_batch *all;
    bool by_token;
    unsigned under_way;
    struct question *first, *last; /* all but the last one are full */
};

struct auth_batch {
    struct db_pool *db_pool;
    const struct config *config;
    struct line tokens, clients;
};

struct auth_batch *auth_batch_new(struct db_pool *db_pool, const struct config *config) {
    struct auth_batch *auth_batch = xcalloc(1, sizeof(*auth_batch));
    auth_batch->db_pool = db_pool;
    auth_batch->config = config;
    auth_batch->tokens = (struct line){.all = auth_batch, .by_token = true};
    auth_batch->clients = (struct line){.all = auth_batch};
    return auth_batch;
}

void auth_batch_free(struct auth_batch *auth_batch) {
    free(auth_batch);
}

/* ---- on a thread ---- */

/* The statement for one is cheaper where there is but one. */
static enum error ask_one(struct question *question, struct db *db) {
    const struct line *line = question->line;
    struct identity_query *identity = &question->auth_batch[0];
    identity->error = line->by_token
                          ? token_find(db, identity->hash, identity->room_id, &identity->identity)
                          : login_session_find(db, identity->hash, line->all->config->session_days,
                                               identity->room_id, &identity->identity);
    return ERROR_NONE;
}

static void question_work(void *job, struct db *db) {
    struct question *question = job;
    const struct line *line = question->line;
    if (question->count == 1)
        question->error = ask_one(question, db);
    else if (line->by_token)
        question->error = token_find_many(db, question->auth_batch, question->count);
    else
        question->error = login_session_find_many(db, line->all->config->session_days,
                                                  question->auth_batch, question->count);
}

/* ---- on the loop ---- */

static void question_done(void *job);

static void ask_next(struct line *line) {
    struct question *question = line->first;
    if (!question || line->under_way == UNDER_WAY ||
        (line->under_way > 0 && question->count < TOGETHER))
        return;
    line->first = question->next;
    if (!line->first)
        line->last = NULL;
    line->under_way++;
    db_pool_run(line->all->db_pool, question_work, question_done, question);
}

static void question_done(void *job) {
    struct question *question = job;
    struct line *line = question->line;
    line->under_way--;
    ask_next(line);
    for (size_t i = 0; i < question->count; i++) {
        const struct asker *asker = &question->askers[i];
        const struct identity_query *identity = &question->auth_batch[i];
        asker->found(asker->context, question->error ? question->error : identity->error,
                     &identity->identity);
    }
    free(question);
}

static struct question *open_question(struct line *line) {
    /* Not zeroed: it is large, and mostly for one. */
    struct question *question = xreallocarray(NULL, 1, sizeof(*question));
    question->line = line;
    question->next = NULL;
    question->error = ERROR_NONE;
    question->count = 0;
    if (line->last)
        line->last->next = question;
    else
        line->first = question;
    line->last = question;
    return question;
}

void auth_batch_find(struct auth_batch *auth_batch, bool by_token,
                     const unsigned char hash[SECRET_HASH_SIZE], uint64_t room_id,
                     auth_batch_found *found, void *context) {
    struct line *line = by_token ? &auth_batch->tokens : &auth_batch->clients;
    struct question *question = line->last;
    if (!question || question->count == TOGETHER)
        question = open_question(line);
    struct identity_query *identity = &question->auth_batch[question->count];
    memcpy(identity->hash, hash, SECRET_HASH_SIZE);
    identity->room_id = room_id;
    question->askers[question->count++] = (struct asker){found, context};
    ask_next(line);
}
