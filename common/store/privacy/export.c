/* The parts of an archive are a table: a statement, and the fields of its rows. Messages are read
 * in slices, in the order of their positions. The archive is written while it is read, so that its
 * size does not matter. No part has secrets: hashes of passwords and tokens stay out. */
#include "store/privacy/export.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/array.h"
#include "base/clock.h"
#include "json/json_writer.h"
#include "os/file_store.h"
#include "os/tar_file.h"
#include "store/messages/clearing.h"

/* Messages of one statement. */
#define SLICE 500

/* Calls the callback of the caller, if there is one. */
static enum error may_go_on(const struct export_caller *caller) {
    return caller ? caller->go_on(caller->context) : ERROR_NONE;
}

/* ---- rows as JSON ---- */

/* The type of a field. JSON: the column has JSON already, which is copied unchanged. */
enum kind { NUMBER, TEXT, BOOLEAN, TIME, JSON };

struct field {
    const char *name;
    enum kind kind;
};

#define FIELDS_MOST 16

struct part {
    const char *path;
    const char *sql; /* its value is the id of the user or room */
    struct field fields[FIELDS_MOST];
};

/* Writes one column by the kind of its field. */
static void write_field(struct json_writer *w, const struct field *field,
                        const struct db_rows *rows, unsigned column) {
    json_write_key(w, field->name);
    if (db_is_null(rows, column))
        json_write_null(w);
    else if (field->kind == NUMBER)
        json_write_u64(w, db_get_u64(rows, column));
    else if (field->kind == BOOLEAN)
        json_write_bool(w, db_get_bool(rows, column));
    else if (field->kind == TIME)
        json_write_time(w, db_get_time(rows, column));
    else if (field->kind == JSON)
        json_write_raw(w, db_get_text(rows, column).at, db_get_text(rows, column).len);
    else
        json_write_text(w, db_get_text(rows, column));
}

/* Writes a line for each row, and frees the rows. */
static void write_rows(struct tar_file *tar, const struct field *fields, struct db_rows *rows) {
    struct buffer line = BUFFER_EMPTY;
    while (db_next(rows)) {
        /* One buffer for all lines: its memory is reused. */
        buffer_clear(&line);
        struct json_writer w = json_writer_start(&line);
        json_write_object(&w);
        /* Unused fields have no name. */
        for (unsigned i = 0; i < FIELDS_MOST && fields[i].name; i++)
            write_field(&w, &fields[i], rows, i);
        json_write_object_end(&w);
        buffer_append_char(&line, '\n');
        tar_file_write(tar, (struct text){line.data, line.len});
    }
    db_done(rows);
    buffer_free(&line);
}

/* Writes a file of the archive for each part. */
static enum error write_parts(struct db *db, struct tar_file *tar,
                              const struct export_caller *caller, const struct part *parts,
                              size_t count, uint64_t id) {
    enum error error = ERROR_NONE;
    for (size_t i = 0; !error && i < count; i++) {
        struct db_rows *rows;
        error = DB_RUN(db, parts[i].sql, DB_REPEATABLE, &rows, db_u64(id));
        /* The archive is not finished then, and is removed by the caller. */
        if (error)
            break;
        tar_file_open(tar, parts[i].path, clock_now());
        write_rows(tar, parts[i].fields, rows);
        tar_file_close(tar);
        error = may_go_on(caller);
    }
    return error;
}

/* ---- messages ---- */

#define MESSAGE_SELECT                                                                  \
    "SELECT m.room_id, m.message_id, m.sender_id, s.username, "                         \
    "ELT(m.message_type, 'text', 'image', 'file', 'system'), m.content, m.is_deleted, " \
    "m.reply_to_id, m.created_at, m.edited_at, m.mentions, "                            \
    "IF(m.client_id LIKE 'c%', SUBSTRING(m.client_id, 2), NULL), "                      \
    "(SELECT JSON_ARRAYAGG(f.file_id) FROM file f WHERE f.message_id = m.message_id "   \
    "AND f.state = 2) FROM "

