/*
 * secret: random keys, their hashes, and passwords; all of it libsodium's.
 */
#ifndef CONFAB_SECRET_H
#define CONFAB_SECRET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

/* A token or session id: 160 random bits as 40 hexadecimal digits, and a NUL. */
#define SECRET_KEY_SIZE 41
/* Its BLAKE2b hash, all that is stored. */
#define SECRET_HASH_SIZE 32
/* A password's argon2id hash string, terminator included. */
#define SECRET_PASSWORD_SIZE 128

/* Readies libsodium; true on success. Call once before anything else here. */
bool secret_init(void);

/* A new random key. */
void secret_make_key(char key[SECRET_KEY_SIZE]);

/* The hash of a key; false (hash untouched) unless key is 40 hexadecimal digits. */
bool secret_hash_key(struct text key, unsigned char hash[SECRET_HASH_SIZE]);

/* Fills out with 2 * bytes random hexadecimal digits and a NUL. */
void secret_random_hex(char *out, size_t bytes);

/* Hashes a password with argon2id at the given cost (passes, KiB of memory); false
 * when the memory cannot be had. Takes as long as the cost asks. */
bool secret_hash_password(struct text password, uint64_t passes, uint64_t memory_kib,
                          char hash[SECRET_PASSWORD_SIZE]);

/* True when the password is the one hashed. With hash NULL (no such user) it spends
 * the time of one check at the given cost and returns false. */
bool secret_check_password(const char *hash, struct text password, uint64_t passes,
                           uint64_t memory_kib);

/* True when a stored hash was made at another cost and should be made anew. */
bool secret_password_is_stale(const char *hash, uint64_t passes, uint64_t memory_kib);

#endif
