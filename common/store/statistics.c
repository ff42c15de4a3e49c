/* Three queries: users with their credentials, rooms, and the size of the database. They read whole
 * tables and are for the administrator, not for requests. */
#include "store/statistics.h"

#include <string.h>

#include "store/site/external_user.h"

/* Number of stored events of a stream, in a type that does not overflow if a counter is broken. */
#define KEPT "IF(last_seq >= oldest_seq, CAST(last_seq AS DECIMAL(21)) - oldest_seq + 1, 0)"

/* Time of the oldest stored event of all rooms or users. */
#define OLDEST(table, key, events)                                                      \
    "SELECT MIN(e.created_at) FROM " table " t JOIN " events " e ON e." key " = t." key \
    " AND e.seq = t.oldest_seq"

/* Reads the numbers of users, sessions and tokens. */
static enum error read_users(struct db *db, struct statistics *statistics) {
    /* Users without the site's own. Counts of tables are exact and read an index. */
    static const char SQL[] = "SELECT COUNT(*), SUM(is_active), SUM(is_staff), SUM(" KEPT
                              "), "
                              "(SELECT COUNT(*) FROM session WHERE expires_at > SYSDATE(6)), "
                              "(SELECT COUNT(*) FROM token) "
                              "FROM user u WHERE " EXTERNAL_USER_NOT_SITE;
    struct db_rows *rows;
    const enum error error = db_run(db, SQL, DB_REPEATABLE, NULL, 0, &rows);
    if (error)
        return error;
    if (db_next(rows)) {
        /* SUM over no rows is NULL, which reads as 0. */
        statistics->users = db_get_u64(rows, 0);
        statistics->active_users = db_get_u64(rows, 1);
        statistics->staff_users = db_get_u64(rows, 2);
        /* Room and user streams are added up. */
        statistics->events += db_get_u64(rows, 3);
        statistics->sessions = db_get_u64(rows, 4);
        statistics->tokens = db_get_u64(rows, 5);
    }
    db_done(rows);
    return ERROR_NONE;
}

/* Reads the numbers of rooms and of what is in them; `events` is added to. */
static enum error read_rooms(struct db *db, struct statistics *statistics) {
    /* Counters of the rooms are added up, instead of counting messages. */
    static const char SQL[] =
        "SELECT COUNT(*), SUM(is_private = FALSE), SUM(direct_low IS NOT NULL), "
        "SUM(members_count), SUM(message_count), SUM(" KEPT
        "), "
        "(SELECT COUNT(*) FROM deleted_room) FROM room";
    struct db_rows *rows;
    const enum error error = db_run(db, SQL, DB_REPEATABLE, NULL, 0, &rows);
    if (error)
        return error;
    if (db_next(rows)) {
        statistics->rooms = db_get_u64(rows, 0);
        statistics->public_rooms = db_get_u64(rows, 1);
        /* Direct rooms are private ones, too. */
        statistics->direct_rooms = db_get_u64(rows, 2);
        statistics->memberships = db_get_u64(rows, 3);
        statistics->messages = db_get_u64(rows, 4);
        statistics->events += db_get_u64(rows, 5);
        statistics->deleted_rooms = db_get_u64(rows, 6);
    }
    db_done(rows);
    return ERROR_NONE;
}

/* Reads the size of the database, and the time of the oldest event. */
static enum error read_database(struct db *db, struct statistics *statistics) {
    /* The size is InnoDB's estimate. SUM of the data of all tables and their indexes. */
    static const char SQL[] =
        "SELECT (SELECT SUM(data_length + index_length) FROM information_schema.tables "
        "WHERE table_schema = DATABASE()), (" OLDEST("room", "room_id", "event") "), "
        "(" OLDEST("user", "user_id", "user_event") ")";
    struct db_rows *rows;
    const enum error error = db_run(db, SQL, DB_REPEATABLE, NULL, 0, &rows);
    if (error)
        return error;
    if (db_next(rows)) {
        const int64_t room = db_get_time(rows, 1), user = db_get_time(rows, 2);
        statistics->database_bytes = db_get_u64(rows, 0);
        /* The older of the two; 0 means that there is none. */
        statistics->oldest_event = room == 0 || (user != 0 && user < room) ? user : room;
    }
    db_done(rows);
    return ERROR_NONE;
}

/* The three statements see different moments. */
enum error statistics_read(struct db *db, struct statistics *statistics) {
    memset(statistics, 0, sizeof(*statistics));
    enum error error = read_users(db, statistics);
    if (!error)
        error = read_rooms(db, statistics);
    if (!error)
        error = read_database(db, statistics);
    return error;
}
