/* Posting a message: one transaction, composed of parts for the sender and the message; and the
 * result of a post that was made before. Rules of access are part of the statement, so that a post
 * is one round trip and one lock of the room. What the parts mean is said at each macro; run_post
 * binds the values in the same order. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "event/event.h"
#include "secrets/secret.h"
#include "store/logins/token.h"
#include "store/messages/file.h"
#include "store/messages/mention.h"
#include "store/messages/message_private.h"
#include "store/moderation/block.h"
#include "store/transaction.h"

/* A letter, up to 64 characters of up to four bytes, and the terminator. */
#define KEY_SIZE (1 + 64 * 4 + 1)

/* Hexadecimal digits in a generated key: of the time, and of a random number. */
#define KEY_PART 16

/* Posting is the most frequent change, so it has the fewest steps: one UPDATE locks the room and
 * returns its counters in user variables; the next moves the read mark, and changes no row if the
 * sender is not a member; the unique key detects a repeated client_id. TRANSACTION_ENTER_ROOM with
 * declared variables takes two thirds more CPU time of the server. FORCE INDEX saves the optimizer
 * from estimating the rows of another index, a third of that step. */
#define POST_PARTS(declarations, check, columns, values, use_files, store, results)              \
    TRANSACTION_UNAUDITED(declarations,                                                          \
                "UPDATE room SET last_seq = (@confab_seq := last_seq + 1), "                     \
                "message_count = (@confab_position := message_count + 1), "                      \
                "last_active_at = (@confab_now := SYSDATE(6)), "                                 \
                "bell = (@confab_bell := bell), has_rules = (@confab_rules := has_rules), "      \
                "bell_generation = (@confab_generation := bell_generation) WHERE room_id = ?; "  \
                check                                                                            \
                "INSERT INTO message (room_id, position, sender_id, message_type, reply_to_id, " \
                "created_at, client_id, content" columns ") "                                    \
                "VALUES (?, @confab_position, ?, ?, ?, @confab_now, ?, ?" values "); " use_files \
                "INSERT INTO event (room_id, seq, event_type, actor_id, subject_id, created_at)" \
                " VALUES (?, @confab_seq, " EVENT_SQL(                                           \
                    EVENT_NEW_MESSAGE) ", ?, LAST_INSERT_ID(), @confab_now); " store,            \
                ", TRUE, LAST_INSERT_ID(), @confab_seq, @confab_position, "                      \
                "CAST(@confab_now AS DATETIME(6)), @confab_bell, @confab_generation" results)

#define POST_SQL(check_sender, count_reply, reply_columns, use_files) \
    POST_PARTS("", check_sender count_reply, "", "", use_files, "", reply_columns)

/* With mentions: a statement of its own, so that other posts do not pay for them. `before`: what is
 * checked before rows of users are locked. */
#define POST_MENTIONS_SQL(before, check_sender, count_reply, reply_columns, use_files)          \
    POST_PARTS("DECLARE p_room BIGINT UNSIGNED DEFAULT ?; DECLARE p_user BIGINT UNSIGNED "       \
               "DEFAULT ?; " MENTION_DECLARATIONS,                                               \
               before MENTION_LOCK("@confab_position") check_sender MENTION_CHECK count_reply,   \
               ", mentions", ", p_mentions", use_files,                                          \
               MENTION_STORE("@confab_position", "LAST_INSERT_ID()", "@confab_now"),             \
               MENTION_COLUMNS reply_columns)

/* The sender is a member, whose read mark moves; with a condition of auth, also the owner of a
 * token. In rooms without rules nothing else is checked, except for readers and members who are or
 * were recently silenced. */
#define MOVE_MARK                                                                \
    "UPDATE member FORCE INDEX (PRIMARY) "                                       \
    "SET last_read_position = @confab_position, read_at = @confab_now "
#define BY_MEMBER(auth, auth_of_m)                                               \
    MOVE_MARK "WHERE room_id = ? AND user_id = ? AND NOT @confab_rules "         \
    "AND role > 0 AND silenced_until IS NULL" auth "; "                          \
    "IF ROW_COUNT() = 0 THEN " BY_RULES(auth_of_m) "END IF; "

