/*
 * secret: random keys, their hashes, and password hashes, by libsodium.
 */
#ifndef CONFAB_SECRET_H
#define CONFAB_SECRET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

/* A token or session key: 160 random bits as 40 hexadecimal digits, and a terminator. */
#define SECRET_KEY_SIZE 41
/* Its BLAKE2b hash, the only form that is stored. */
#define SECRET_HASH_SIZE 32
/* A key of a program of the site: "ck_" and 40 hexadecimal digits in lower case; and a
 * terminator. */
#define SECRET_API_KEY_SIZE (SECRET_KEY_SIZE + 3)
/* The argon2id hash string of a password, with the terminator. */
#define SECRET_PASSWORD_SIZE 128

/* Initializes libsodium; true on success. To be called before anything else here. */
bool secret_init(void);

/* Makes a random key. */
void secret_make_key(char key[SECRET_KEY_SIZE]);

/* Hashes a key, ignoring the case of its letters; false, and hash unchanged, unless it is 40
 * hexadecimal digits. */
bool secret_hash_key(struct text key, unsigned char hash[SECRET_HASH_SIZE]);

/* The same for API keys, of which the whole text is hashed: neither a key nor its digits alone are
 * ever found among tokens, or the other way round. secret_is_api_key is true for what is meant as
 * an API key: it begins with "ck_". */
void secret_make_api_key(char key[SECRET_API_KEY_SIZE]);
bool secret_is_api_key(struct text key);
bool secret_hash_api_key(struct text key, unsigned char hash[SECRET_HASH_SIZE]);

/* Makes a hash of `size` bytes (16 to 64) of a text, for names and addresses that need not be
 * readable where they are stored. */
void secret_digest(struct text text, unsigned char *out, size_t size);

/* Signs a text with a key: 40 hexadecimal digits, and a terminator. secret_signature_is_valid takes
 * the same time for each wrong signature. */
#define SECRET_SIGNATURE_SIZE 41
void secret_sign(struct text key, struct text text, char signature[SECRET_SIGNATURE_SIZE]);
bool secret_signature_is_valid(struct text key, struct text text, struct text signature);

/* The number of zero bits that the SHA-256 of a text begins with, 0 to 256. */
unsigned secret_zero_bits(struct text text);

/* Writes the SHA-256 of the first `size` bytes of a file as 64 hexadecimal digits and a terminator;
 * false if they cannot be read. */
#define SECRET_SHA256_SIZE 65
bool secret_sha256_of_file(int fd, uint64_t size, char digits[SECRET_SHA256_SIZE]);

/* Fills out with 2 * bytes random hexadecimal digits and a terminator. */
void secret_random_hex(char *out, size_t bytes);

/* Hashes a password with argon2id at the given cost (passes, KiB of memory); false when there is
 * not enough memory. Slow by design. */
bool secret_hash_password(struct text password, uint64_t passes, uint64_t memory_kib,
                          char hash[SECRET_PASSWORD_SIZE]);

/* True when the hash is that of the password. With hash NULL (no such user) takes the time of a
 * check at the given cost and returns false, so that the time does not show whether the user
 * exists. */
bool secret_check_password(const char *hash, struct text password, uint64_t passes,
                           uint64_t memory_kib);

/* True when a stored hash has another cost and should be replaced. */
bool secret_password_is_stale(const char *hash, uint64_t passes, uint64_t memory_kib);

#endif