/* The order is that of MESSAGE_SELECT. */
static const struct field MESSAGE[FIELDS_MOST] = {
    {"room_id", NUMBER},       {"message_id", NUMBER},  {"sender_id", NUMBER},
    {"sender_username", TEXT}, {"message_type", TEXT},  {"content", TEXT},
    {"is_deleted", BOOLEAN},   {"reply_to_id", NUMBER}, {"created_at", TIME},
    {"edited_at", TIME},       {"mentions", JSON},      {"client_id", TEXT},
    {"file_ids", JSON},
};

/* The positions of a user's messages in a room, from an index that has nothing else. */
static enum error list_positions(struct db *db, uint64_t room_id, uint64_t user_id,
                                 uint64_t **positions, size_t *count) {
    static const char SQL[] =
        "SELECT position FROM message FORCE INDEX (client_id) WHERE room_id = ? "
        "AND sender_id = ? ORDER BY position";
    struct db_rows *rows;
    /* Eight bytes for each message of the user in one room. */
    size_t space = 0;
    *count = 0;
    *positions = NULL;
    const enum error error =
        DB_RUN(db, SQL, DB_REPEATABLE, &rows, db_u64(room_id), db_u64(user_id));
    if (error)
        return error;
    while (db_next(rows)) {
        *positions = array_reserve(*positions, &space, *count + 1, sizeof(**positions));
        (*positions)[(*count)++] = db_get_u64(rows, 0);
    }
    db_done(rows);
    return ERROR_NONE;
}

/* Writes the user's own messages of one room. */
static enum error write_own_in_room(struct db *db, struct tar_file *tar,
                                    const struct export_caller *caller, uint64_t room_id,
                                    uint64_t user_id) {
    static const char SQL[] = MESSAGE_SELECT
        /* Each position is a probe of the primary key (room_id, position). */
        "JSON_TABLE(?, '$[*]' COLUMNS (position BIGINT UNSIGNED PATH '$')) j "
        "JOIN message m ON m.room_id = ? AND m.position = j.position "
        "JOIN user s ON s.user_id = m.sender_id ORDER BY m.position";
    uint64_t *positions;
    size_t count;
    struct buffer json = BUFFER_EMPTY;
    enum error error = list_positions(db, room_id, user_id, &positions, &count);
    /* A slice of positions as JSON for each statement. */
    for (size_t at = 0; !error && at < count; at += SLICE) {
        struct db_rows *rows;
        buffer_clear(&json);
        buffer_append_ids(&json, positions + at, count - at < SLICE ? count - at : SLICE);
        error = DB_RUN(db, SQL, DB_REPEATABLE, &rows, db_text((struct text){json.data, json.len}),
                       db_u64(room_id));
        if (error)
            break;
        write_rows(tar, MESSAGE, rows);
        error = may_go_on(caller);
    }
    free(positions);
    buffer_free(&json);
    return error;
}

/* Writes the user's own messages of all rooms. */
static enum error write_own_messages(struct db *db, struct tar_file *tar,
                                     const struct export_caller *caller, uint64_t user_id) {
    /* Rooms by rising id, those that the user has left as well. */
    uint64_t room_id = 0;
    tar_file_open(tar, "messages.jsonl", clock_now());
    enum error error = clearing_next_room(db, room_id, user_id, &room_id);
    while (!error && room_id) {
        error = write_own_in_room(db, tar, caller, room_id, user_id);
        if (!error)
            error = may_go_on(caller);
        if (!error)
            error = clearing_next_room(db, room_id, user_id, &room_id);
    }
    tar_file_close(tar);
    return error;
}

/* Writes all messages of a room. */
static enum error write_room_messages(struct db *db, struct tar_file *tar, uint64_t room_id) {
    static const char SQL[] = MESSAGE_SELECT
        "message m JOIN user s ON s.user_id = m.sender_id "
        "WHERE m.room_id = ? AND m.position > ? AND m.position <= ? "
        "ORDER BY m.position";
    /* The end is read first: messages that are posted meanwhile are left out. */
    static const char LAST[] = "SELECT message_count FROM room WHERE room_id = ?";
    struct db_rows *rows;
    uint64_t last;
    enum error error = DB_NUMBER(db, LAST, &last, db_u64(room_id));
    if (error)
        return error;
    tar_file_open(tar, "messages.jsonl", clock_now());
    /* Positions without a row (retention) only make a slice smaller. */
    for (uint64_t at = 0; !error && at < last; at += SLICE) {
        error =
            DB_RUN(db, SQL, DB_REPEATABLE, &rows, db_u64(room_id), db_u64(at), db_u64(at + SLICE));
        if (!error)
            write_rows(tar, MESSAGE, rows);
    }
    tar_file_close(tar);
    return error;
}