/* 3: not a member; 4: no such room; then as in error.h: 18 archived, 17 read only, 19 silenced, 22
 * blocked by the other user of a direct room, 20 slow mode. Moderators, bots and API keys (the last
 * value) are exempt from slow mode. */
#define BY_RULES(auth)                                                                            \
    "SET @confab_user = NULL; "                                                                   \
    "SELECT m.room_id, m.user_id, " TRANSACTION_ROLE("m") ", u.is_moderator, u.is_bot, "          \
    "COALESCE(m.silenced_until > @confab_now, FALSE) INTO @confab_room, @confab_user, "           \
    "@confab_role, @confab_moderator, @confab_bot, @confab_silenced "                             \
    "FROM member m JOIN user u ON u.user_id = m.user_id "                                         \
    "WHERE m.room_id = ? AND m.user_id = ?" auth "; "                                             \
    "IF @confab_user IS NULL THEN "                                                               \
    "SET v_outcome = IF(EXISTS (SELECT 1 FROM room WHERE room_id = ?), 3, 4); "                   \
    "LEAVE body; END IF; "                                                                        \
    "IF @confab_moderator THEN SET @confab_role = GREATEST(@confab_role, " ROLE_SQL_MODERATOR     \
    "); END IF; "                                                                                 \
    "SELECT is_archived, post_policy, slow_seconds, has_block AND "                               \
    BLOCK_SQL_DIRECT("direct_low", "direct_high", "@confab_user")                                 \
    " INTO @confab_archived, @confab_policy, @confab_slow, @confab_block "                        \
    "FROM room WHERE room_id = @confab_room; "                                                    \
    "SET v_outcome = CASE WHEN @confab_archived THEN 18 "                                         \
    "WHEN @confab_role = " ROLE_SQL_READER " OR @confab_policy = 2 "                              \
    "OR (@confab_policy = 1 AND @confab_role < " ROLE_SQL_MODERATOR ") THEN 17 "                  \
    "WHEN @confab_silenced THEN 19 WHEN @confab_block THEN 22 ELSE 0 END; "                       \
    "IF v_outcome > 0 THEN LEAVE body; END IF; "                                                  \
    "IF @confab_slow > 0 AND @confab_role < " ROLE_SQL_MODERATOR " AND NOT @confab_bot "          \
    "AND NOT ? THEN "                                                                             \
    "IF EXISTS (SELECT 1 FROM slow_post WHERE room_id = @confab_room AND user_id = @confab_user " \
    "AND posted_at > @confab_now - INTERVAL @confab_slow SECOND "                                 \
    "AND posted_at <= @confab_now) THEN SET v_outcome = 20; LEAVE body; END IF; "                 \
    "INSERT INTO slow_post (room_id, user_id, posted_at) "                                        \
    "VALUES (@confab_room, @confab_user, @confab_now) "                                           \
    "ON DUPLICATE KEY UPDATE posted_at = @confab_now; END IF; "                                   \
    /* An expired silence is cleared. */                                                          \
    MOVE_MARK ", silenced_until = NULL "                                                          \
    "WHERE room_id = @confab_room AND user_id = @confab_user; "

/* The site needs no membership, but there must be such a room, which is not archived. */
#define BY_SITE                                                                                \
    "IF ROW_COUNT() = 0 THEN SET v_outcome = 4; LEAVE body; END IF; "                          \
    "IF @confab_rules AND (SELECT is_archived FROM room WHERE room_id = ?) THEN "              \
    "SET v_outcome = 18; LEAVE body; END IF; "

/* In a room with rules: the position after which the sender (the value) sees messages. */
#define SEEN_FROM                                                                   \
    "(SELECT " ROOM_FIRST_POSITION("me", "r") " FROM room r LEFT JOIN member me "  \
    "ON me.room_id = r.room_id AND me.user_id = ? WHERE r.room_id = message.room_id)"

