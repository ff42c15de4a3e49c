/* A look at the tables, and at most one thing that is found there. */
#include "chore.h"

#include <stdlib.h>

#include "base/xalloc.h"
#include "db/db.h"
#include "mailer.h"
#include "store/privacy/export.h"

struct chore {
    const struct config *config;
    struct db *db;
};

struct chore *chore_new(const struct config *config) {
    struct chore *chore = xcalloc(1, sizeof(*chore));
    *chore = (struct chore){.config = config, .db = db_new(config)};
    return chore;
}

void chore_free(struct chore *chore) {
    db_free(chore->db);
    free(chore);
}

bool chore_do_one(void *context) {
    struct chore *chore = context;
    bool exported = false, mailed = false;
    /* Mails first: users wait for them. */
    enum error error = mailer_step(chore->db, chore->config, &mailed);
    if (!error && !mailed)
        error = export_step(chore->db, chore->config->file_dir, &exported);
    /* After an error the next tick tries again, half a second later. */
    return !error && (mailed || exported);
}
