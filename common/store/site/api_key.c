/* API keys: names and scopes, the table api_key, and the users that they act for. Only the hash of
 * a key is stored; a key that is revoked keeps its row, so that the audit can name it. */
#include "store/site/api_key.h"

#include <stdio.h>
#include <string.h>

#include "http/cidr.h"
#include "store/site/external_user.h"
#include "store/transaction.h"

/* ---- names and scopes ---- */

bool api_key_name_is_valid(struct text name) {
    /* Names are written into logs and URLs without escapes. */
    return name.len >= 1 && name.len < API_KEY_NAME_SIZE && text_is_all_alnum_or(name, "._-");
}

/* The name of scope 1 << i. */
static const char *const SCOPES[] = {"users", "rooms", "messages", "hooks", "moderate", "act"};

#define SCOPE_COUNT (sizeof(SCOPES) / sizeof(SCOPES[0]))

bool api_key_read_scopes(struct text list, unsigned *scopes) {
    struct text word;
    /* "users,rooms": words with blanks around them are fine, unknown ones are not. */
    *scopes = 0;
    while (text_split(&list, ',', &word)) {
        size_t i = 0;
        word = text_trim(word);
        while (i < SCOPE_COUNT && !text_equals(word, text_of(SCOPES[i])))
            i++;
        if (i == SCOPE_COUNT)
            return false;
        *scopes |= 1u << i;
    }
    return *scopes != 0;
}

void api_key_write_scopes(unsigned scopes, char out[API_KEY_SCOPES_SIZE]) {
    out[0] = '\0';
    /* stpcpy returns the end of what it has copied. */
    for (size_t i = 0; i < SCOPE_COUNT; i++)
        if (scopes & (1u << i))
            out = stpcpy(stpcpy(out, SCOPES[i]), ",");
    /* Without the last comma. */
    if (scopes)
        out[-1] = '\0';
}

const char *api_key_scope_name(unsigned scope) {
    /* For a single scope; a set of several has no name. */
    for (size_t i = 0; i < SCOPE_COUNT; i++)
        if (scope == 1u << i)
            return SCOPES[i];
    return "";
}

/* ---- the table ---- */

#define COLUMNS                                                                                 \
    "k.api_key_id, k.name, k.scopes, k.addresses, k.created_at, k.expires_at, k.last_used_at, " \
    "k.revoked_at, COALESCE(k.expires_at <= SYSDATE(6), FALSE)"
#define COLUMN_COUNT 9

/* An SQL condition on a row k. */
#define IS_VALID "k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > SYSDATE(6))"

/* Reads COLUMNS; texts are copied. */
static void from_row(const struct db_rows *rows, struct api_key *key) {
    const struct text name = db_get_text(rows, 1), addresses = db_get_text(rows, 3);
    *key = (struct api_key){.id = db_get_u64(rows, 0),
                            .created_at = db_get_time(rows, 4),
                            .expires_at = db_get_time(rows, 5),
                            .last_used_at = db_get_time(rows, 6),
                            .revoked_at = db_get_time(rows, 7),
                            .is_expired = db_get_bool(rows, 8)};
    /* Bounded by the schema. */
    snprintf(key->name, sizeof(key->name), "%.*s", (int)name.len, name.at);
    snprintf(key->addresses, sizeof(key->addresses), "%.*s", (int)addresses.len, addresses.at);
    /* A scope that a newer program has stored permits nothing here. */
    struct text rest = db_get_text(rows, 2), word;
    while (text_split(&rest, ',', &word)) {
        unsigned scope;
        if (api_key_read_scopes(word, &scope))
            key->scopes |= scope;
    }
}

