/* Reading and changing profiles, and finding users. Most users are found by the beginning of the
 * user name, which is a range of the index of user names; user_word has the other words: those of
 * display names, and those inside user names. Rules for the fields are in profile_fields.c. */
#include "store/users/profile.h"

#include "base/buffer.h"
#include "store/transaction.h"

/* ---- changing ---- */

/* A condition: the field is given, and differs from what is stored. <=> compares NULL as a value: a
 * field that is taken away differs from one that is set. */
#define DIFFERS(field, given, stored) "((p_given & " field ") AND NOT (" given " <=> " stored ")) "

/* Sets a column if its field is given. */
#define SET_GIVEN(field, column, given) column " = IF(p_given & " field ", " given ", " column ")"

/* A new address is not verified, unless the change says so. */
#define SET_VERIFIED                                                         \
    "email_verified = CASE WHEN p_given & 16 THEN p_verified WHEN " DIFFERS( \
        "8", "p_email", "v_email") "THEN FALSE ELSE email_verified END"

/* The numbers are those of enum profile_field. */
static const char SET[] = TRANSACTION(
    "DECLARE p_user BIGINT UNSIGNED DEFAULT ?; DECLARE p_given INT UNSIGNED DEFAULT ?; "
    "DECLARE p_name, v_name VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin; "
    "DECLARE p_avatar, v_avatar VARCHAR(512) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin; "
    "DECLARE p_locale, v_locale VARCHAR(35) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin; "
    "DECLARE p_email, v_email VARCHAR(254) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin; "
    "DECLARE p_verified, v_verified, p_bot, v_bot BOOLEAN; "
    "DECLARE v_user BIGINT UNSIGNED; DECLARE v_changed, v_shown BOOLEAN DEFAULT FALSE; ",
    "SET p_name = ?; SET p_avatar = ?; SET p_locale = ?; SET p_email = ?; "
    "SET p_verified = ?; SET p_bot = ?; "
    /* Without a lock: most changes change nothing, such as those of a signed token. */
    "SELECT user_id, display_name, avatar_url, locale, email, email_verified, is_bot "
    "INTO v_user, v_name, v_avatar, v_locale, v_email, v_verified, v_bot "
    "FROM user WHERE user_id = p_user; "
    "IF v_user IS NULL THEN SET v_outcome = 4; LEAVE body; END IF; "
    /* Whether the change concerns fields that others see. */
    "SET v_shown = " DIFFERS("1", "p_name", "v_name") "OR " DIFFERS("2", "p_avatar", "v_avatar")
    "OR " DIFFERS("32", "p_bot", "v_bot") "; "
    "SET v_changed = v_shown OR " DIFFERS("4", "p_locale", "v_locale")
    "OR " DIFFERS("8", "p_email", "v_email") "OR " DIFFERS("16", "p_verified", "v_verified") "; "
    "IF NOT v_changed THEN LEAVE body; END IF; " AUDIT_USER_SQL("p_user")
    /* With a lock, so that an account that is erased meanwhile does not get its name back. */
    "IF (SELECT erased_at IS NULL FROM user WHERE user_id = p_user FOR UPDATE) IS NOT TRUE THEN "
    "SET v_outcome = 4; LEAVE body; END IF; "
    "UPDATE user SET " SET_GIVEN("1", "display_name", "p_name")
    ", " SET_GIVEN("2", "avatar_url", "p_avatar") ", " SET_GIVEN("4", "locale", "p_locale")
    ", " SET_GIVEN("8", "email", "p_email") ", " SET_VERIFIED
    ", " SET_GIVEN("32", "is_bot", "p_bot") " WHERE user_id = p_user; "
    "IF " DIFFERS("1", "p_name", "v_name") "THEN " PROFILE_WORDS("p_user") "END IF; "
    "IF v_shown THEN "
    "UPDATE total SET number = number + 1 WHERE name = 'profile_changes'; END IF; ",
    ", v_changed");

enum error profile_set(struct db *db, uint64_t user_id, const struct profile *profile,
                       bool *changed) {
    struct db_rows *rows;
    *changed = false;
    /* An empty text is stored as NULL: the field is taken away. Repeatable: a second run finds the
     * profile as it is to be. */
    enum error error =
        DB_RUN(db, SET, DB_REPEATABLE, &rows, db_u64(user_id), db_u64(profile->given),
               db_text_or_null(profile->display_name), db_text_or_null(profile->avatar_url),
               db_text_or_null(profile->locale), db_text_or_null(profile->email),
               db_bool(profile->email_verified), db_bool(profile->is_bot));
    if (error)
        return error;
    if (transaction_row(rows, &error)) {
        *changed = !error && db_get_bool(rows, 1);
    }
    db_done(rows);
    return error;
}

/* ---- reading ---- */

/* What others see, of a user aliased u; read_shown reads it. */
#define SHOWN_COLUMNS "u.user_id, u.username, u.display_name, u.avatar_url, u.is_bot"
#define SHOWN_COUNT 5