/* ---- files ---- */

#define FILE_FIELDS                                                                       \
    {                                                                                     \
        {"file_id", NUMBER}, {"room_id", NUMBER}, {"message_id", NUMBER}, {"name", TEXT}, \
            {"media_type", TEXT}, {"size", NUMBER}, {"created_at", TIME},                 \
    }
#define FILE_SELECT(condition)                                                           \
    "SELECT file_id, room_id, message_id, name, media_type, size, created_at FROM file " \
    "WHERE " condition " = ? AND state = 2 AND room_id > 0 ORDER BY file_id"

/* Names in archives have no folders in them, and end where the format ends. A client's name may be
 * anything: no slash, no NUL, no leading dot, and cut between characters. */
static void write_path(uint64_t file_id, struct text name, char out[256]) {
    size_t len = (size_t)snprintf(out, 256, "files/%" PRIu64 "/", file_id);
    size_t kept = 0;
    /* No hidden files, and no name of dots. */
    if (name.len == 0 || name.at[0] == '.')
        out[len++] = '_';
    for (uint32_t point; kept < name.len;) {
        const size_t size = text_decode(name.at + kept, name.len - kept, &point);
        /* Invalid UTF-8 ends the name; TAR_FILE_NAME is the limit of the format. */
        if (size == 0 || kept + size >= TAR_FILE_NAME)
            break;
        for (size_t i = 0; i < size; i++, kept++)
            out[len++] = name.at[kept] == '/' || name.at[kept] == '\0' ? '_' : name.at[kept];
    }
    out[len] = '\0';
}

/* Copies the bytes of one file into the archive. A file may be large, so the caller is asked after
 * each piece. */
static enum error copy_file(struct tar_file *tar, const struct export_caller *caller,
                            const char *file_dir, const char *stored_as, const char *path,
                            int64_t time) {
    char bytes[65536];
    uint64_t size;
    ssize_t got = 0;
    enum error error = ERROR_NONE;
    /* Without bytes on this host the file is left out; files.jsonl lists it. */
    const int fd = file_store_open(file_dir, stored_as, FILE_STORE_WHOLE, &size);
    if (fd < 0)
        return ERROR_NONE;
    tar_file_open(tar, path, time);
    /* The header has the size, which tar_file_close writes. */
    while (!error && !tar->failed && (got = read(fd, bytes, sizeof(bytes))) > 0) {
        tar_file_write(tar, (struct text){bytes, (size_t)got});
        error = may_go_on(caller);
    }
    /* As a failed write: the archive is not finished, and errno is that of the read. */
    if (got < 0)
        tar->failed = true;
    tar_file_close(tar);
    close(fd);
    return error;
}

/* Copies the bytes of the files that a statement finds. */
static enum error write_files(struct db *db, struct tar_file *tar,
                              const struct export_caller *caller, const char *file_dir,
                              const char *sql, uint64_t id) {
    struct db_rows *rows;
    /* Without file_dir no file has bytes here. */
    if (!file_dir[0])
        return ERROR_NONE;
    enum error error = DB_RUN(db, sql, DB_REPEATABLE, &rows, db_u64(id));
    if (error)
        return error;
    while (!error && !tar->failed && db_next(rows)) {
        char path[256], stored_as[FILE_STORE_NAME_SIZE];
        const struct text name = db_get_text(rows, 2);
        write_path(db_get_u64(rows, 0), name, path);
        /* 32 hexadecimal digits, which is the whole name. */
        snprintf(stored_as, sizeof(stored_as), "%.32s", db_get_text(rows, 1).at);
        error = copy_file(tar, caller, file_dir, stored_as, path, db_get_time(rows, 3));
    }
    db_done(rows);
    return error;
}