enum error api_key_add(struct db *db, const unsigned char hash[SECRET_HASH_SIZE],
                       const struct api_key *key) {
    /* ERROR_CONFLICT: the name is taken, also by a revoked key. */
    static const char SQL[] = TRANSACTION(
        "", "INSERT INTO api_key (key_hash, name, scopes, addresses, created_at, expires_at) "
        "VALUES (?, ?, ?, ?, SYSDATE(6), ?); " AUDIT_SUBJECT_SQL("LAST_INSERT_ID()"), "");
    char scopes[API_KEY_SCOPES_SIZE];
    api_key_write_scopes(key->scopes, scopes);
    return DB_RUN(db, SQL, 0, NULL, db_bytes(hash, SECRET_HASH_SIZE), db_str(key->name),
                  db_str(scopes), db_str(key->addresses),
                  db_time_or_null(key->expires_at));
}

enum error api_key_revoke(struct db *db, struct text name, bool *changed) {
    static const char SQL[] = TRANSACTION(
        "DECLARE v_key BIGINT UNSIGNED; DECLARE v_revoked DATETIME(6); "
        "DECLARE v_changed BOOLEAN DEFAULT FALSE; ",
        "SELECT api_key_id, revoked_at INTO v_key, v_revoked FROM api_key WHERE name = ? "
        "FOR UPDATE; "
        "IF v_key IS NULL THEN SET v_outcome = 4; LEAVE body; END IF; "
        /* Revoked before: a success that changes nothing. */
        "IF v_revoked IS NOT NULL THEN LEAVE body; END IF; "
        "UPDATE api_key SET revoked_at = SYSDATE(6) WHERE api_key_id = v_key; "
        "SET v_changed = TRUE; " AUDIT_SUBJECT_SQL("v_key"),
        ", v_changed");
    struct db_rows *rows;
    *changed = false;
    /* Repeatable: a second run finds the key revoked, and reports no change. */
    enum error error = DB_RUN(db, SQL, DB_REPEATABLE, &rows, db_text(name));
    if (error)
        return error;
    *changed = transaction_row(rows, &error) && !error && db_get_bool(rows, 1);
    db_done(rows);
    return error;
}

enum error api_key_list(struct db *db, api_key_visit *visit, void *context) {
    static const char SQL[] = "SELECT " COLUMNS " FROM api_key k ORDER BY k.api_key_id";
    struct db_rows *rows;
    struct api_key key;
    const enum error error = db_run(db, SQL, DB_REPEATABLE, NULL, 0, &rows);
    if (error)
        return error;
    while (db_next(rows)) {
        from_row(rows, &key);
        visit(context, &key);
    }
    db_done(rows);
    return ERROR_NONE;
}

enum error api_key_find(struct db *db, const unsigned char hash[SECRET_HASH_SIZE],
                        struct api_key *key) {
    /* A time of use in the future was stored before the clock was set back. By the unique key of
     * key_hash. The use is noted once a minute, so that most requests write nothing. */
    static const char SQL[] =
        "SELECT " COLUMNS
        ", COALESCE(k.last_used_at NOT BETWEEN SYSDATE(6) - INTERVAL 1 MINUTE AND SYSDATE(6), "
        "TRUE) FROM api_key k WHERE k.key_hash = ? AND " IS_VALID;
    static const char USE[] = "UPDATE api_key SET last_used_at = SYSDATE(6) WHERE api_key_id = ?";
    struct db_rows *rows;
    bool is_due = false;
    enum error error = DB_RUN(db, SQL, DB_REPEATABLE, &rows, db_bytes(hash, SECRET_HASH_SIZE));
    if (error)
        return error;
    error = ERROR_UNAUTHENTICATED;
    if (db_next(rows)) {
        from_row(rows, key);
        is_due = db_get_bool(rows, COLUMN_COUNT);
        error = ERROR_NONE;
    }
    db_done(rows);
    /* A request that reads is served even if the database takes no changes. */
    if (is_due)
        DB_RUN(db, USE, DB_REPEATABLE, NULL, db_u64(key->id));
    return error;
}

bool api_key_address_is_valid(struct text entry) {
    struct cidr network;
    return cidr_parse(entry, &network);
}

bool api_key_allows_address(const struct api_key *key, const char *address) {
    /* No addresses: any is allowed. */
    return key->addresses[0] == '\0' || cidr_list_contains(key->addresses, address);
}

