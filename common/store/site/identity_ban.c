/* The keyed hashes of the ids that the site has for users. The key is in site_value, so that a hash
 * says nothing without the database. */
#include "store/site/identity_ban.h"

#include "store/site/site_value.h"

static enum error read_secret(struct db *db, char secret[SITE_VALUE_SIZE]) {
    return site_value_secret(db, "identity_bans", secret);
}

/* Hashes issuer and subject. The length of the issuer comes first, so that no two ids give the same
 * text. */
static void sign(const char *secret, struct text issuer, struct text subject,
                 char key[SECRET_SIGNATURE_SIZE]) {
    struct buffer identity = BUFFER_EMPTY;
    buffer_printf(&identity, "%zu:", issuer.len);
    buffer_append(&identity, issuer.at, issuer.len);
    buffer_append(&identity, subject.at, subject.len);
    secret_sign(text_of(secret), (struct text){identity.data, identity.len}, key);
    buffer_free(&identity);
}

enum error identity_ban_key(struct db *db, struct text issuer, struct text subject,
                            char key[SECRET_SIGNATURE_SIZE]) {
    char secret[SITE_VALUE_SIZE];
    const enum error error = read_secret(db, secret);
    if (!error)
        sign(secret, issuer, subject, key);
    return error;
}

enum error identity_ban_keys(struct db *db, uint64_t user_id, struct buffer *keys) {
    /* By KEY user_id: few rows. Also of a user without bans, who may get one before the transaction
     * with these keys has locked the user. */
    static const char SQL[] = "SELECT issuer, subject FROM external_user WHERE user_id = ?";
    char secret[SITE_VALUE_SIZE], key[SECRET_SIGNATURE_SIZE];
    struct db_rows *rows;
    enum error error = DB_RUN(db, SQL, DB_REPEATABLE, &rows, db_u64(user_id));
    if (error)
        return error;
    buffer_append_str(keys, "[");
    while (!error && db_next(rows)) {
        /* The secret is read with the first id, since not all users have one. */
        if (keys->len == 1)
            error = read_secret(db, secret);
        if (error)
            break;
        sign(secret, db_get_text(rows, 0), db_get_text(rows, 1), key);
        buffer_printf(keys, "%s\"%s\"", keys->len > 1 ? "," : "", key);
    }
    buffer_append_str(keys, "]");
    db_done(rows);
    return error;
}
