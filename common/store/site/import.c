/* The SQL of imports. A batch of messages is one transaction, whose lists are JSON: five hundred
 * messages cost a dozen statements. Where messages come from, and the order of the steps, is in
 * confabctl/import. */
#include "store/site/import.h"

#include <string.h>

#include "base/buffer.h"
#include "secrets/secret.h"
#include "store/site/external_user.h"
#include "store/transaction.h"

/* The first letter of the column client_id, so that keys of imported messages never equal those of
 * clients or generated ones. */
#define KEY_OF_IMPORT 'i'

void import_key(const char *source, struct text room, struct text message,
                char key[IMPORT_KEY_SIZE]) {
    unsigned char digest[16];
    struct buffer text = BUFFER_EMPTY;
    /* Lengths keep "a", "bc" apart from "ab", "c". */
    buffer_printf(&text, "%s %zu %zu ", source, room.len, message.len);
    buffer_append(&text, room.at, room.len);
    buffer_append(&text, message.at, message.len);
    /* 16 bytes of BLAKE2b: the same message of the same source has the same key in each run. */
    secret_digest((struct text){text.data, text.len}, digest, sizeof(digest));
    key[0] = KEY_OF_IMPORT;
    for (size_t i = 0; i < sizeof(digest); i++)
        text_put_hex(key + 1 + 2 * i, 2, digest[i]);
    key[IMPORT_KEY_SIZE - 1] = '\0';
    buffer_free(&text);
}

/* ---- users ---- */

/* An SQL condition: the user u may be the same person as a user of the other chat. */
#define IS_ANYONE "NOT u.is_guest AND u.erased_at IS NULL AND " EXTERNAL_USER_NOT_SITE

enum error import_find_user(struct db *db, struct text issuer, struct text subject,
                            struct text email, struct text name, uint64_t *user_id,
                            enum import_match *match) {
    /* In this order: linked by an earlier import, then the same address of mail, then the same
     * name, unless the addresses differ. */
    static const char LINKED[] =
        "SELECT user_id FROM external_user WHERE issuer = ? AND subject = ?";
    static const char BY_EMAIL[] =
        "SELECT u.user_id FROM user u WHERE u.email_key = LOWER(?) AND " IS_ANYONE
        " ORDER BY u.email_verified DESC, u.user_id LIMIT 1";
    static const char BY_NAME[] =
        "SELECT u.user_id FROM user u WHERE u.username = ? AND "
        "(u.email_key IS NULL OR ? = '' OR u.email_key = LOWER(?)) AND " IS_ANYONE;
    /* A verified address comes before others; KEY email_key has the address in lower case. */
    *user_id = 0;
    *match = IMPORT_BEFORE;
    enum error error = DB_NUMBER(db, LINKED, user_id, db_text(issuer), db_text(subject));
    /* DB_NUMBER leaves 0 if there is no row. */
    if (!error && !*user_id && email.len > 0) {
        *match = IMPORT_BY_EMAIL;
        error = DB_NUMBER(db, BY_EMAIL, user_id, db_text(email));
    }
    if (!error && !*user_id && name.len > 0) {
        *match = IMPORT_BY_NAME;
        error = DB_NUMBER(db, BY_NAME, user_id, db_text(name), db_text(email), db_text(email));
    }
    if (!*user_id)
        *match = IMPORT_NEW;
    return error;
}

enum error import_link_user(struct db *db, struct text issuer, struct text subject,
                            uint64_t user_id) {
    /* Linked before: nothing changes, and no entry in the audit. */
    static const char SQL[] = TRANSACTION(
        "", "INSERT IGNORE INTO external_user (issuer, subject, user_id) "
        "SELECT ?, ?, user_id FROM user WHERE user_id = ? AND erased_at IS NULL FOR UPDATE; "
        "IF ROW_COUNT() = 0 THEN LEAVE body; END IF; ", "");
    return DB_RUN(db, SQL, DB_REPEATABLE, NULL, db_text(issuer), db_text(subject),
                  db_u64(user_id));
}

