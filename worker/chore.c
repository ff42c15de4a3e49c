/* A look at the tables every half second, and at once after each thing that was done. */
#include "chore.h"

#include <stdlib.h>

#include "base/xalloc.h"
#include "db/db.h"
#include "mailer.h"
#include "store/privacy/export.h"

struct chore {
    uv_loop_t *loop;
    const struct config *config;
    void (*ended)(void *context);
    void *context;
    uv_work_t work;
    bool is_running;
    bool found_one; /* by the last look: there may be more */
    struct db *db;
};

struct chore *chore_new(uv_loop_t *loop, const struct config *config, void (*ended)(void *context),
                        void *context) {
    struct chore *chore = xcalloc(1, sizeof(*chore));
    /* With --once the worker must look at least once. */
    *chore = (struct chore){
        .loop = loop, .config = config, .ended = ended, .context = context, .found_one = true};
    chore->work.data = chore;
    chore->db = db_new(config);
    return chore;
}

void chore_free(struct chore *chore) {
    db_free(chore->db);
    free(chore);
}

bool chore_is_busy(const struct chore *chore) {
    return chore->is_running || chore->found_one;
}

bool chore_is_running(const struct chore *chore) {
    return chore->is_running;
}

/* On a thread of libuv. Only this uses the connection while is_running is set. */
static void on_work(uv_work_t *work) {
    struct chore *chore = work->data;
    bool exported = false, mailed = false;
    /* Mails first: users wait for them. */
    enum error error = mailer_step(chore->db, chore->config, &mailed);
    if (!error && !mailed)
        error = export_step(chore->db, chore->config->file_dir, &exported);
    /* After an error the next tick tries again, half a second later. */
    chore->found_one = !error && (mailed || exported);
}

static void on_done(uv_work_t *work, int status) {
    struct chore *chore = work->data;
    (void)status;
    /* Before the callback, which may begin the next one. */
    chore->is_running = false;
    chore->ended(chore->context);
}

void chore_next(struct chore *chore) {
    /* There is one work request, and one connection. */
    if (chore->is_running)
        return;
    chore->is_running = true;
    uv_queue_work(chore->loop, &chore->work, on_work, on_done);
}