enum error api_key_ended(struct db *db, const unsigned char *hashes, size_t count, bool *ended) {
    static const char SQL[] = IDENTITY_LIVING_SQL("api_key k", "k.key_hash") " AND " IS_VALID;
    return identity_find_ended(db, SQL, hashes, count, ended);
}

/* ---- acting as a user ---- */

bool api_key_user_read(struct text text, struct api_key_user *user) {
    *user = (struct api_key_user){.id = 0};
    /* "17" is a user id, "ext:..." the id of the user on the site. Ids are signed 64 bits in JSON,
     * which is why there is a bound. */
    if (!text_skip(&text, "ext:"))
        return text_to_u64(text, &user->id) && user->id > 0 && user->id <= INT64_MAX;
    user->subject = text;
    /* The empty subject stands for the site's own user. */
    return text.len >= 1 && text.len <= EXTERNAL_USER_SUBJECT_MAX &&
           text_is_valid(text.at, text.len);
}

enum error api_key_user_find(struct db *db, const struct api_key_user *user, struct text issuer,
                             uint64_t room_id, struct identity *identity) {
/* The user has no credential here: no id, nothing due, no expiry. */
#define SELECT "SELECT " IDENTITY_COLUMNS ", 0, 0, NULL, " IDENTITY_ROOM_COLUMNS
    /* Never the site's own user, in whose name no key may act. */
    static const char BY_ID[] = SELECT " FROM user u " IDENTITY_ROOM_JOINS
                                       "WHERE u.user_id = ? AND " EXTERNAL_USER_NOT_SITE;
    static const char BY_SUBJECT[] =
        SELECT " FROM external_user x JOIN user u ON u.user_id = x.user_id " IDENTITY_ROOM_JOINS
               "WHERE x.issuer = ? AND x.subject = ? AND " EXTERNAL_USER_NOT_SITE;
#undef SELECT
    struct db_rows *rows;
    uint64_t id;
    const enum error error =
        user->id ? DB_FIND(db, BY_ID, &rows, db_u64(room_id), db_u64(user->id))
                 : DB_FIND(db, BY_SUBJECT, &rows, db_u64(room_id), db_text(issuer),
                           db_text(user->subject));
    memset(identity, 0, sizeof(*identity));
    if (error)
        return error;
    identity_from_row(rows, true, identity, &id);
    db_done(rows);
    return ERROR_NONE;
}

enum error api_key_act(struct db *db, const struct api_key *key, const char *address,
                       struct text user, struct text issuer, uint64_t room_id,
                       struct identity *identity, enum api_key_refusal *refusal) {
    struct api_key_user named;
    enum error error = ERROR_NONE;
    *refusal = API_KEY_ACCEPTED;
    /* The address first, so that a request from a wrong address learns nothing about users. */
    if (!api_key_allows_address(key, address))
        *refusal = API_KEY_WRONG_ADDRESS;
    /* Checks that need no database first; the last one reads the user. */
    else if (!(key->scopes & API_KEY_ACT))
        *refusal = API_KEY_NEEDS_ACT;
    else if (user.len == 0)
        *refusal = API_KEY_NEEDS_USER;
    else if (!api_key_user_read(user, &named))
        *refusal = API_KEY_UNKNOWN_USER;
    else
        error = api_key_user_find(db, &named, issuer, room_id, identity);
    if (error == ERROR_NOT_FOUND)
        *refusal = API_KEY_UNKNOWN_USER;
    return *refusal != API_KEY_ACCEPTED ? ERROR_FORBIDDEN : error;
}

const char *api_key_refusal_detail(enum api_key_refusal refusal) {
    switch (refusal) {
    case API_KEY_WRONG_ADDRESS:
        return "This API key cannot be used from this address.";
    case API_KEY_NEEDS_ACT:
        return "An API key is not a user: this needs a key with the scope act, and the header "
               "X-Confab-User.";
    case API_KEY_NEEDS_USER:
        return "An API key is not a user: name one in the header X-Confab-User.";
    case API_KEY_UNKNOWN_USER:
        return "X-Confab-User names no user that an API key can act for.";
    /* Accepted: no text. */
    default:
        return NULL;
    }
}
