/* Ids of the site's tokens that were used. Only a hash of issuer and id is stored; the primary key
 * decides which of several requests at once is the first. */
#include "store/site/used_jwt.h"

#include "base/buffer.h"
#include "secrets/secret.h"

enum error used_jwt_add(struct db *db, struct text issuer, struct text id, int64_t expires_at) {
    /* A second use is a duplicate key, which db_run returns as ERROR_CONFLICT. */
    static const char SQL[] =
        "INSERT INTO used_jwt (issuer_jti_hash, expires_at) VALUES (?, ?)";
    unsigned char hash[SECRET_HASH_SIZE];
    struct buffer both = BUFFER_EMPTY;
    /* Neither text has a NUL, so no two pairs give the same bytes. */
    buffer_append(&both, issuer.at, issuer.len);
    buffer_append_char(&both, '\0');
    buffer_append(&both, id.at, id.len);
    secret_digest((struct text){both.data, both.len}, hash, sizeof(hash));
    buffer_free(&both);
    /* Not repeatable: a second run would find the id of the first one. expires_at comes in seconds,
     * as in the token. */
    return DB_RUN(db, SQL, 0, NULL, db_bytes(hash, sizeof(hash)), db_time(expires_at * 1000000));
}

enum error used_jwt_purge(struct db *db, uint64_t limit, uint64_t *deleted) {
    /* A day later than necessary, since clocks differ. */
    static const char SQL[] =
        "DELETE FROM used_jwt WHERE expires_at < NOW(6) - INTERVAL 1 DAY LIMIT ?";
    return db_delete(db, SQL, limit, deleted);
}
