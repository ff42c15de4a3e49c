/* Each call looks for one row that is due, and does its work. */
#include "chore.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "base/xalloc.h"
#include "db/db.h"
#include "mailer.h"
#include "store/privacy/export_job.h"

struct chore {
    const struct config *config;
    struct db *db;
    atomic_bool stop; /* set by the loop, read by the thread */
};

struct chore *chore_new(const struct config *config) {
    struct chore *chore = xcalloc(1, sizeof(*chore));
    chore->config = config;
    chore->db = db_new(config);
    return chore;
}

void chore_free(struct chore *chore) {
    db_free(chore->db);
    free(chore);
}

void chore_stop(struct chore *chore) {
    atomic_store(&chore->stop, true);
}

bool chore_send_mail(void *context) {
    struct chore *chore = context;
    bool done = false;
    const enum error error = mailer_step(chore->db, chore->config, &done);
    /* After an error the next tick of the loop calls again, half a second later. */
    return !error && done;
}

bool chore_make_archive(void *context) {
    struct chore *chore = context;
    bool done = false;
    const enum error error =
        export_job_step(chore->db, chore->config->file_dir, &chore->stop, &done);
    return !error && done;
}