#define FILE_BYTES(condition)                                                            \
    "SELECT file_id, LOWER(HEX(stored_as)), name, created_at FROM file WHERE " condition \
    " = ? AND state = 2 AND room_id > 0 ORDER BY file_id"

/* ---- a user ---- */

/* One row of the table makes one file of the archive; a name ending in .jsonl has one object on
 * each line. */
static const struct part USER_PARTS[] = {
    {"account.json",
     "SELECT user_id, username, display_name, avatar_url, locale, email, email_verified, is_bot, "
     "share_read, created_at FROM user WHERE user_id = ?",
     {{"user_id", NUMBER},
      {"username", TEXT},
      {"display_name", TEXT},
      {"avatar_url", TEXT},
      {"locale", TEXT},
      {"email", TEXT},
      {"email_verified", BOOLEAN},
      {"is_bot", BOOLEAN},
      {"share_read", BOOLEAN},
      {"created_at", TIME}}},
    {"external_ids.jsonl",
     "SELECT issuer, subject FROM external_user WHERE user_id = ?",
     {{"issuer", TEXT}, {"subject", TEXT}}},
    {"tokens.jsonl",
     "SELECT token_id, created_at, last_used_at, expires_at FROM token WHERE user_id = ?",
     {{"token_id", NUMBER}, {"created_at", TIME}, {"last_used_at", TIME}, {"expires_at", TIME}}},
    {"sessions.jsonl",
     "SELECT session_id, created_at, last_used_at, expires_at FROM session WHERE user_id = ?",
     {{"session_id", NUMBER}, {"created_at", TIME}, {"last_used_at", TIME}, {"expires_at", TIME}}},
    {"rooms.jsonl",
     "SELECT r.room_id, r.room_key, IF(r.direct_low IS NULL, r.name, o.username), r.is_private, "
     "r.direct_low IS NOT NULL, IF(m.is_admin, 'admin', ELT(m.role + 1, 'reader', 'member', "
     "'moderator')), m.joined_at, m.last_read_position, m.is_favorite, m.muted_until "
     "FROM member m JOIN room r ON r.room_id = m.room_id LEFT JOIN user o "
     "ON o.user_id = IF(r.direct_low = m.user_id, r.direct_high, r.direct_low) "
     "WHERE m.user_id = ? ORDER BY r.room_id",
     {{"room_id", NUMBER},
      {"key", TEXT},
      {"name", TEXT},
      {"is_private", BOOLEAN},
      {"is_direct", BOOLEAN},
      {"role", TEXT},
      {"joined_at", TIME},
      {"last_read_position", NUMBER},
      {"is_favorite", BOOLEAN},
      {"muted_until", TIME}}},
    {"blocks.jsonl",
     "SELECT b.blocked_id, u.username, b.created_at FROM block b JOIN user u "
     "ON u.user_id = b.blocked_id WHERE b.user_id = ?",
     {{"user_id", NUMBER}, {"username", TEXT}, {"created_at", TIME}}},
    {"reports.jsonl",
     "SELECT report_id, room_id, message_id, note, created_at FROM report WHERE reporter_id = ?",
     {{"report_id", NUMBER},
      {"room_id", NUMBER},
      {"message_id", NUMBER},
      {"note", TEXT},
      {"created_at", TIME}}},
    {"files.jsonl", FILE_SELECT("user_id"), FILE_FIELDS},
};

static const struct field REACTION[FIELDS_MOST] = {
    {"room_id", NUMBER},
    {"message_id", NUMBER},
    {"emoji", TEXT},
    {"created_at", TIME},
};

/* Writes the user's reactions. No index has them by user, which would cost each reaction; so they
 * are looked for in one room after the other, those that the user has left as well. */
static enum error write_reactions(struct db *db, struct tar_file *tar,
                                  const struct export_caller *caller, uint64_t user_id) {
    static const char NEXT[] = "SELECT MIN(room_id) FROM reaction WHERE room_id > ?";
    static const char SQL[] =
        "SELECT room_id, message_id, emoji, created_at FROM reaction "
        "WHERE room_id = ? AND user_id = ? ORDER BY room_id, message_id, seq";
    uint64_t room_id = 0;
    enum error error = ERROR_NONE;
    tar_file_open(tar, "reactions.jsonl", clock_now());
    while (!error) {
        struct db_rows *rows;
        /* MIN of no rows is NULL, read as 0. */
        error = DB_NUMBER(db, NEXT, &room_id, db_u64(room_id));
        if (error || !room_id)
            break;
        error = DB_RUN(db, SQL, DB_REPEATABLE, &rows, db_u64(room_id), db_u64(user_id));
        if (error)
            break;
        write_rows(tar, REACTION, rows);
        error = may_go_on(caller);
    }
    tar_file_close(tar);
    return error;
}