/* Only if there are members who may not see it: the position of the message that is answered. */
#define BOUNDED_POSITION                                                                     \
    "IF(@confab_rules AND EXISTS (SELECT 1 FROM room r WHERE r.room_id = q.room_id AND "     \
    ROOM_IS_BOUNDED("r") "), q.position, 0)"

/* A reply: counted with the message that it answers, which must be in the room, and listed there;
 * the result has what the reply shows of it. */
#define COUNT_REPLY                                                           \
    "UPDATE message SET reply_count = (@confab_replies := reply_count + 1) "  \
    "WHERE message_id = ? AND room_id = ? AND (NOT @confab_rules OR position > " SEEN_FROM "); " \
    "IF ROW_COUNT() = 0 THEN SET v_outcome = 1; LEAVE body; END IF; "         \
    "INSERT INTO reply (room_id, message_id, number, position) "              \
    "VALUES (?, ?, @confab_replies, @confab_position); "
#define REPLY_COLUMNS                                                         \
    ", " MESSAGE_QUOTE_COLUMNS_AT("qs.username", BOUNDED_POSITION)            \
    " FROM (SELECT 1) one LEFT JOIN message q ON q.message_id = ? " MESSAGE_QUOTE_NAME_JOIN

/* The files become those of the message, in the order given; each must be usable still. 6: one is
 * not. A message of only pictures, sound and video, which browsers show, is an image. */
#define NO_FILES ""
#define USE_FILES                                                                           \
    "SET @confab_message = LAST_INSERT_ID(); "                                              \
    "UPDATE file SET message_id = @confab_message, expires_at = NULL, "                     \
    "place = FIND_IN_SET(file_id, ?) WHERE file_id IN (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "      \
    "AND room_id = ? AND user_id = ? AND message_id IS NULL AND state IN (1, 2) "           \
    "AND expires_at > @confab_now; "                                                        \
    "IF ROW_COUNT() <> ? THEN SET v_outcome = 6; LEAVE body; END IF; "                      \
    "IF NOT EXISTS (SELECT 1 FROM file WHERE message_id = @confab_message "                 \
    "AND media_type NOT IN (" FILE_SHOWN_TYPES ")) THEN "                                   \
    "UPDATE message SET message_type = 2 WHERE message_id = @confab_message; END IF; "

/* The token belongs to the sender, and the sender is active. */
#define AUTH(user_id)                                                                        \
    " AND " user_id " = (SELECT o.user_id FROM token t JOIN user o ON o.user_id = t.user_id " \
    "WHERE t.token_hash = ? AND o.is_active AND " TOKEN_IS_VALID("t") ")"

/* Indexed by the kind of sender, whether the message has files, is a reply, and has mentions. */
#define POSTS_OF(before, by, count_reply, reply_columns, files)          \
    {                                                                    \
        POST_SQL(before by, count_reply, reply_columns, files),          \
        POST_MENTIONS_SQL(before, by, count_reply, reply_columns, files) \
    }
#define POSTS_WITH(before, by, files)                          \
    {                                                          \
        POSTS_OF(before, by, "", "", files),                   \
        POSTS_OF(before, by, COUNT_REPLY, REPLY_COLUMNS, files) \
    }
#define POSTS(before, by) {POSTS_WITH(before, by, NO_FILES), POSTS_WITH(before, by, USE_FILES)}
enum sender { SENDER_MEMBER, SENDER_TOKEN, SENDER_SITE };
static const char *const POST[3][2][2][2] = {
    [SENDER_MEMBER] = POSTS("", BY_MEMBER("", "")),
    [SENDER_TOKEN] = POSTS("", BY_MEMBER(AUTH("user_id"), AUTH("m.user_id"))),
    [SENDER_SITE] = POSTS(BY_SITE, "")};

/* Writes the value of the column client_id: the client's own, or else a generated one. That starts
 * with the time, so that the index grows at its end; the random digits make it unique. */
