/* Read first: it is made once in the life of a database. */
#include "store/site/site_value.h"

#include <stdio.h>

#include "secrets/secret.h"

/* Reads a value; ERROR_NOT_FOUND if it was never stored. */
static enum error find(struct db *db, const char *name, char value[SITE_VALUE_SIZE]) {
    /* By the primary key. */
    static const char SQL[] = "SELECT value FROM site_value WHERE name = ?";
    struct db_rows *rows;
    const enum error error = DB_RUN(db, SQL, DB_REPEATABLE, &rows, db_str(name));
    if (error)
        return error;
    const bool found = db_next(rows);
    if (found) {
        const struct text text = db_get_text(rows, 0);
        snprintf(value, SITE_VALUE_SIZE, "%.*s", (int)text.len, text.at);
    }
    db_done(rows);
    return found ? ERROR_NONE : ERROR_NOT_FOUND;
}

enum error site_value_secret(struct db *db, const char *name, char value[SITE_VALUE_SIZE]) {
    /* If two processes store a value at once, the first one counts. */
    static const char SQL[] = "INSERT IGNORE INTO site_value (name, value) VALUES (?, ?)";
    enum error error = find(db, name, value);
    if (error != ERROR_NOT_FOUND)
        return error;
    char fresh[SITE_VALUE_SIZE];
    secret_random_hex(fresh, (SITE_VALUE_SIZE - 1) / 2);
    error = DB_RUN(db, SQL, DB_REPEATABLE, NULL, db_str(name), db_str(fresh));
    /* Read again: another process may have stored another value at the same moment. */
    return error ? error : find(db, name, value);
}