enum error import_disable_user(struct db *db, uint64_t user_id) {
    /* Only a user who could not have logged in: made by an import, without a password,
     * credentials, or an id of another issuer. */
    static const char SQL[] = TRANSACTION(
        "", "UPDATE user u SET u.is_active = FALSE WHERE u.user_id = ? AND u.password_hash = '' "
        "AND NOT EXISTS (SELECT 1 FROM external_user x WHERE x.user_id = u.user_id "
        "AND x.issuer NOT LIKE '" IMPORT_ISSUER "%') "
        "AND NOT EXISTS (SELECT 1 FROM token t WHERE t.user_id = u.user_id) "
        "AND NOT EXISTS (SELECT 1 FROM session s WHERE s.user_id = u.user_id); "
        "IF ROW_COUNT() = 0 THEN LEAVE body; END IF; ", "");
    return DB_RUN(db, SQL, DB_REPEATABLE, NULL, db_u64(user_id));
}

/* ---- messages ---- */

enum error import_room_end(struct db *db, uint64_t room_id, uint64_t *count, int64_t *last_at) {
    /* A room that was imported before has messages already; what follows them continues from
     * here. */
    static const char SQL[] = "SELECT message_count, last_active_at FROM room WHERE room_id = ?";
    struct db_rows *rows;
    *count = 0;
    *last_at = 0;
    const enum error error = DB_RUN(db, SQL, DB_REPEATABLE, &rows, db_u64(room_id));
    if (error)
        return error;
    if (db_next(rows)) {
        *count = db_get_u64(rows, 0);
        /* Without messages it is the time of the creation of the room. */
        *last_at = *count > 0 ? db_get_time(rows, 1) : 0;
    }
    db_done(rows);
    return ERROR_NONE;
}

enum error import_find_messages(struct db *db, uint64_t room_id, struct text keys,
                                import_visit *visit, void *context) {
    /* The collation of the column, so that the unique key is used. */
    static const char SQL[] =
        "SELECT STRAIGHT_JOIN j.n, m.position FROM JSON_TABLE(?, '$[*]' COLUMNS ("
        "n BIGINT UNSIGNED PATH '$[0]', u BIGINT UNSIGNED PATH '$[1]', "
        "k VARCHAR(65) PATH '$[2]')) j JOIN message m FORCE INDEX (client_id) "
        "ON m.room_id = ? AND m.sender_id = j.u "
        "AND m.client_id = CONVERT(j.k USING utf8mb4) COLLATE utf8mb4_nopad_bin";
    struct db_rows *rows;
    const enum error error =
        DB_RUN(db, SQL, DB_REPEATABLE, &rows, db_text(keys), db_u64(room_id));
    if (error)
        return error;
    /* The message with number n of the list has this position here. */
    while (db_next(rows))
        visit(context, db_get_u64(rows, 0), db_get_u64(rows, 1));
    db_done(rows);
    return ERROR_NONE;
}

/* A time of the lists, which may be NULL. */
#define TIME_OF(micros) "'1970-01-01' + INTERVAL " micros " MICROSECOND"

#define MESSAGES                                                                             \
    "JSON_TABLE(p_messages, '$[*]' COLUMNS (n FOR ORDINALITY, "                              \
    "u BIGINT UNSIGNED PATH '$[0]', t INT UNSIGNED PATH '$[1]', c BIGINT PATH '$[2]', "      \
    "e BIGINT PATH '$[3]', k VARCHAR(65) CHARACTER SET utf8mb4 PATH '$[4]', "                \
    "x VARCHAR(8000) CHARACTER SET utf8mb4 PATH '$[5]', a BIGINT UNSIGNED PATH '$[6]')) j "
#define REPLIES                                                                              \
    "JSON_TABLE(p_messages, '$[*]' COLUMNS (n FOR ORDINALITY, "                              \
    "a BIGINT UNSIGNED PATH '$[6]')) j "                                                     \
    "STRAIGHT_JOIN message q ON q.room_id = p_room AND q.position = j.a "

#define ADD_MESSAGES                                                                         \
    "INSERT INTO message (room_id, position, sender_id, message_type, created_at, "          \
    "edited_at, client_id, content) SELECT p_room, p_after + j.n, j.u, j.t, " TIME_OF("j.c") \
    ", " TIME_OF("j.e") ", j.k, j.x FROM " MESSAGES "ORDER BY j.n; "

/* A user may have been erased since the import has found it: then the texts are deleted again. The
 * lock keeps an erasure from beginning before the batch is there; the condition is not in WHERE,
 * since a row that does not match is not kept locked. */
