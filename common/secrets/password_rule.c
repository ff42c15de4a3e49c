/* A search in the sorted list of common passwords. Its rows have a fixed size, so that the list
 * needs no pointers, which each process would have to relocate at its start. */
#include <stdlib.h>
#include <string.h>

#include "secrets/password_rule.h"

/* The longest has 20 characters. */
#define ROW_SIZE 21

static const char COMMON[][ROW_SIZE] = {
#include "secrets/common_passwords.def"
};

static int compare(const void *password, const void *row) {
    return strcmp(password, row);
}

bool password_rule_is_too_common(struct text password, struct text username) {
    char lowered[ROW_SIZE];
    /* The user's own name is the first guess. */
    if (username.len > 0 && text_equals_nocase(password, username))
        return true;
    if (password.len >= ROW_SIZE)
        return false;
    text_lower(password, lowered, sizeof(lowered));
    /* A NUL in the password does not end it. */
    return strlen(lowered) == password.len &&
           bsearch(lowered, COMMON, sizeof(COMMON) / ROW_SIZE, ROW_SIZE, compare) != NULL;
}
