/* Users whom the site knows by an issuer and a subject of its own: finding one, and making one with
 * a valid name that is not taken. The unique key of external_user decides between several that make
 * the same user at once. Users of the site may sign in by its tokens only; they have no
 * password. */
#include "store/site/external_user.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "secrets/secret.h"
#include "store/site/identity_ban.h"
#include "store/transaction.h"
#include "store/users/profile.h"
#include "unicode/fold.h"

/* ---- names ---- */

/* The replacements of U+00C0 to U+017F, the letters of Latin-1 and Latin Extended-A, without
 * accents; "" leaves a character out. */
#define FOLD_FIRST 0xC0
static const char *const FOLD[] = {
    /* U+00C0 */ "A", "A", "A", "A", "A", "A", "AE", "C", "E", "E", "E", "E", "I", "I", "I", "I",
    /* U+00D0 */ "D", "N", "O", "O", "O", "O", "O",  "",  "O", "U", "U", "U", "U", "Y", "Th", "ss",
    /* U+00E0 */ "a", "a", "a", "a", "a", "a", "ae", "c", "e", "e", "e", "e", "i", "i", "i", "i",
    /* U+00F0 */ "d", "n", "o", "o", "o", "o", "o",  "",  "o", "u", "u", "u", "u", "y", "th", "y",
    /* U+0100 */ "A", "a", "A", "a", "A", "a", "C",  "c", "C", "c", "C", "c", "C", "c", "D", "d",
    /* U+0110 */ "D", "d", "E", "e", "E", "e", "E",  "e", "E", "e", "E", "e", "G", "g", "G", "g",
    /* U+0120 */ "G", "g", "G", "g", "H", "h", "H",  "h", "I", "i", "I", "i", "I", "i", "I", "i",
    /* U+0130 */ "I", "i", "IJ", "ij", "J", "j", "K", "k", "q", "L", "l", "L", "l", "L", "l", "L",
    /* U+0140 */ "l", "L", "l", "N", "n", "N", "n",  "N", "n", "n", "N", "n", "O", "o", "O", "o",
    /* U+0150 */ "O", "o", "OE", "oe", "R", "r", "R", "r", "R", "r", "S", "s", "S", "s", "S", "s",
    /* U+0160 */ "S", "s", "T", "t", "T", "t", "T",  "t", "U", "u", "U", "u", "U", "u", "U", "u",
    /* U+0170 */ "U", "u", "U", "u", "W", "w", "Y",  "y", "Y", "Z", "z", "Z", "z", "Z", "z", "s",
};

/* Room for the replacement of one character, with its terminator. */
#define FOLDED_SIZE 8

/* The replacement of a letter or digit of other blocks, such as those of Vietnamese: its folded
 * form (fold.h), without marks and in lower case, if that is ASCII. */
static const char *fold_other(struct text character, char out[FOLDED_SIZE]) {
    struct fold folded = {0};
    fold_text(&folded, character);
    bool fits = folded.count < FOLDED_SIZE;
    for (size_t i = 0; fits && i < folded.count; i++) {
        const uint32_t point = folded.points[i].point;
        fits = (point >= 'a' && point <= 'z') || (point >= '0' && point <= '9');
        out[i] = (char)point;
    }
    /* A character that is not ASCII throughout is left out. */
    out[fits ? folded.count : 0] = '\0';
    fold_free(&folded);
    return out;
}

/* The replacement of a character in a name; `out` is storage for it. */
static const char *fold(uint32_t point, struct text character, char out[FOLDED_SIZE]) {
    /* The table first: it has proper pairs of letters, such as AE and ss. */
    if (point >= FOLD_FIRST && point < FOLD_FIRST + sizeof(FOLD) / sizeof(FOLD[0]))
        return FOLD[point - FOLD_FIRST];
    /* White space of all kinds that a name may have. */
    if (point == ' ' || point == '\t' || point == 0xA0)
        return "_";
    if (point >= FOLD_FIRST)
        return fold_other(character, out);
    /* U+0080 to U+00BF: controls and signs, none of which is a letter that a name needs. */
    if (point >= 0x80)
        return "";
    out[0] = (char)point;
    out[1] = '\0';
    /* The check of names decides about ASCII: two more characters make the length valid. */
    const char probe[] = {'a', 'a', (char)point};
    return text_is_username((struct text){probe, sizeof(probe)}) ? out : "";
}

void external_user_fit_name(struct text wished, char name[USER_NAME_SIZE]) {
    char storage[FOLDED_SIZE];
    size_t len = 0;
    bool has_letter = false;
    wished = text_trim(wished);
    /* Of an e-mail address the part before the "@" is used. */
    for (size_t at = 0; at < wished.len && wished.at[at] != '@';) {
        uint32_t point;
        const size_t size = text_decode(wished.at + at, wished.len - at, &point);
        /* The caller's texts are valid UTF-8; an invalid byte ends the name. */
        if (size == 0)
            break;
        const char *folded = fold(point, (struct text){wished.at + at, size}, storage);
        /* What does not fit is cut at a whole character. */
        const size_t more = strlen(folded);
        if (len + more >= USER_NAME_SIZE)
            break;
        memcpy(name + len, folded, more);
        len += more;
        at += size;
        /* A name of dots and dashes alone is not used. */
        has_letter = has_letter || (more > 0 && !strchr("_.-", *folded));
    }
    name[len] = '\0';
    if (!has_letter || !text_is_username((struct text){name, len}))
        name[0] = '\0';
}

/* ---- finding and making ---- */

/* How often the creation of a user is repeated after a conflict without finding the user. */
#define ATTEMPTS 3

