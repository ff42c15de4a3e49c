/* A thin layer over libsodium: random keys, BLAKE2b for what is looked up by its hash (tokens,
 * cookies), Argon2id for passwords, with costs clamped to the bounds that libsodium enforces. */
#include "secrets/secret.h"

#include <sodium.h>
#include <string.h>
#include <unistd.h>

_Static_assert(SECRET_PASSWORD_SIZE >= crypto_pwhash_argon2id_STRBYTES, "an argon2id string fits");

#define KEY_DIGITS (SECRET_KEY_SIZE - 1)

bool secret_init(void) {
    return sodium_init() >= 0;
}

void secret_random_hex(char *out, size_t bytes) {
    unsigned char random[32];

    /* A terminator even if no bytes are wanted; sodium_bin2hex writes one after each part, which
     * the next overwrites. */
    out[0] = '\0';
    while (bytes > 0) {
        size_t part = bytes < sizeof(random) ? bytes : sizeof(random);

        randombytes_buf(random, part);
        sodium_bin2hex(out, part * 2 + 1, random, part);
        out += part * 2;
        bytes -= part;
    }
    /* The stack keeps no copy of a key. */
    sodium_memzero(random, sizeof(random));
}

void secret_make_key(char key[SECRET_KEY_SIZE]) {
    secret_random_hex(key, KEY_DIGITS / 2);
}

bool secret_hash_key(struct text key, unsigned char hash[SECRET_HASH_SIZE]) {
    char digits[KEY_DIGITS + 1];

    /* A text that does not have the form of a key is refused without hashing: it cannot be in the
     * database. A key is hashed as lower-case digits: clients may have changed its case. */
    if (key.len != KEY_DIGITS || !text_is_hex(key) || !text_lower(key, digits, sizeof(digits)))
        return false;
    /* BLAKE2b without a salt or a cost is enough here: a key has too many random bits to be
     * guessed. */
    return crypto_generichash(hash, SECRET_HASH_SIZE, (const unsigned char *)digits, KEY_DIGITS,
                              NULL, 0) == 0;
}

/* ---- API keys ---- */

static const char API_PREFIX[] = "ck_";

void secret_make_api_key(char key[SECRET_API_KEY_SIZE]) {
    memcpy(key, API_PREFIX, sizeof(API_PREFIX) - 1);
    secret_make_key(key + sizeof(API_PREFIX) - 1);
}

bool secret_is_api_key(struct text key) {
    return text_skip(&key, API_PREFIX);
}

bool secret_hash_api_key(struct text key, unsigned char hash[SECRET_HASH_SIZE]) {
    struct text digits = key;
    /* In lower case only: no client has a reason to change it. */
    if (!text_skip(&digits, API_PREFIX) || digits.len != KEY_DIGITS)
        return false;
    for (size_t i = 0; i < KEY_DIGITS; i++)
        if (!memchr("0123456789abcdef", digits.at[i], 16))
            return false;
    secret_digest(key, hash, SECRET_HASH_SIZE);
    return true;
}

/* ---- other texts ---- */

void secret_digest(struct text text, unsigned char *out, size_t size) {
    crypto_generichash(out, size, (const unsigned char *)text.at, text.len, NULL, 0);
}

static uint64_t clamp(uint64_t value, uint64_t min, uint64_t max) {
    return value < min ? min : value > max ? max : value;
}

static unsigned long long passes_of(uint64_t passes) {
    return clamp(passes, crypto_pwhash_argon2id_OPSLIMIT_MIN, crypto_pwhash_argon2id_OPSLIMIT_MAX);
}

/* The memory of Argon2id in bytes, within what libsodium accepts. */
static size_t memory_of(uint64_t memory_kib) {
    /* Clamped in KiB, so that the product does not overflow. */
    return (size_t)clamp(memory_kib, crypto_pwhash_argon2id_MEMLIMIT_MIN / 1024,
                         crypto_pwhash_argon2id_MEMLIMIT_MAX / 1024) *
           1024;
}

bool secret_hash_password(struct text password, uint64_t passes, uint64_t memory_kib,
                          char hash[SECRET_PASSWORD_SIZE]) {
    /* The string has the costs and the salt in it, and verifies with any later configuration. */
    return crypto_pwhash_argon2id_str(hash, password.at, password.len, passes_of(passes),
                                      memory_of(memory_kib)) == 0;
}

bool secret_check_password(const char *hash, struct text password, uint64_t passes,
                           uint64_t memory_kib) {
    if (hash == NULL) {
        /* An unknown user takes as long as a wrong password, so that the time does not show which
         * names exist. */
        char unused[SECRET_PASSWORD_SIZE];

        secret_hash_password(password, passes, memory_kib, unused);
        return false;
    }
    return crypto_pwhash_argon2id_str_verify(hash, password.at, password.len) == 0;
}

bool secret_password_is_stale(const char *hash, uint64_t passes, uint64_t memory_kib) {
    /* The costs in the string differ from the configured ones. The caller, which has the password
     * at hand, hashes it again. */
    return crypto_pwhash_argon2id_str_needs_rehash(hash, passes_of(passes),
                                                   memory_of(memory_kib)) != 0;
}

/* ---- signatures and hashes of files ---- */

void secret_sign(struct text key, struct text text, char signature[SECRET_SIGNATURE_SIZE]) {
    unsigned char derived[crypto_generichash_KEYBYTES], mac[(SECRET_SIGNATURE_SIZE - 1) / 2];
    /* A key of any length, and a keyed BLAKE2b as the code of the text. */
    secret_digest(key, derived, sizeof(derived));
    crypto_generichash(mac, sizeof(mac), (const unsigned char *)text.at, text.len, derived,
                       sizeof(derived));
    sodium_bin2hex(signature, SECRET_SIGNATURE_SIZE, mac, sizeof(mac));
    sodium_memzero(derived, sizeof(derived));
}

bool secret_signature_is_valid(struct text key, struct text text, struct text signature) {
    char valid[SECRET_SIGNATURE_SIZE];
    secret_sign(key, text, valid);
    /* Compared in constant time, so that no part of a valid one can be guessed. */
    return signature.len == sizeof(valid) - 1 &&
           sodium_memcmp(valid, signature.at, signature.len) == 0;
}

unsigned secret_zero_bits(struct text text) {
    unsigned char hash[crypto_hash_sha256_BYTES];
    unsigned bits = 0;
    crypto_hash_sha256(hash, (const unsigned char *)text.at, text.len);
    /* The most significant bit of each byte comes first. */
    while (bits < sizeof(hash) * 8 && !(hash[bits / 8] & (0x80u >> (bits % 8))))
        bits++;
    return bits;
}

bool secret_sha256_of_file(int fd, uint64_t size, char digits[SECRET_SHA256_SIZE]) {
    unsigned char bytes[65536], hash[crypto_hash_sha256_BYTES];
    crypto_hash_sha256_state state;
    crypto_hash_sha256_init(&state);
    for (uint64_t at = 0; at < size;) {
        const size_t want = size - at < sizeof(bytes) ? (size_t)(size - at) : sizeof(bytes);
        const ssize_t got = pread(fd, bytes, want, (off_t)at);
        /* The file cannot be read, or has become shorter. */
        if (got <= 0)
            return false;
        crypto_hash_sha256_update(&state, bytes, (unsigned long long)got);
        at += (uint64_t)got;
    }
    crypto_hash_sha256_final(&state, hash);
    sodium_bin2hex(digits, SECRET_SHA256_SIZE, hash, sizeof(hash));
    return true;
}
