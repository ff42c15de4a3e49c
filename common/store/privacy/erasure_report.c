/* The columns are found in information_schema, by their names, so that no table is forgotten; what
 * each means is a table here. A column that the table does not have is reported as unknown, which a
 * test looks for. */
#include "store/privacy/erasure_report.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

/* How long something stays. */
enum until {
    UNTIL_ERASED,  /* goes with the erasure */
    UNTIL_NEVER,   /* an id without a name */
    UNTIL_MESSAGE, /* the message is deleted */
    UNTIL_BAN,
    UNTIL_HOUR,
    UNTIL_EVENTS,
    UNTIL_REPORTS,
    UNTIL_AUDIT,
};

/* In the order of table and column. `where` narrows columns that have ids of other things as
 * well. */
static const struct known_place {
    const char *table, *column, *what;
    enum until until;
    const char *where; /* a further condition; NULL: none */
} PLACES[] = {
    {"account_mail", "user_id", "mails to the user", UNTIL_ERASED, NULL},
    {"address_ban", "user_id", "addresses of a banned guest, hashed", UNTIL_BAN, NULL},
    {"audit", "actor_id", "acts of the user as a moderator, by id", UNTIL_AUDIT,
     " AND actor_kind = 1"},
    {"audit", "user_id", "acts of moderators on the user, by id", UNTIL_AUDIT, NULL},
    {"ban", "banned_by_id", "bans by the user", UNTIL_BAN, NULL},
    {"ban", "user_id", "bans of the user", UNTIL_BAN, NULL},
    {"block", "blocked_id", "users who have blocked the user", UNTIL_NEVER, NULL},
    {"block", "user_id", "users whom the user has blocked", UNTIL_ERASED, NULL},
    {"clearing", "actor_id", "messages that are being deleted", UNTIL_ERASED, NULL},
    {"clearing", "user_id", "messages that are being deleted", UNTIL_ERASED, NULL},
    {"departure", "admin_id", "members whom the user has removed", UNTIL_HOUR, NULL},
    {"departure", "user_id", "rooms that the user has left", UNTIL_HOUR, NULL},
    {"erasure", "user_id", "the erasure itself, which is not done yet", UNTIL_ERASED, NULL},
    {"event", "actor_id", "events of rooms, by id", UNTIL_EVENTS, NULL},
    {"export_job", "user_id", "an archive of the user's data", UNTIL_ERASED, NULL},
    {"external_user", "user_id", "the site's id of the user", UNTIL_ERASED, NULL},
    {"file", "user_id", "files of messages, on disk in file_dir", UNTIL_MESSAGE, NULL},
    {"file_quota", "user_id", "what the user may send today", UNTIL_ERASED, NULL},
    {"guest", "user_id", "the address of a guest, hashed", UNTIL_ERASED, NULL},
    {"held", "sender_id", "messages held for moderators, with their words", UNTIL_ERASED, NULL},
    {"hook_in", "user_id", "addresses at which programs post as the user", UNTIL_ERASED, NULL},
    {"known_address", "user_id", "addresses of logins, hashed", UNTIL_ERASED, NULL},
    {"invite_link", "created_by_id", "links that the user has made", UNTIL_NEVER, NULL},
    {"member", "invited_by_id", "members whom the user has invited", UNTIL_NEVER, NULL},
    {"member", "user_id", "rooms", UNTIL_ERASED, NULL},
    {"mention", "sender_id", "mentions by messages of the user", UNTIL_MESSAGE, NULL},
    {"mention", "user_id", "mentions of the user by others, by id", UNTIL_MESSAGE, NULL},
    {"message", "sender_id", "messages; those that are deleted have no words", UNTIL_NEVER, NULL},
    {"pin", "user_id", "messages that the user has pinned", UNTIL_MESSAGE, NULL},
    {"reaction", "user_id", "reactions", UNTIL_MESSAGE, NULL},
    {"removal", "user_id", "rooms that the user was removed from", UNTIL_NEVER, NULL},
    {"report", "handled_by_id", "reports that the user has closed", UNTIL_REPORTS, NULL},
    {"report", "reporter_id", "reports by the user", UNTIL_REPORTS, NULL},
    {"report", "sender_id", "reported messages of the user, with their words", UNTIL_REPORTS, NULL},
    {"room", "created_by_id", "rooms that the user has created", UNTIL_NEVER, NULL},
    {"room", "direct_high", "direct rooms", UNTIL_NEVER, NULL},
    {"room", "direct_low", "direct rooms", UNTIL_NEVER, NULL},
    {"session", "user_id", "login sessions", UNTIL_ERASED, NULL},
    {"silence", "silenced_by_id", "silences by the user", UNTIL_BAN, NULL},
    {"silence", "user_id", "silences of the user", UNTIL_BAN, NULL},
    {"slow_post", "user_id", "the time of the last message in slow rooms", UNTIL_HOUR, NULL},
    {"token", "user_id", "tokens", UNTIL_ERASED, NULL},
    {"user", "user_id", "the account, by the name deleted-<id>", UNTIL_NEVER, NULL},
    {"user_event", "actor_id", "events of the streams of users, by id", UNTIL_EVENTS, NULL},
    {"user_event", "user_id", "events of the user's own stream", UNTIL_EVENTS, NULL},
    {"user_totp", "user_id", "two-factor login", UNTIL_ERASED, NULL},
    {"user_word", "user_id", "words of names, for searches", UNTIL_ERASED, NULL},
};