/* The columns with which users are shown to others. */
static void read_shown(const struct db_rows *rows, struct profile *profile) {
    *profile = (struct profile){.user_id = db_get_u64(rows, 0),
                                /* The texts are those of the row. */
                                .username = db_get_text(rows, 1),
                                .display_name = db_get_text(rows, 2),
                                .avatar_url = db_get_text(rows, 3),
                                .is_bot = db_get_bool(rows, 4)};
}

static void visit_all(struct db_rows *rows, profile_visit *visit, void *context) {
    struct profile profile;
    while (db_next(rows)) {
        read_shown(rows, &profile);
        visit(context, &profile);
    }
    db_done(rows);
}

enum error profile_get(struct db *db, uint64_t user_id, profile_visit *visit, void *context) {
    /* The private fields as well, for the user's own profile. */
    static const char SQL[] = "SELECT " SHOWN_COLUMNS
                              ", u.locale, u.email, u.email_verified, u.share_read FROM user u "
                              "WHERE u.user_id = ?";
    struct db_rows *rows;
    struct profile profile;
    const enum error error = DB_FIND(db, SQL, &rows, db_u64(user_id));
    if (error)
        return error;
    read_shown(rows, &profile);
    profile.locale = db_get_text(rows, SHOWN_COUNT);
    profile.email = db_get_text(rows, SHOWN_COUNT + 1);
    profile.email_verified = db_get_bool(rows, SHOWN_COUNT + 2);
    profile.share_read = db_get_bool(rows, SHOWN_COUNT + 3);
    visit(context, &profile);
    db_done(rows);
    return ERROR_NONE;
}

/* Runs a statement on the users whose ids are in a JSON array, so that one prepared statement works
 * for any number. */
static enum error list(struct db *db, const char *sql, const uint64_t *ids, size_t count,
                       profile_visit *visit, void *context) {
    struct buffer json = BUFFER_EMPTY;
    struct db_rows *rows;
    buffer_append_ids(&json, ids, count);
    const enum error error =
        DB_RUN(db, sql, DB_REPEATABLE, &rows, db_text((struct text){json.data, json.len}));
    buffer_free(&json);
    if (!error)
        visit_all(rows, visit, context);
    return error;
}

enum error profile_list(struct db *db, const uint64_t *ids, size_t count, profile_visit *visit,
                        void *context) {
    static const char SQL[] =
        "SELECT " SHOWN_COLUMNS
        /* The place gives the order; GROUP BY makes one row of an id that is in the list twice. */
        " FROM JSON_TABLE(?, '$[*]' COLUMNS "
        "(place FOR ORDINALITY, id BIGINT UNSIGNED PATH '$')) j "
        "JOIN user u ON u.user_id = j.id GROUP BY u.user_id ORDER BY MIN(j.place)";
    return list(db, SQL, ids, count, visit, context);
}

enum error profile_list_active(struct db *db, const uint64_t *ids, size_t count,
                               profile_visit *visit, void *context) {
    /* By name, for lists that are shown. */
    static const char SQL[] =
        "SELECT " SHOWN_COLUMNS
        " FROM JSON_TABLE(?, '$[*]' COLUMNS (id BIGINT UNSIGNED PATH '$')) j "
        "JOIN user u ON u.user_id = j.id WHERE u.is_active ORDER BY u.username";
    return list(db, SQL, ids, count, visit, context);
}

enum error profile_changes(struct db *db, uint64_t *number) {
    /* A number that grows with each change that others can see: the entity tag of lists with
     * profiles. */
    return db_number(db, "SELECT number FROM total WHERE name = 'profile_changes'", number);
}

/* ---- finding ---- */

/* The values of a search: the LIKE pattern for the beginning of a user name, and the first and last
 * of the words that begin so. */
struct search {
    struct buffer pattern, last;
    struct text first;
};

/* The highest character of the collation: it ends the range of the texts that begin alike. */
#define HIGHEST "\xF4\x8F\xBF\xBF" /* U+10FFFF */

/* User names are ASCII, so an accent written as a character of its own (U+0300 to U+036F) is left
 * out of the pattern; the collation ignores those that are part of a letter. */
static void search_begin(struct text text, struct search *search) {
    *search = (struct search){.first = text};
    size_t size;
    for (size_t i = 0; i < text.len; i += size) {
        uint32_t point;
        size = text_decode(text.at + i, text.len - i, &point);
        if (size == 0) /* not valid; the caller has refused it */
            break;
        if (point >= 0x300 && point <= 0x36F)
            continue;
        /* LIKE's own characters are taken literally. */
        if (point == '\\' || point == '%' || point == '_')
            buffer_append_char(&search->pattern, '\\');
        buffer_append(&search->pattern, text.at + i, size);
    }
    buffer_append_char(&search->pattern, '%');
    /* Without a text the pattern finds all, and no word is to be looked up: an empty range. Range
     * of words: from the text itself up to the text followed by the highest character. */
    if (text.len > 0) {
        buffer_append(&search->last, text.at, text.len);
        buffer_append_str(&search->last, HIGHEST);
    }
}

