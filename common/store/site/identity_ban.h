/*
 * identity_ban: bans that outlive an erased account.
 *
 * A banned user of the site could have the account erased and return with another token of the
 * site. The bans are therefore kept under a keyed hash of the site's id for the user, without
 * reason and account, and become bans of the user that is later made for that id. Posts do not read
 * this table.
 */
#ifndef CONFAB_COMMON_STORE_SITE_IDENTITY_BAN_H
#define CONFAB_COMMON_STORE_SITE_IDENTITY_BAN_H

#include "base/buffer.h"
#include "base/text.h"
#include "db/db.h"
#include "secrets/secret.h"

/* Writes the keyed hash of the id that the site has for a user. */
enum error identity_ban_key(struct db *db, struct text issuer, struct text subject,
                            char key[SECRET_SIGNATURE_SIZE]);

/* Appends the hashes of all ids of a user as a JSON array; "[]" if there are none. The caller frees
 * `keys`. */
enum error identity_ban_keys(struct db *db, uint64_t user_id, struct buffer *keys);

/* Parts of transactions. IDENTITY_BAN_KEEP moves the bans of the user p_user, whose ids p_keys has.
 * IDENTITY_BAN_RESTORE makes them bans of `user`, who was just made for the id p_key.
 * IDENTITY_BAN_HOLDS is a condition: there are some for p_key. */
#define IDENTITY_BAN_DECLARE_KEYS                                                               \
    "DECLARE p_keys TEXT CHARACTER SET utf8mb4 DEFAULT ?; "
#define IDENTITY_BAN_DECLARE_KEY "DECLARE p_key CHAR(40) CHARACTER SET ascii DEFAULT ?; "
#define IDENTITY_BAN_KEEP                                                                       \
    "IF p_keys <> '[]' THEN "                                                                   \
    "INSERT INTO identity_ban (identity, room_id, until) SELECT j.identity, b.room_id, b.until "\
    "FROM ban b JOIN JSON_TABLE(p_keys, '$[*]' COLUMNS (identity CHAR(40) PATH '$')) j "        \
    "WHERE b.user_id = p_user AND (b.until IS NULL OR b.until > v_now) "                        \
    "ON DUPLICATE KEY UPDATE until = VALUES(until); "                                           \
    "DELETE FROM ban WHERE user_id = p_user; END IF; "
#define IDENTITY_BAN_HOLDS                                                                      \
    "EXISTS (SELECT 1 FROM identity_ban i WHERE i.identity = p_key "                            \
    "AND (i.until IS NULL OR i.until > v_now)) "
#define IDENTITY_BAN_RESTORE(user)                                                              \
    "IF " IDENTITY_BAN_HOLDS "THEN "                                                            \
    "INSERT INTO ban (room_id, user_id, banned_by_id, created_at, until, was_active) "          \
    "SELECT i.room_id, " user ", 0, v_now, i.until, i.room_id = 0 FROM identity_ban i "         \
    "WHERE i.identity = p_key AND (i.until IS NULL OR i.until > v_now) "                        \
    /* The room may be deleted by now. */                                                       \
    "AND (i.room_id = 0 OR EXISTS (SELECT 1 FROM room r WHERE r.room_id = i.room_id)); "        \
    "DELETE FROM identity_ban WHERE identity = p_key; "                                         \
    /* Room 0 is the site, whose bans disable the user. */                                      \
    "UPDATE user SET is_active = FALSE WHERE user_id = " user                                   \
    " AND EXISTS (SELECT 1 FROM ban b WHERE b.room_id = 0 AND b.user_id = " user "); END IF; "

#endif
