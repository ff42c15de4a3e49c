#include "store/token_member.h"

#include <string.h>

void token_member_from_row(const struct db_rows *rows, unsigned first, struct identity *identity) {
    memset(identity, 0, sizeof(*identity));
    room_state_from_row(rows, first, &identity->room);
    identity->user.id = db_get_u64(rows, first + ROOM_STATE_COLUMN_COUNT);
    identity->user.is_active = true;
}

/* Takes the number that the text begins with, and the space behind it. */
static bool take_number(struct text *text, uint64_t *number) {
    const char *space = memchr(text->at, ' ', text->len);
    const size_t len = space ? (size_t)(space - text->at) : text->len;
    const bool taken = text_to_u64((struct text){text->at, len}, number);
    const size_t gone = space ? len + 1 : len;
    *text = (struct text){text->at + gone, text->len - gone};
    return taken;
}

bool token_member_from_text(struct text text, struct identity *identity) {
    uint64_t numbers[ROOM_STATE_NUMBER_COUNT + 2];
    const size_t count = sizeof(numbers) / sizeof(numbers[0]);
    for (size_t i = 0; i < count; i++)
        if (!take_number(&text, &numbers[i]))
            return false;
    memset(identity, 0, sizeof(*identity));
    room_state_from_numbers(numbers, (int64_t)numbers[count - 1], &identity->room);
    identity->user.id = numbers[count - 2];
    identity->user.is_active = true;
    return text.len == 0;
}

enum error token_member_find(struct db *db, const unsigned char hash[SECRET_HASH_SIZE],
                             uint64_t room_id, struct identity *identity, bool *found) {
    static const char SQL[] =
        "SELECT STRAIGHT_JOIN " TOKEN_MEMBER_COLUMNS TOKEN_MEMBER_JOINS TOKEN_MEMBER_WHERE;
    struct db_rows *rows;
    *found = false;
    const enum error error =
        DB_RUN(db, SQL, DB_REPEATABLE, &rows, db_u64(room_id), db_bytes(hash, SECRET_HASH_SIZE));
    if (error)
        return error;
    *found = db_next(rows);
    if (*found)
        token_member_from_row(rows, 0, identity);
    db_done(rows);
    return ERROR_NONE;
}
