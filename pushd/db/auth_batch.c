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
    callers_found *found;
    void *context;
};

/* One question, from the first caller in it until all have heard. */
struct question {
    struct line *line;
    struct question *next;
    enum error error;
    size_t count;
    struct asker askers[TOGETHER];
    struct caller_question callers[TOGETHER];
};

/* Credentials of one kind: those who wait, in the order in which they came. */
struct line {
    struct callers *all;
    bool by_token;
    unsigned under_way;
    struct question *first, *last; /* all but the last one are full */
};

struct callers {
    struct jobs *jobs;
    const struct config *config;
    struct line tokens, sessions;
};

struct callers *callers_new(struct jobs *jobs, const struct config *config) {
    struct callers *callers = memory_zeroed(1, sizeof(*callers));
    callers->jobs = jobs;
    callers->config = config;
    callers->tokens = (struct line){.all = callers, .by_token = true};
    callers->sessions = (struct line){.all = callers};
    return callers;
}

void callers_free(struct callers *callers) {
    free(callers);
}

/* ---- on a thread ---- */

/* The statement for one is cheaper where there is but one. */
static enum error ask_one(struct question *question, struct db *db) {
    const struct line *line = question->line;
    struct caller_question *caller = &question->callers[0];
    caller->error = line->by_token ? token_find(db, caller->hash, caller->room_id, &caller->caller)
                                   : session_find(db, caller->hash, line->all->config->session_days,
                                                  caller->room_id, &caller->caller);
    return ERROR_NONE;
}

static void question_work(void *job, struct db *db) {
    struct question *question = job;
    const struct line *line = question->line;
    if (question->count == 1)
        question->error = ask_one(question, db);
    else if (line->by_token)
        question->error = token_find_many(db, question->callers, question->count);
    else
        question->error = session_find_many(db, line->all->config->session_days, question->callers,
                                            question->count);
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
    jobs_run(line->all->jobs, question_work, question_done, question);
}

static void question_done(void *job) {
    struct question *question = job;
    struct line *line = question->line;
    line->under_way--;
    ask_next(line);
    for (size_t i = 0; i < question->count; i++) {
        const struct asker *asker = &question->askers[i];
        const struct caller_question *caller = &question->callers[i];
        asker->found(asker->context, question->error ? question->error : caller->error,
                     &caller->caller);
    }
    free(question);
}

static struct question *open_question(struct line *line) {
    /* Not zeroed: it is large, and mostly for one. */
    struct question *question = memory_resize(NULL, 1, sizeof(*question));
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

void callers_find(struct callers *callers, bool by_token,
                  const unsigned char hash[SECRET_HASH_SIZE], uint64_t room_id,
                  callers_found *found, void *context) {
    struct line *line = by_token ? &callers->tokens : &callers->sessions;
    struct question *question = line->last;
    if (!question || question->count == TOGETHER)
        question = open_question(line);
    struct caller_question *caller = &question->callers[question->count];
    memcpy(caller->hash, hash, SECRET_HASH_SIZE);
    caller->room_id = room_id;
    question->askers[question->count++] = (struct asker){found, context};
    ask_next(line);
}
