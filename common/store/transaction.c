/* Reading the result of a transaction. The first column of the only row is v_outcome. */
#include "store/transaction.h"

bool transaction_row(struct db_rows *rows, enum error *outcome) {
    const bool has_row = db_next(rows);
    /* An outcome of a newer program is passed on as a number. */
    *outcome = has_row ? (enum error)db_get_u64(rows, 0) : ERROR_INTERNAL;
    return has_row;
}

enum error transaction_outcome(struct db_rows *rows) {
    enum error outcome;
    transaction_row(rows, &outcome);
    db_done(rows);
    return outcome;
}

enum error transaction_number(struct db_rows *rows, uint64_t *number) {
    enum error outcome;
    /* The second column of a refused transaction has no meaning. */
    if (transaction_row(rows, &outcome) && !outcome)
        *number = db_get_u64(rows, 1);
    db_done(rows);
    return outcome;
}