#define DELETE_OF_ERASED                                                                     \
    "SELECT COALESCE(SUM(u.erased_at IS NOT NULL), 0) INTO v_erased FROM " MESSAGES          \
    "STRAIGHT_JOIN user u ON u.user_id = j.u LOCK IN SHARE MODE; "                           \
    "IF v_erased > 0 THEN UPDATE message m STRAIGHT_JOIN user u ON u.user_id = m.sender_id " \
    "SET m.content = '', m.is_deleted = TRUE WHERE m.room_id = p_room "                      \
    "AND m.position > p_after AND m.position <= p_after + p_count "                          \
    "AND u.erased_at IS NOT NULL; END IF; "

/* Numbered after the replies that there are; the messages themselves exist by now, so that a reply
 * may be to one of the same batch. */
#define ADD_REPLIES                                                                          \
    "INSERT INTO reply (room_id, message_id, number, position) "                             \
    "SELECT p_room, q.message_id, q.reply_count + ROW_NUMBER() OVER "                        \
    "(PARTITION BY q.message_id ORDER BY j.n), p_after + j.n FROM " REPLIES "; "             \
    "UPDATE " REPLIES "STRAIGHT_JOIN message m ON m.room_id = p_room "                       \
    "AND m.position = p_after + j.n SET m.reply_to_id = q.message_id; "                      \
    "UPDATE (SELECT message_id, MAX(number) number FROM reply WHERE room_id = p_room "       \
    "AND message_id IN (SELECT reply_to_id FROM message WHERE room_id = p_room "             \
    "AND position > p_after AND position <= p_after + p_count AND reply_to_id IS NOT NULL) " \
    "GROUP BY message_id) c STRAIGHT_JOIN message q ON q.message_id = c.message_id "         \
    "AND q.room_id = p_room SET q.reply_count = c.number; "

/* Each reaction takes a number of the room, as one that is given does. If two users there are one
 * here, the second is left out. */
#define ADD_REACTIONS                                                                        \
    "INSERT IGNORE INTO reaction (room_id, message_id, seq, user_id, emoji, created_at) "    \
    "SELECT p_room, m.message_id, v_seq + j.i, j.u, j.e, m.created_at "                      \
    "FROM JSON_TABLE(p_reactions, '$[*]' COLUMNS (i FOR ORDINALITY, "                        \
    "n BIGINT UNSIGNED PATH '$[0]', e VARCHAR(64) CHARACTER SET utf8mb4 PATH '$[1]', "       \
    "u BIGINT UNSIGNED PATH '$[2]')) j STRAIGHT_JOIN message m ON m.room_id = p_room "       \
    "AND m.position = p_after + j.n AND NOT m.is_deleted ORDER BY j.i; "                     \
    "INSERT INTO reaction_total (room_id, message_id, emoji, number, since_seq) "            \
    "SELECT p_room, x.message_id, x.emoji, COUNT(*), MIN(x.seq) FROM message m "             \
    "STRAIGHT_JOIN reaction x ON x.room_id = p_room AND x.message_id = m.message_id "        \
    "WHERE m.room_id = p_room AND m.position > p_after AND m.position <= p_after + p_count " \
    "GROUP BY x.message_id, x.emoji; "                                                       \
    "UPDATE (SELECT t.message_id, COUNT(*) kinds FROM message n STRAIGHT_JOIN "              \
    "reaction_total t ON t.room_id = p_room AND t.message_id = n.message_id "                \
    "WHERE n.room_id = p_room AND n.position > p_after AND n.position <= p_after + p_count " \
    "GROUP BY t.message_id) c STRAIGHT_JOIN message m ON m.message_id = c.message_id "       \
    "SET m.reaction_kinds = c.kinds; "

#define USE_FILES                                                                            \
    "UPDATE JSON_TABLE(p_files, '$[*]' COLUMNS (n BIGINT UNSIGNED PATH '$[0]', "             \
    "f BIGINT UNSIGNED PATH '$[1]', p INT UNSIGNED PATH '$[2]')) j "                         \
    "STRAIGHT_JOIN message m ON m.room_id = p_room AND m.position = p_after + j.n "          \
    "STRAIGHT_JOIN file f ON f.file_id = j.f SET f.message_id = m.message_id, "              \
    "f.place = j.p, f.state = IF(m.is_deleted, 4, IF(p_scan, 1, 2)), "                       \
    "f.scan_at = IF(p_scan AND NOT m.is_deleted, SYSDATE(6), NULL), "                        \
    "f.expires_at = IF(m.is_deleted, SYSDATE(6), NULL), f.created_at = m.created_at; "

