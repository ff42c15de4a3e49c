/*
 * profile: how users are shown (name, picture, language), and finding them by name.
 *
 * The caller checks the texts (profile_fields.h). Messages and events keep the user name: a new
 * display name rewrites nothing.
 */
#ifndef CONFAB_COMMON_STORE_USERS_PROFILE_H
#define CONFAB_COMMON_STORE_USERS_PROFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"
#include "db/db.h"

/* Fields of a profile that a change gives. */
enum profile_field {
    PROFILE_DISPLAY_NAME = 1,
    PROFILE_AVATAR_URL = 2,
    PROFILE_LOCALE = 4,
    PROFILE_EMAIL = 8,
    PROFILE_EMAIL_VERIFIED = 16,
    PROFILE_IS_BOT = 32,
};

/* A profile, or a change of one: then `given` has the fields that it sets, the others stay. A text
 * of length 0 is none; a user without a display name is shown by the user name. Texts that were
 * read are valid until the next row. */
struct profile {
    uint64_t user_id;     /* read only */
    struct text username; /* read only */
    struct text display_name;
    struct text avatar_url;
    struct text locale;
    struct text email;
    bool email_verified;
    bool is_bot;
    bool share_read; /* read by profile_get only */
    unsigned given;  /* of enum profile_field */
};

typedef void profile_visit(void *context, const struct profile *profile);

/* The name to show. */
static inline struct text profile_name(const struct profile *profile) {
    return profile->display_name.len > 0 ? profile->display_name : profile->username;
}

/* Sets the given fields of a user, in one transaction. Writes nothing, and *changed is false, if
 * they have these values already. ERROR_NOT_FOUND: there is no such user. */
enum error profile_set(struct db *db, uint64_t user_id, const struct profile *profile,
                       bool *changed);

/* Visits the whole profile of a user; ERROR_NOT_FOUND if there is none. */
enum error profile_get(struct db *db, uint64_t user_id, profile_visit *visit, void *context);

/* ---- what others see: user_id, username, display_name, avatar_url and is_bot ---- */

/* Visits the profiles of these users in the order of the ids, disabled users included; an id that
 * is unknown is left out, and so is one that was there before. */
enum error profile_list(struct db *db, const uint64_t *ids, size_t count, profile_visit *visit,
                        void *context);

/* Visits the active users among these ids, by user name. */
enum error profile_list_active(struct db *db, const uint64_t *ids, size_t count,
                               profile_visit *visit, void *context);

/* A number that rises with each change of a display name or picture, of any user. */
enum error profile_changes(struct db *db, uint64_t *number);

/* Selects a page of the active users that a search finds, sorted by user name. */
enum profile_page_kind { PROFILE_PAGE_OFFSET, PROFILE_PAGE_AFTER, PROFILE_PAGE_BEFORE };

struct profile_page {
    enum profile_page_kind kind;
    struct text cursor; /* the user name before or after the page, unless by offset */
    uint64_t limit;
    uint64_t offset; /* 0 with a cursor */
};

/* Visits the users of a page, in rising order also with BEFORE; *more: there are others beyond it.
 *
 * A search finds the users whose user name or display name, or a word in one of them, begins with
 * the text, without regard to case and accents; an empty text finds all users. Of words beyond the
 * beginning of user names, the first 10,000 that match count: a page costs as much as its rows and
 * these, however many users there are. */
enum error profile_page(struct db *db, struct text search, const struct profile_page *page,
                        profile_visit *visit, void *context, bool *more);

/* The number of all users that a search finds; one above `most` means: more than that. */
enum error profile_page_count(struct db *db, struct text search, uint64_t most, uint64_t *count);

/* ---- for transactions ---- */

/* Replaces the words of a user (an SQL expression) whose row is locked in user_word: those that a
 * search finds besides the beginning of the user name, each with what follows it. */
#define PROFILE_WORDS(user)                                                            \
    "DELETE FROM user_word WHERE user_id = " user                                      \
    "; "                                                                               \
    "INSERT INTO user_word (word, user_id) "                                           \
    "WITH RECURSIVE place (nth) AS "                                                   \
    "(SELECT 1 UNION ALL SELECT nth + 1 FROM place WHERE nth < 64), "                  \
    "named (name, lowest) AS "                                                         \
    "(SELECT CONVERT(username USING utf8mb4) COLLATE utf8mb4_nopad_bin, 2 FROM user "  \
    "WHERE user_id = " user                                                            \
    " UNION ALL SELECT display_name, 1 FROM user "                                     \
    "WHERE user_id = " user                                                            \
    " AND display_name IS NOT NULL) "                                                  \
    "SELECT DISTINCT SUBSTRING(name, nth) COLLATE utf8mb4_unicode_520_nopad_ci, " user \
    " FROM named JOIN place ON nth BETWEEN lowest AND CHAR_LENGTH(name) "              \
    "WHERE nth = 1 OR (SUBSTRING(name, nth, 1) REGEXP '" PROFILE_LETTER                \
    "' AND SUBSTRING(name, nth - 1, 1) NOT REGEXP '" PROFILE_LETTER "'); "

/* A letter, a digit, or a mark on one. */
#define PROFILE_LETTER "[\\\\p{L}\\\\p{N}\\\\p{M}]"

#endif
