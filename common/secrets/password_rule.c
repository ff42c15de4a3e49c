/* A search in the sorted list of common passwords, whose rows have a fixed size, so that it needs
 * no pointers, which each process would have to relocate at its start; and three rules for what
 * such a list cannot have: repetitions, runs of neighbouring keys, and the user's name with
 * digits. */
#include <stdlib.h>
#include <string.h>

#include "secrets/password_rule.h"

/* The longest has 20 characters. */
#define ROW_SIZE 21

static const char COMMON[][ROW_SIZE] = {
#include "secrets/common_passwords.def"
};

/* 256 characters of up to four bytes. Longer ones are not accepted as passwords. */
#define PASSWORD_SIZE (256 * 4 + 1)

/* Digits, letters and keys that people type in a row, forwards or backwards: rows of keyboards, and
 * columns of them. */
static const char *const ROWS[] = {
    "0123456789", "1234567890", "abcdefghijklmnopqrstuvwxyz", "qwertyuiop", "qwertzuiop",
    "azertyuiop", "asdfghjkl",  "qsdfghjklm",                 "zxcvbnm",    "yxcvbnm",
    "wxcvbn",     "1qaz",       "2wsx",                       "3edc",       "4rfv",
    "5tgb",       "6yhn",       "7ujm",                       "1q2w3e4r5t6y7u8i9o0p"};

/* The shortest run that counts, and how many other characters may follow the runs. */
#define RUN_LEAST 3
#define REST_MOST 2

/* A text of up to so many characters, repeated, is no more than itself. */
#define UNIT_MOST 4

static int compare(const void *password, const void *row) {
    return strcmp(password, row);
}

static bool is_listed(struct text password) {
    char row[ROW_SIZE];
    if (password.len >= ROW_SIZE)
        return false;
    memcpy(row, password.at, password.len);
    row[password.len] = '\0';
    return bsearch(row, COMMON, sizeof(COMMON) / ROW_SIZE, ROW_SIZE, compare) != NULL;
}

/* The length of the run from `at` on: of the same character, or along a row. */
static size_t run_length(const char *at, const char *row, int direction) {
    const char *key = row ? strchr(row, *at) : NULL;
    size_t len = 1;
    if (row && !key)
        return 0;
    for (; at[len]; len++) {
        if (!row && at[len] == at[0])
            continue;
        /* The first character of the row has none before it. */
        if (!row || (direction < 0 && key == row))
            break;
        key += direction;
        if (*key != at[len])
            break;
    }
    return len;
}

/* The longest run of characters that repeat, count up or down, or are neighbours on a keyboard. */
static size_t longest_run(const char *at) {
    size_t most = run_length(at, NULL, 0);
    for (size_t i = 0; i < sizeof(ROWS) / sizeof(*ROWS); i++) {
        const size_t up = run_length(at, ROWS[i], 1), down = run_length(at, ROWS[i], -1);
        most = up > most ? up : most;
        most = down > most ? down : most;
    }
    return most;
}

/* Whether the password is nothing but runs, with perhaps a character or two after them. */
static bool is_of_runs(const char *password, size_t len) {
    size_t at = 0;
    while (len - at > REST_MOST) {
        const size_t run = longest_run(password + at);
        if (run < RUN_LEAST)
            return false;
        at += run;
    }
    return at > 0;
}

/* The length of the shortest text that the password repeats, the last time perhaps not whole; its
 * own length if it repeats none. */
static size_t find_unit(const char *password, size_t len) {
    for (size_t unit = 1; unit <= len / 2; unit++)
        if (memcmp(password, password + unit, len - unit) == 0)
            return unit;
    return len;
}

static size_t count_characters(const char *text, size_t len) {
    size_t count = 0;
    /* All bytes but those that continue a character of UTF-8. */
    for (size_t i = 0; i < len; i++)
        count += ((unsigned char)text[i] & 0xC0) != 0x80;
    return count;
}

static bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || ((unsigned char)c & 0x80);
}

/* Whether the password is the name, once or several times, with nothing else but digits and
 * punctuation. */
static bool is_name(const char *password, const char *name, size_t name_len) {
    bool found = false;
    if (name_len == 0)
        return false;
    while (*password) {
        if (strncmp(password, name, name_len) == 0) {
            found = true;
            password += name_len;
        } else if (is_letter(*password++)) {
            return false;
        }
    }
    return found;
}

bool password_rule_is_too_common(struct text password, struct text username) {
    char lowered[PASSWORD_SIZE], name[PASSWORD_SIZE];
    /* With a NUL inside it is no password. */
    if (password.len == 0 || password.len >= sizeof(lowered) || username.len >= sizeof(name) ||
        memchr(password.at, '\0', password.len))
        return false;
    text_lower(password, lowered, sizeof(lowered));
    text_lower(username, name, sizeof(name));
    const size_t len = password.len, unit = find_unit(lowered, len);
    if (is_listed((struct text){lowered, len}) || is_name(lowered, name, username.len) ||
        is_of_runs(lowered, len))
        return true;
    /* Repetitions: of a few characters, or of what would be refused by itself. */
    return unit < len && (count_characters(lowered, unit) <= UNIT_MOST ||
                          is_listed((struct text){lowered, unit}));
}