enum error export_user(struct db *db, const char *file_dir, const struct export_caller *caller,
                       uint64_t user_id, int fd, uint64_t *size) {
    struct tar_file tar = tar_file_start(fd);
    enum error error = write_parts(db, &tar, caller, USER_PARTS,
                                   sizeof(USER_PARTS) / sizeof(USER_PARTS[0]), user_id);
    if (!error)
        error = write_reactions(db, &tar, caller, user_id);
    if (!error)
        error = write_own_messages(db, &tar, caller, user_id);
    if (!error)
        error = write_files(db, &tar, caller, file_dir, FILE_BYTES("user_id"), user_id);
    /* Errors of the database come first; a failed write shows at the end. */
    return tar_file_end(&tar, size) || error ? error : ERROR_INTERNAL;
}

/* ---- a room ---- */

static const struct part ROOM_PARTS[] = {
    {"room.json",
     "SELECT room_id, room_key, name, topic, is_private, direct_low IS NOT NULL, created_by_id, "
     "created_at, members_count, message_count FROM room WHERE room_id = ?",
     {{"room_id", NUMBER},
      {"key", TEXT},
      {"name", TEXT},
      {"topic", TEXT},
      {"is_private", BOOLEAN},
      {"is_direct", BOOLEAN},
      {"created_by_id", NUMBER},
      {"created_at", TIME},
      {"members_count", NUMBER},
      {"message_count", NUMBER}}},
    {"members.jsonl",
     "SELECT m.user_id, u.username, u.display_name, IF(m.is_admin, 'admin', ELT(m.role + 1, "
     "'reader', 'member', 'moderator')), m.joined_at FROM member m "
     "JOIN user u ON u.user_id = m.user_id WHERE m.room_id = ? ORDER BY m.membership_id",
     {{"user_id", NUMBER},
      {"username", TEXT},
      {"display_name", TEXT},
      {"role", TEXT},
      {"joined_at", TIME}}},
    {"reactions.jsonl",
     "SELECT x.message_id, x.user_id, u.username, x.emoji, x.created_at FROM reaction x "
     "JOIN user u ON u.user_id = x.user_id WHERE x.room_id = ? ORDER BY x.message_id, x.seq",
     {{"message_id", NUMBER},
      {"user_id", NUMBER},
      {"username", TEXT},
      {"emoji", TEXT},
      {"created_at", TIME}}},
    {"files.jsonl", FILE_SELECT("message_id IS NOT NULL AND room_id"), FILE_FIELDS},
};

enum error export_room(struct db *db, const char *file_dir, uint64_t room_id, int fd) {
    /* A room that does not exist would make an empty archive. */
    static const char FIND[] = "SELECT room_id FROM room WHERE room_id = ?";
    struct db_rows *rows;
    uint64_t size;
    enum error error = DB_RUN(db, FIND, DB_REPEATABLE, &rows, db_u64(room_id));
    if (error)
        return error;
    const bool exists = db_next(rows);
    db_done(rows);
    if (!exists)
        return ERROR_NOT_FOUND;
    struct tar_file tar = tar_file_start(fd);
    /* The members come before the messages, so that a reader knows their names. */
    error = write_parts(db, &tar, NULL, ROOM_PARTS, sizeof(ROOM_PARTS) / sizeof(ROOM_PARTS[0]),
                        room_id);
    if (!error)
        error = write_room_messages(db, &tar, room_id);
    if (!error)
        error = write_files(db, &tar, NULL, file_dir,
                            FILE_BYTES("message_id IS NOT NULL AND room_id"), room_id);
    return tar_file_end(&tar, &size) || error ? error : ERROR_INTERNAL;
}