static void make_key(const struct message_draft *draft, char key[KEY_SIZE], struct text *text) {
    /* The letter keeps generated keys apart from those of clients, which may look alike. */
    if (draft->client_id.len > 0) {
        key[0] = MESSAGE_KEY_OF_CLIENT;
        /* A client_id has up to 64 characters of up to 4 bytes; KEY_SIZE has room for them. */
        memcpy(key + 1, draft->client_id.at, draft->client_id.len);
        *text = (struct text){key, 1 + draft->client_id.len};
        return;
    }
    /* A held message that is released has one key, so that releasing it twice posts it once. */
    if (draft->held_id) {
        const int len = snprintf(key, KEY_SIZE, "%c%" PRIu64, MESSAGE_KEY_OF_HELD, draft->held_id);
        *text = (struct text){key, (size_t)len};
        return;
    }
    key[0] = MESSAGE_KEY_OF_STORE;
    /* Sixteen digits of microseconds, then sixteen random ones. */
    text_put_hex(key + 1, KEY_PART, (uint64_t)clock_now());
    secret_random_hex(key + 1 + KEY_PART, KEY_PART / 2);
    *text = (struct text){key, 1 + 2 * KEY_PART};
}

/* Room for ten ids of twenty digits, separated by commas, and the terminator. */
#define FILE_IDS_SIZE (FILE_MOST * 21 + 1)

/* The values of USE_FILES, and their number. `list` is storage for the ids as a text. */
#define FILE_VALUES (FILE_MOST + 4)
static size_t bind_files(const struct message_draft *draft, char list[FILE_IDS_SIZE],
                         struct db_value *values) {
    /* In USE_FILES the ids are given twice: as a list, for their order, and one by one, since IN
     * needs values for the index. */
    size_t count = 0, len = 0;
    for (size_t i = 0; i < draft->file_count; i++)
        len += (size_t)snprintf(list + len, FILE_IDS_SIZE - len, "%s%" PRIu64, i > 0 ? "," : "",
                                draft->file_ids[i]);
    values[count++] = db_text((struct text){list, len});
    /* NULL is in no list. */
    for (size_t i = 0; i < FILE_MOST; i++)
        values[count++] = db_id_or_null(i < draft->file_count ? draft->file_ids[i] : 0);
    values[count++] = db_u64(draft->room_id);
    values[count++] = db_u64(draft->sender_id);
    /* How many rows the UPDATE must have changed. */
    values[count++] = db_u64(draft->file_count);
    return count;
}

/* Binds the values in the order of POST_SQL and runs it. */
static enum error run_post(struct db *db, const struct message_draft *draft, struct text key,
                           struct db_rows **rows) {
    const struct db_value room = db_u64(draft->room_id), sender = db_u64(draft->sender_id);
    /* With mentions, token hash, reply and files. */
    struct db_value values[29 + MENTION_VALUES + FILE_VALUES];
    char file_ids[FILE_IDS_SIZE];
    size_t count = 0;
    /* The site needs no membership and has no token: the fewest checks. */
    struct mention_values bound;
    const enum sender by = draft->by_site      ? SENDER_SITE
                           : draft->token_hash ? SENDER_TOKEN
                                               : SENDER_MEMBER;
    if (draft->mentions) {
        mention_bind(&bound, draft->mentions, draft->sender_id, draft->all_members);
        values[count++] = room;
        values[count++] = sender;
        memcpy(values + count, bound.values, sizeof(bound.values));
        count += MENTION_VALUES;
    }
    values[count++] = room;
    /* For a member twice: without rules, and by rules. */
    for (int part = 0; part < (by == SENDER_SITE ? 0 : 2); part++) {
        values[count++] = room;
        values[count++] = sender;
        if (by == SENDER_TOKEN)
            values[count++] = db_bytes(draft->token_hash, SECRET_HASH_SIZE);
    }
    values[count++] = room;
    /* In BY_RULES slow mode does not apply to API keys; BY_SITE has no such value. */
    if (by != SENDER_SITE)
        values[count++] = db_bool(draft->by_key);
    if (draft->reply_to_id) {
        values[count++] = db_u64(draft->reply_to_id);
        values[count++] = room;
        /* SEEN_FROM: the sender must see what is answered. */
        values[count++] = sender;
        values[count++] = room;
        values[count++] = db_u64(draft->reply_to_id);
    }
    values[count++] = room;
    values[count++] = sender;
    /* A message with files is a file, unless USE_FILES makes an image of it. */
    values[count++] = db_u64(draft->file_count > 0 ? MESSAGE_FILE : draft->type);
    values[count++] = db_id_or_null(draft->reply_to_id);
    values[count++] = db_text(key);
    values[count++] = db_text(draft->content);
    if (draft->file_count > 0)
        count += bind_files(draft, file_ids, values + count);
    values[count++] = room;
    values[count++] = sender;
    if (draft->reply_to_id)
        values[count++] = db_u64(draft->reply_to_id);
    /* Repeatable, since the unique key of client_id makes a second run fail as a duplicate. */
    const bool has_files = draft->file_count > 0, is_reply = draft->reply_to_id != 0;
    const enum error error = db_run(db, POST[by][has_files][is_reply][draft->mentions != NULL],
                                    DB_REPEATABLE, values, count, rows);
    if (draft->mentions)
        mention_free(&bound);
    return error;
}