static void search_end(struct search *search) {
    buffer_free(&search->pattern);
    buffer_free(&search->last);
}

static struct db_value text_value(const struct buffer *buffer) {
    /* An empty text must not be NULL, which no comparison would match. */
    return db_text((struct text){buffer->len > 0 ? buffer->data : "", buffer->len});
}

/* The active users whose user name begins with the text: a range of a covering index. */
#define BY_NAME                                \
    "FROM user FORCE INDEX (active_username) " \
    "WHERE is_active = TRUE AND username LIKE ? "

/* Most words that a search looks at. */
#define WORDS_MOST "10000"

/* Further users, by the first of their words that begins with the text. */
#define BY_WORD                                                       \
    "FROM (SELECT user_id FROM user_word WHERE word BETWEEN ? AND ? " \
    "ORDER BY word, user_id LIMIT " WORDS_MOST                        \
    ") w JOIN user u ON u.user_id = w.user_id "                       \
    "WHERE u.is_active AND u.username NOT LIKE ? "

enum error profile_page(struct db *db, struct text search_text, const struct profile_page *page,
                        profile_visit *visit, void *context, bool *more) {
    /* Each half gives at most the number that is skipped and shown; no user is in both. */
#define PAGE(and_name, and_word, order)                                          \
    "SELECT STRAIGHT_JOIN " SHOWN_COLUMNS                                        \
    " FROM (SELECT username FROM ("                                              \
    "(SELECT username " BY_NAME and_name "ORDER BY username " order              \
    " LIMIT ?) "                                                                 \
    "UNION ALL "                                                                 \
    "(SELECT DISTINCT u.username " BY_WORD and_word "ORDER BY u.username " order \
    " LIMIT ?)"                                                                  \
    ") found ORDER BY username " order                                           \
    " LIMIT ? OFFSET ?) page "                                                   \
    "JOIN user u ON u.username = page.username ORDER BY u.username " order
    static const char BY_OFFSET[] = PAGE("", "", "ASC");
    /* The cursor is the name at the edge of the page before. Pages before it are read backwards. */
    static const char AFTER[] = PAGE("AND username > ? ", "AND u.username > ? ", "ASC");
    static const char BEFORE[] = PAGE("AND username < ? ", "AND u.username < ? ", "DESC");
#undef PAGE
    struct search search;
    struct db_rows *rows;
    struct profile profile;
    enum error error;
    search_begin(search_text, &search);
    const struct db_value like = text_value(&search.pattern);
    const struct db_value first = db_text(search.first), last = text_value(&search.last);
    const struct db_value cursor = db_text(page->cursor);
    /* One row beyond the page shows whether there are more. */
    const struct db_value limit = db_u64(page->limit + 1), offset = db_u64(page->offset);
    const struct db_value each = db_u64(page->limit + 1 + page->offset);
    if (page->kind == PROFILE_PAGE_OFFSET)
        error = DB_RUN(db, BY_OFFSET, DB_REPEATABLE, &rows, like, each, first, last, like, each,
                       limit, offset);
    else
        error = DB_RUN(db, page->kind == PROFILE_PAGE_AFTER ? AFTER : BEFORE, DB_REPEATABLE, &rows,
                       like, cursor, each, first, last, like, cursor, each, limit, offset);
    search_end(&search);
    if (error)
        return error;
    const uint64_t count = db_count(rows);
    const uint64_t shown = count < page->limit ? count : page->limit;
    *more = count > shown;
    for (uint64_t i = 0; i < shown; i++) {
        /* Pages before a cursor were read backwards, and are visited in the order of names. */
        db_seek(rows, page->kind == PROFILE_PAGE_BEFORE ? shown - 1 - i : i);
        db_next(rows);
        read_shown(rows, &profile);
        visit(context, &profile);
    }
    db_done(rows);
    return ERROR_NONE;
}

enum error profile_page_count(struct db *db, struct text search_text, uint64_t most,
                              uint64_t *count) {
    /* Counting ends at `most`, so that its cost is bounded. If the search has looked at WORDS_MOST
     * words, there may be more users than counted: the count is then above `most`. */
    static const char SQL[] =
        "SELECT (SELECT COUNT(*) FROM (SELECT 1 " BY_NAME
        "LIMIT ?) counted) + "
        "(SELECT COUNT(DISTINCT u.user_id) " BY_WORD
        ") + "
        "IF((SELECT COUNT(*) FROM (SELECT 1 FROM user_word WHERE word BETWEEN ? AND ? "
        "LIMIT " WORDS_MOST ") seen) = " WORDS_MOST ", ?, 0)";
    struct search search;
    search_begin(search_text, &search);
    const struct db_value like = text_value(&search.pattern);
    const struct db_value first = db_text(search.first), last = text_value(&search.last);
    const enum error error =
        DB_NUMBER(db, SQL, count, like, db_u64(most), first, last, like, first, last, db_u64(most));
    search_end(&search);
    return error;
}