/* A search index that was at the end of the stream stays at its end. */
#define END_STREAM                                                                           \
    "DELETE FROM event WHERE room_id = p_room; "                                             \
    "UPDATE search_progress SET seq = v_seq + v_numbers, version = version + 1 "             \
    "WHERE room_id = p_room AND seq = v_seq; "                                               \
    "UPDATE room SET last_seq = v_seq + v_numbers, oldest_seq = v_seq + v_numbers + 1, "     \
    "message_count = p_after + p_count, changed_at = SYSDATE(6), "                           \
    "created_at = LEAST(created_at, " TIME_OF("JSON_VALUE(p_messages, '$[0][2]')") "), "     \
    "last_active_at = (SELECT created_at FROM message WHERE room_id = p_room "               \
    "AND position = p_after + p_count) WHERE room_id = p_room; "

enum error import_messages(struct db *db, const struct import_batch *batch) {
    /* The batch is refused if the room has received other messages since import_room_end, so that
     * positions stay as computed. */
    static const char SQL[] = TRANSACTION(
        "DECLARE p_room BIGINT UNSIGNED DEFAULT ?; DECLARE p_after BIGINT UNSIGNED DEFAULT ?; "
        "DECLARE p_count BIGINT UNSIGNED DEFAULT ?; DECLARE p_scan BOOLEAN DEFAULT ?; "
        "DECLARE p_messages, p_reactions, p_files LONGTEXT CHARACTER SET utf8mb4; "
        "DECLARE v_seq, v_found, v_numbers, v_erased BIGINT UNSIGNED; ",
        "SET p_messages = ?; SET p_reactions = ?; SET p_files = ?; "
        "SELECT last_seq, message_count INTO v_seq, v_found FROM room "
        "WHERE room_id = p_room FOR UPDATE; "
        /* 4: no such room; 13: it has other messages. */
        "IF v_found IS NULL THEN SET v_outcome = 4; LEAVE body; END IF; "
        "IF v_found <> p_after THEN SET v_outcome = 13; LEAVE body; END IF; "
        /* The numbers of the stream that the batch takes: one, and one for each reaction. */
        "SET v_numbers = 1 + JSON_LENGTH(p_reactions); "
        /* In this order: replies and reactions refer to the messages of the batch. */
        ADD_MESSAGES DELETE_OF_ERASED ADD_REPLIES
        "IF p_reactions <> '[]' THEN " ADD_REACTIONS "END IF; "
        "IF p_files <> '[]' THEN " USE_FILES "END IF; " END_STREAM,
        "");
    struct db_rows *rows;
    /* Not repeatable: a second run would find its own messages and report a conflict. */
    const enum error error =
        DB_RUN(db, SQL, DB_REPEATABLE, &rows, db_u64(batch->room_id), db_u64(batch->after),
               db_u64(batch->count), db_bool(batch->scan), db_text(batch->messages),
               db_text(batch->reactions), db_text(batch->files));
    return error ? error : transaction_outcome(rows);
}

enum error import_mark_read(struct db *db, uint64_t room_id, uint64_t position) {
    /* For all members: what was imported is not new to them. */
    static const char SQL[] = TRANSACTION(
        "", "UPDATE member SET last_read_position = ? "
        "WHERE room_id = ? AND last_read_position < ?; "
        "IF ROW_COUNT() = 0 THEN LEAVE body; END IF; ", "");
    return DB_RUN(db, SQL, DB_REPEATABLE, NULL, db_u64(position), db_u64(room_id),
                  db_u64(position));
}

/* ---- files ---- */

enum error import_announce_file(struct db *db, const struct import_file_row *file,
                                uint64_t *file_id) {
    /* The row comes before the bytes, as for uploads, and expires in a day if the import ends in
     * between. */
    static const char SQL[] = TRANSACTION(
        "", "INSERT INTO file (room_id, user_id, stored_as, name, size, media_type, created_at, "
        "expires_at) VALUES (?, ?, UNHEX(?), ?, ?, ?, SYSDATE(6), SYSDATE(6) + INTERVAL 1 DAY); ",
        "");
    static const char FIND[] = "SELECT file_id FROM file WHERE stored_as = UNHEX(?)";
    const enum error error =
        DB_RUN(db, SQL, 0, NULL, db_u64(file->room_id), db_u64(file->user_id),
               db_str(file->stored_as), db_text(file->name), db_u64(file->size),
               db_text(file->media_type));
    *file_id = 0;
    /* By the unique key of stored_as, which is random. */
    return error ? error : DB_NUMBER(db, FIND, file_id, db_str(file->stored_as));
}