/* Finds the message that has the key already. With a generated key it can only be the message of
 * this very post, whose statement was repeated after a lost connection: then changed is true. */
static enum error find_posted(struct db *db, const struct message_draft *draft, struct text key,
                              struct message_change *change) {
    /* By the unique key (room_id, sender_id, client_id). The quote is read again, as the repeated
     * answer is to be the same. */
    static const char SQL[] =
        "SELECT m.message_id, m.position, m.created_at, q.message_id, "
        MESSAGE_QUOTE_COLUMNS("qs.username") " FROM message m " MESSAGE_QUOTE_JOIN
        MESSAGE_QUOTE_NAME_JOIN "WHERE m.room_id = ? AND m.sender_id = ? AND m.client_id = ?";
    struct db_rows *rows;
    const enum error error = DB_FIND(db, SQL, &rows, db_u64(draft->room_id),
                                     db_u64(draft->sender_id), db_text(key));
    if (error)
        return error;
    /* No seq: the caller does not know it, and pushd finds the event in the database. With a
     * client_id it is a repetition, which publishes nothing. */
    *change = (struct message_change){.changed = draft->client_id.len == 0,
                                      .message_id = db_get_u64(rows, 0),
                                      .position = db_get_u64(rows, 1),
                                      .at = db_get_time(rows, 2)};
    message_keep_quote(rows, 4, db_get_u64(rows, 3), change);
    db_done(rows);
    return ERROR_NONE;
}

enum error message_post(struct db *db, const struct message_draft *draft,
                        struct message_change *change) {
    char key[KEY_SIZE];
    struct text key_text;
    struct db_rows *rows;
    memset(change, 0, sizeof(*change));
    /* KEY_SIZE includes the letter before the client's id and the terminator. */
    if (draft->client_id.len > KEY_SIZE - 2 || draft->file_count > FILE_MOST)
        return ERROR_BAD_INPUT;
    make_key(draft, key, &key_text);
    enum error error = run_post(db, draft, key_text, &rows);
    /* Reads the outcome, too. */
    if (!error)
        error = message_read_change(rows, draft->reply_to_id, draft->mentions != NULL, change);

    /* A repeated client_id returns the earlier message, also if the new reply_to_id is invalid, or
     * slow mode refuses a second one. */
    if (error == ERROR_CONFLICT || error == ERROR_SLOW_MODE ||
        (error == ERROR_BAD_INPUT && draft->client_id.len > 0)) {
        const enum error found = find_posted(db, draft, key_text, change);
        if (found != ERROR_NOT_FOUND)
            return found;
    }
    /* 1 (ERROR_BAD_INPUT) has several causes; mentions report theirs apart. */
    change->bad_reply = error == ERROR_BAD_INPUT && change->bad_mentions == MENTION_FINE;
    /* The outcome of USE_FILES. */
    change->bad_files = error == ERROR_GONE;
    if (change->bad_files)
        return ERROR_BAD_INPUT;
    /* A duplicate whose message is not found: it was rolled back meanwhile; the client may try
     * again. */
    return error == ERROR_CONFLICT ? ERROR_UNAVAILABLE : error;
}