enum error external_user_find(struct db *db, struct text issuer, struct text subject,
                              struct user *user) {
    /* By the primary key (issuer, subject). */
    static const char SQL[] =
        "SELECT " USER_COLUMNS
        " FROM external_user x JOIN user u ON u.user_id = x.user_id "
        "WHERE x.issuer = ? AND x.subject = ?";
    struct db_rows *rows;
    const enum error error = DB_FIND(db, SQL, &rows, db_text(issuer), db_text(subject));
    if (error)
        return error;
    user_from_row(rows, 0, user);
    db_done(rows);
    return ERROR_NONE;
}

/* Tries a name for the new user; IGNORE: a name that is taken changes no row. */
#define TRY_NAME(condition, name)                                             \
    "IF NOT v_named AND " condition " THEN "                                  \
    "UPDATE IGNORE user SET username = " name " WHERE user_id = v_user; "     \
    "SET v_named = ROW_COUNT() = 1; END IF; "

/* Makes a user under a reserved name, and then gives it the first of the names wished
 * that is free. ERROR_CONFLICT: the user exists by now. */
static enum error add(struct db *db, struct text issuer, struct text subject, struct text wished,
                      bool is_bot) {
    static const char SQL[] = TRANSACTION(
        "DECLARE p_issuer VARCHAR(255) CHARACTER SET utf8mb4 DEFAULT ?; "
        "DECLARE p_subject VARCHAR(128) CHARACTER SET utf8mb4 DEFAULT ?; "
        IDENTITY_BAN_DECLARE_KEY
        "DECLARE p_name, p_first VARCHAR(32) CHARACTER SET utf8mb4; DECLARE p_bot BOOLEAN; "
        "DECLARE v_user BIGINT UNSIGNED; DECLARE v_named BOOLEAN DEFAULT FALSE; ",
        "SET p_name = ?; SET p_first = ?; SET p_bot = ?; SET v_now = SYSDATE(6); "
        /* The site's own user is disabled. */
        "INSERT INTO user (username, password_hash, created_at, is_bot, is_active) "
        "VALUES (p_first, '', v_now, p_bot, p_issuer <> '' OR p_subject <> ''); "
        "SET v_user = LAST_INSERT_ID(); "
        "INSERT INTO external_user (issuer, subject, user_id) "
        "VALUES (p_issuer, p_subject, v_user); "
        /* Bans of an account that was erased. */
        IDENTITY_BAN_RESTORE("v_user")
        TRY_NAME("p_name <> ''", "p_name")
        TRY_NAME("p_name <> ''", "CONCAT(LEFT(p_name, 31 - LENGTH(v_user)), '-', v_user)")
        TRY_NAME("TRUE", "CONCAT('u', v_user)")
        /* That name is taken, too: the first name has random digits. */
        TRY_NAME("TRUE", "CONCAT('u', v_user, '-', SUBSTRING(p_first, 2, 8))")
        /* The words by which a search finds the user. */
        PROFILE_WORDS("v_user") AUDIT_USER_SQL("v_user"),
        "");
    char first[USER_NAME_SIZE] = "~", name[USER_NAME_SIZE], key[SECRET_SIGNATURE_SIZE];
    const enum error error = identity_ban_key(db, issuer, subject, key);
    if (error)
        return error;
    external_user_fit_name(wished, name);
    /* "~" is in no valid name. */
    secret_random_hex(first + 1, 15);
    /* Repeatable: a second run fails at the key of external_user, and the user is found then. */
    return DB_RUN(db, SQL, DB_REPEATABLE, NULL, db_text(issuer), db_text(subject), db_str(key),
                  db_str(name), db_str(first), db_bool(is_bot));
}

enum error external_user_ensure(struct db *db, struct text issuer, struct text subject,
                                struct text wished, bool is_bot, struct user *user, bool *created) {
    *created = false;
    /* Longer ones would be cut by the schema, so that two could become one. */
    if (issuer.len > EXTERNAL_USER_ISSUER_MAX || subject.len > EXTERNAL_USER_SUBJECT_MAX)
        return ERROR_BAD_INPUT;
    enum error error = external_user_find(db, issuer, subject, user);
    for (int tries = 0; error == ERROR_NOT_FOUND && tries < ATTEMPTS; tries++) {
        error = add(db, issuer, subject, wished, is_bot);
        *created = !error;
        /* A conflict: another process has just made the user. In both cases there should be a row
         * now. */
        if (!error || error == ERROR_CONFLICT)
            error = external_user_find(db, issuer, subject, user);
    }
    return error == ERROR_NOT_FOUND ? ERROR_UNAVAILABLE : error;
}

enum error external_user_site(struct db *db, const char *name, struct user *user) {
    /* The site's own user has an empty issuer and subject, which no token has. */
    bool created;
    return external_user_ensure(db, text_of(""), text_of(""), text_of(name), true, user, &created);
}

enum error external_user_name_site(struct db *db, const char *name) {
    static const char RENAME[] = "UPDATE IGNORE user SET username = ? WHERE user_id = ?";
    static const char DISABLE[] = "UPDATE user SET is_active = FALSE WHERE user_id = ?";
    struct user user;
    enum error error = external_user_site(db, name, &user);
    /* IGNORE: the name may be taken; the user then keeps the former one. */
    if (!error && !text_equals(text_of(user.name), text_of(name)))
        error = DB_RUN(db, RENAME, DB_REPEATABLE, NULL, db_str(name), db_u64(user.id));
    /* Earlier versions made the user active. */
    if (!error && user.is_active)
        error = DB_RUN(db, DISABLE, DB_REPEATABLE, NULL, db_u64(user.id));
    return error;
}