/* NULL for a column that the table of places does not know, which is reported as unknown. */
static const struct known_place *find_place(struct text table, struct text column) {
    /* Some fifty rows, for a command: no need for more than a linear search. */
    for (size_t i = 0; i < sizeof(PLACES) / sizeof(PLACES[0]); i++)
        if (text_equals(table, text_of(PLACES[i].table)) &&
            text_equals(column, text_of(PLACES[i].column)))
            return &PLACES[i];
    return NULL;
}

/* Writes how long a column is kept, as the report shows it. */
static void write_until(enum until until, const struct config *config, char *out, size_t size) {
    static const char *const WORDS[] = {
        [UNTIL_ERASED] = "the end of the erasure",
        [UNTIL_NEVER] = "for ever, as a number without a name",
        [UNTIL_MESSAGE] = "its message is deleted",
        [UNTIL_BAN] = "it ends",
        [UNTIL_HOUR] = "a few hours at most",
    };
    /* Only used for the last three kinds, which depend on options. */
    const uint64_t days = until == UNTIL_EVENTS    ? config->event_retention
                          : until == UNTIL_REPORTS ? config->report_days
                                                   : config->audit_days;
    const char *option = until == UNTIL_EVENTS    ? "event_retention"
                         : until == UNTIL_REPORTS ? "report_days"
                                                  : "audit_days";
    if (until < UNTIL_EVENTS)
        snprintf(out, size, "%s", WORDS[until]);
    else
        snprintf(out, size, "%" PRIu64 " days after it (%s)", days, option);
}

/* Identifiers of the schema have these characters only. */
static bool is_plain(struct text name) {
    for (size_t i = 0; i < name.len; i++)
        if (!strchr("abcdefghijklmnopqrstuvwxyz0123456789_", name.at[i]))
            return false;
    return name.len > 0;
}

/* Counts the rows of a place. Texts of statements are constants, so this one builds the query for a
 * table and column out of its values. */
static enum error count_rows(struct db *db, const struct known_place *known, const char *table,
                             const char *column, uint64_t user_id, uint64_t *count) {
    /* Names of tables and columns cannot be bound as values; is_plain makes sure that they need no
     * quoting. The condition comes from the table above only. */
    static const char SQL[] =
        "BEGIN NOT ATOMIC DECLARE p_user BIGINT UNSIGNED DEFAULT ?; "
        "EXECUTE IMMEDIATE CONCAT('SELECT COUNT(*) FROM `', ?, '` WHERE `', ?, '` = ?', ?) "
        "USING p_user; END";
    *count = 0;
    return DB_NUMBER(db, SQL, count, db_u64(user_id), db_str(table), db_str(column),
                     db_str(known && known->where ? known->where : ""));
}

enum error erasure_report(struct db *db, const struct config *config, uint64_t user_id,
                          erasure_place_visit *visit, void *context) {
    /* All columns that may have the id of a user: by name, and of the type of ids. */
    static const char SQL[] =
        "SELECT TABLE_NAME, COLUMN_NAME FROM information_schema.COLUMNS "
        "WHERE TABLE_SCHEMA = DATABASE() AND DATA_TYPE = 'bigint' AND (COLUMN_NAME IN "
        "('user_id', 'sender_id', 'reporter_id', 'actor_id', 'admin_id', 'blocked_id', "
        "'direct_low', 'direct_high') OR COLUMN_NAME LIKE '%\\_by\\_id' "
        "OR COLUMN_NAME LIKE '%user\\_id') ORDER BY TABLE_NAME, COLUMN_NAME";
    struct db_rows *rows;
    enum error error = db_run(db, SQL, DB_REPEATABLE, NULL, 0, &rows);
    if (error)
        return error;
    while (!error && db_next(rows)) {
        const struct text table = db_get_text(rows, 0), column = db_get_text(rows, 1);
        const struct known_place *known = find_place(table, column);
        char names[2][65], until[96] = "unknown";
        struct erasure_place place = {names[0], names[1], "not known to this program", until, 0};
        /* Not one of the schema's own: left out rather than quoted. */
        if (!is_plain(table) || !is_plain(column))
            continue;
        snprintf(names[0], sizeof(names[0]), "%.*s", (int)table.len, table.at);
        snprintf(names[1], sizeof(names[1]), "%.*s", (int)column.len, column.at);
        /* An unknown column is counted and reported as such. */
        if (known) {
            place.what = known->what;
            write_until(known->until, config, until, sizeof(until));
        }
        error = count_rows(db, known, place.table, place.column, user_id, &place.rows);
        if (!error)
            visit(context, &place);
    }
    db_done(rows);
    return error;
}

enum error erasure_state(struct db *db, uint64_t user_id, int64_t *erased_at, bool *is_done) {
    static const char SQL[] =
        "SELECT u.erased_at, e.user_id IS NULL FROM user u "
        "LEFT JOIN erasure e ON e.user_id = u.user_id WHERE u.user_id = ?";
    struct db_rows *rows;
    const enum error error = DB_FIND(db, SQL, &rows, db_u64(user_id));
    if (error)
        return error;
    *erased_at = db_get_time(rows, 0);
    /* Done: erased, and no row of stages is left. */
    *is_done = *erased_at > 0 && db_get_bool(rows, 1);
    db_done(rows);
    return ERROR_NONE;
}
