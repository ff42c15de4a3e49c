/* Parsing a file of keys, and the check of a signature by each algorithm: HMAC and Ed25519 by
 * libsodium, RSA and ECDSA by libcrypto.
 * A line of the file is NAME ALGORITHM KEY, the key being the secret itself for HS256 and else the
 * path of a public key in PEM, relative to the file. libcrypto keeps errors in a queue of the
 * thread, which is cleared after each use so that the next user does not find them. */
#include "jwt/jwt_keys.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <sodium.h>

#include "base/array.h"
#include "base/xalloc.h"
#include "jwt/jwt_keys_private.h"

#define FILE_MAX (256 * 1024)
#define RSA_BITS_MIN 2048

#define BYTE_ORDER_MARK "\xEF\xBB\xBF"

/* Bytes of each of the two numbers of an ES256 signature. */
#define ES256_HALF 32

static const char *const NAMES[] = {
    [JWT_NO_ALGORITHM] = "none", [JWT_HS256] = "HS256", [JWT_RS256] = "RS256",
    [JWT_ES256] = "ES256",       [JWT_EDDSA] = "EdDSA",
};

const char *jwt_algorithm_name(enum jwt_algorithm algorithm) {
    return NAMES[algorithm];
}

enum jwt_algorithm jwt_algorithm_of(struct text name) {
    /* Begins after "none", so that it can never name how a token is to be verified (RFC 8725,
     * section 3.2). */
    for (unsigned i = JWT_HS256; i <= JWT_EDDSA; i++)
        if (text_equals(name, text_of(NAMES[i])))
            return (enum jwt_algorithm)i;
    return JWT_NO_ALGORITHM;
}

/* ---- reading the file ---- */

/* The place of a line, for errors. */
struct place {
    const char *path;
    unsigned line;
    struct buffer *problems;
};

static bool fail(const struct place *place, const char *what) {
    buffer_printf(place->problems, "%s, line %u: %s\n", place->path, place->line, what);
    return false;
}

/* Takes the secret of an HS256 key. */
static bool read_secret(const struct place *place, struct text word, struct jwt_key *key) {
    /* The key must be at least as long as the hash (RFC 7518, section 3.2): a short one can be
     * found from one token by trying. */
    if (word.len < JWT_SECRET_MIN || word.len > JWT_SECRET_MAX)
        return fail(place,
                    "an HS256 secret has 32 to 1,024 bytes; `openssl rand -hex 32` makes one");
    /* The secret is the text itself, not decoded from hex or base64. */
    key->secret = (struct text){xstrndup(word.at, word.len), word.len};
    return true;
}

/* Takes the public key for EdDSA out of an OpenSSL key. A key of small order accepts signatures
 * that were not made with it, so it is refused. */
static const char *take_ed25519(struct jwt_key *key) {
    size_t len = sizeof(key->ed25519);
    if (!EVP_PKEY_is_a(key->public_key, "ED25519") ||
        EVP_PKEY_get_raw_public_key(key->public_key, key->ed25519, &len) != 1)
        return "the key is not an Ed25519 key, which EdDSA needs";
    /* On the curve, of the main subgroup, and canonical. */
    if (!crypto_core_ed25519_is_valid_point(key->ed25519))
        return "the key is not a valid Ed25519 public key";
    return NULL;
}

/* With the exponent 1 every signature is its own text, so anyone can make one. */
static bool has_usable_exponent(EVP_PKEY *key) {
    BIGNUM *exponent = NULL;
    const bool usable = EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_E, &exponent) == 1 &&
                        BN_is_odd(exponent) && !BN_is_one(exponent);
    BN_free(exponent);
    return usable;
}

const char *jwt_keys_check_type(struct jwt_key *key) {
    char curve[32] = "";
    switch (key->algorithm) {
    case JWT_EDDSA:
        return take_ed25519(key);
    case JWT_RS256:
        if (!EVP_PKEY_is_a(key->public_key, "RSA"))
            return "the key is not an RSA key, which RS256 needs";
        /* RFC 7518, section 3.3. */
        if (EVP_PKEY_get_bits(key->public_key) < RSA_BITS_MIN)
            return "an RSA key needs at least 2,048 bits";
        return has_usable_exponent(key->public_key)
                   ? NULL
                   : "the public exponent of an RSA key must be odd and at least 3";
    default:
        /* Fails, leaving the name empty, for a key that is on no curve. */
        EVP_PKEY_get_group_name(key->public_key, curve, sizeof(curve), NULL);
        return strcmp(curve, "prime256v1") == 0
                   ? NULL
                   : "the key is not on the curve P-256, which ES256 needs";
    }
}

/* Reads the public key of a line from its own file. */
static bool read_public_key(const struct place *place, struct text word, struct jwt_key *key) {
    struct buffer path = BUFFER_EMPTY;
    /* A relative path is relative to the file of keys, not to the working directory. */
    const char *slash = strrchr(place->path, '/');
    if (*word.at != '/' && slash)
        buffer_append(&path, place->path, (size_t)(slash - place->path) + 1);
    buffer_append(&path, word.at, word.len);

    FILE *file = fopen(buffer_str(&path), "re");
    const int error = errno;
    char mark[3];
    /* A byte order mark before the first line would hide it from the reader of PEM. */
    if (file && (fread(mark, 1, sizeof(mark), file) != sizeof(mark) ||
                 memcmp(mark, BYTE_ORDER_MARK, sizeof(mark)) != 0))
        rewind(file);
    /* A private key is not accepted: this server has no use for it. */
    key->public_key = file ? PEM_read_PUBKEY(file, NULL, NULL, NULL) : NULL;
    if (file)
        fclose(file);
    if (!file)
        buffer_printf(place->problems, "%s, line %u: cannot open %s: %s\n", place->path,
                      place->line, buffer_str(&path), strerror(error));
    else if (!key->public_key)
        buffer_printf(place->problems,
                      "%s, line %u: %s has no public key in PEM (BEGIN PUBLIC KEY); "
                      "`openssl pkey -in PRIVATE.pem -pubout` prints that of a private key\n",
                      place->path, place->line, buffer_str(&path));
    buffer_free(&path);
    const char *why = key->public_key ? jwt_keys_check_type(key) : NULL;
    ERR_clear_error();
    return why ? fail(place, why) : key->public_key != NULL;
}

void jwt_keys_free_key(struct jwt_key *key) {
    /* The secret does not stay in freed memory. */
    if (key->secret.at)
        sodium_memzero((char *)key->secret.at, key->secret.len);
    free((char *)key->secret.at);
    free(key->kid);
    EVP_PKEY_free(key->public_key);
}

/* Reads a line with a key into *key, which the caller frees in any case. */
static bool read_key(const struct place *place, const struct jwt_keys *keys, struct text line,
                     struct jwt_key *key) {
    struct text kid, algorithm, value, more;
    /* Exactly three words; a comment may follow. */
    if (!text_next_word(&line, " \t\r", &kid) || !text_next_word(&line, " \t\r", &algorithm) ||
        !text_next_word(&line, " \t\r", &value) ||
        (text_next_word(&line, " \t\r", &more) && *more.at != '#'))
        return fail(place, "a line has three words: name, algorithm, key");
    if (kid.len > JWT_KID_MAX || !text_is_valid(kid.at, kid.len))
        return fail(place, "a name has at most 128 bytes of UTF-8");
    /* Checked before the key is read, so that the line with the second use is reported. */
    if (jwt_keys_find(keys, kid))
        return fail(place, "the name is used twice");
    if (keys->count >= JWT_KEYS_MAX)
        return fail(place, "there are more than 100 keys");
    key->kid = xstrndup(kid.at, kid.len);
    key->algorithm = jwt_algorithm_of(algorithm);
    if (key->algorithm == JWT_NO_ALGORITHM)
        return fail(place, "the algorithm must be HS256, RS256, ES256 or EdDSA");
    return key->algorithm == JWT_HS256 ? read_secret(place, value, key)
                                       : read_public_key(place, value, key);
}

struct jwt_keys *jwt_keys_parse(const char *path, struct text content, struct buffer *problems) {
    struct jwt_keys *keys = xcalloc(1, sizeof(*keys));
    struct place place = {.path = path, .problems = problems};
    struct text line;
    bool valid = true;
    /* A byte order mark of UTF-8, as some editors write it, is skipped; UTF-16 is refused. */
    text_skip(&content, BYTE_ORDER_MARK);
    if (content.len >= 2 &&
        (memcmp(content.at, "\xFF\xFE", 2) == 0 || memcmp(content.at, "\xFE\xFF", 2) == 0)) {
        buffer_printf(problems, "%s: the file is UTF-16: save it as UTF-8 or plain ASCII\n", path);
        free(keys);
        return NULL;
    }
    while (text_split(&content, '\n', &line)) {
        /* Errors are collected, so that one run reports all of them. */
        place.line++;
        line = text_trim(line);
        if (line.len == 0 || *line.at == '#')
            continue;
        struct jwt_key key = {0};
        /* The list owns what read_key has allocated; a line that is not taken frees it. */
        if (read_key(&place, keys, line, &key)) {
            keys->list = array_reserve(keys->list, &keys->space, keys->count + 1, sizeof(key));
            keys->list[keys->count++] = key;
        } else {
            jwt_keys_free_key(&key);
            valid = false;
        }
    }
    /* An empty file would refuse every token: more likely a mistake. */
    if (valid && keys->count == 0) {
        buffer_printf(problems, "%s: there is no key in the file\n", path);
        valid = false;
    }
    if (valid)
        return keys;
    jwt_keys_free(keys);
    return NULL;
}

struct jwt_keys *jwt_keys_load(const char *path, struct buffer *problems) {
    FILE *file = fopen(path, "re");
    if (!file) {
        buffer_printf(problems, "%s: cannot open the file: %s\n", path, strerror(errno));
        return NULL;
    }
    char *content = xcalloc(FILE_MAX, 1);
    const size_t len = fread(content, 1, FILE_MAX, file);
    /* A file of exactly that size may have been cut. */
    const bool failed = ferror(file) || len == FILE_MAX;
    fclose(file);
    struct jwt_keys *keys = NULL;
    if (failed)
        buffer_printf(problems, "%s: cannot read the file, or it is too large\n", path);
    else
        keys = jwt_keys_parse(path, (struct text){content, len}, problems);
    /* The content has secrets. */
    sodium_memzero(content, FILE_MAX);
    free(content);
    return keys;
}

void jwt_keys_free(struct jwt_keys *keys) {
    if (!keys)
        return;
    for (size_t i = 0; i < keys->count; i++)
        jwt_keys_free_key(&keys->list[i]);
    free(keys->list);
    free(keys);
}

size_t jwt_keys_count(const struct jwt_keys *keys) {
    return keys->count;
}

const struct jwt_key *jwt_keys_at(const struct jwt_keys *keys, size_t index) {
    return &keys->list[index];
}

const struct jwt_key *jwt_keys_find(const struct jwt_keys *keys, struct text kid) {
    for (size_t i = 0; i < keys->count; i++)
        if (text_equals(text_of(keys->list[i].kid), kid))
            return &keys->list[i];
    return NULL;
}

const char *jwt_key_kid(const struct jwt_key *key) {
    return key->kid;
}

enum jwt_algorithm jwt_key_algorithm(const struct jwt_key *key) {
    return key->algorithm;
}

/* ---- signatures ---- */

/* HMAC-SHA256 with a secret of any length (RFC 2104). */
static void hmac(struct text secret, struct text text, unsigned char mac[JWT_MAC_SIZE]) {
    /* In steps, since crypto_auth_hmacsha256 takes keys of 32 bytes only. */
    crypto_auth_hmacsha256_state state;
    crypto_auth_hmacsha256_init(&state, (const unsigned char *)secret.at, secret.len);
    crypto_auth_hmacsha256_update(&state, (const unsigned char *)text.at, text.len);
    crypto_auth_hmacsha256_final(&state, mac);
}

/* Verifies a signature over the SHA-256 of the text, for RSA and, in DER, ECDSA. */
static bool digest_verify(EVP_PKEY *key, struct text text, const unsigned char *signature,
                          size_t len) {
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    /* RS256 is RSA with PKCS #1 v1.5 padding and SHA-256, libcrypto's default for RSA keys. */
    const bool valid =
        context && EVP_DigestVerifyInit(context, NULL, EVP_sha256(), NULL, key) == 1 &&
        EVP_DigestVerify(context, signature, len, (const unsigned char *)text.at, text.len) == 1;
    EVP_MD_CTX_free(context);
    ERR_clear_error();
    return valid;
}

/* RFC 7518 has the two numbers of an ECDSA signature side by side, libcrypto takes them in DER. It
 * refuses numbers that are 0 or not below the order of the curve. */
static bool verify_es256(EVP_PKEY *key, struct text text, const unsigned char *signature,
                         size_t len) {
    /* The length is fixed, so nothing can be appended. */
    if (len != 2 * (size_t)ES256_HALF)
        return false;
    ECDSA_SIG *numbers = ECDSA_SIG_new();
    /* Both numbers are big-endian, with leading zeros. */
    BIGNUM *r = BN_bin2bn(signature, ES256_HALF, NULL);
    BIGNUM *s = BN_bin2bn(signature + ES256_HALF, ES256_HALF, NULL);
    unsigned char *der = NULL;
    bool valid = false;
    if (numbers && r && s && ECDSA_SIG_set0(numbers, r, s) == 1) {
        r = s = NULL; /* owned by numbers */
        /* NULL output: i2d allocates. */
        const int der_len = i2d_ECDSA_SIG(numbers, &der);
        valid = der_len > 0 && digest_verify(key, text, der, (size_t)der_len);
    }
    BN_free(r);
    BN_free(s);
    ECDSA_SIG_free(numbers);
    OPENSSL_free(der);
    return valid;
}

bool jwt_key_verify(const struct jwt_key *key, struct text signed_text,
                    const unsigned char *signature, size_t len) {
    unsigned char mac[JWT_MAC_SIZE];
    switch (key->algorithm) {
    /* Each algorithm checks the length before it reads; comparing takes the same time whatever
     * differs. */
    case JWT_HS256:
        hmac(key->secret, signed_text, mac);
        return len == sizeof(mac) && sodium_memcmp(mac, signature, sizeof(mac)) == 0;
    case JWT_RS256:
        return digest_verify(key->public_key, signed_text, signature, len);
    case JWT_ES256:
        return verify_es256(key->public_key, signed_text, signature, len);
    case JWT_EDDSA:
        return len == crypto_sign_ed25519_BYTES &&
               crypto_sign_ed25519_verify_detached(signature, (const unsigned char *)signed_text.at,
                                                   signed_text.len, key->ed25519) == 0;
    case JWT_NO_ALGORITHM:
        break;
    }
    return false;
}

bool jwt_key_sign(const struct jwt_key *key, struct text text, unsigned char mac[JWT_MAC_SIZE]) {
    /* This server has only the public half of the other algorithms. */
    if (key->algorithm != JWT_HS256)
        return false;
    hmac(key->secret, text, mac);
    return true;
}

/* ---- hints ---- */

/* The secret as it was probably used by mistake, of `form` 0, 1, ...; false after the last form.
 * *words says what was done. */
static bool spoil_secret(unsigned form, struct text secret, struct buffer *out,
                         const char **words) {
    static const char *const WORDS[] = {
        "the site signs with a line break after the secret: remove it there (trim)",
        "the site signs with a line break (CR LF) after the secret: remove it there (trim)",
        "the site signs with a CR after the secret, of a file with Windows line endings: remove it "
        "there (trim)",
        "the site signs with a blank after the secret: remove it there (trim)",
        "the site signs with quotes around the secret: remove them there",
        "the secret in jwt_keys has quotes around it: remove them from the file",
        "the site signs with the secret decoded from base64: use the word itself, as bytes",
        "the site signs with the secret decoded from hexadecimal digits: use the word itself, as "
        "bytes",
        "the site signs with an empty secret",
    };
    static const char *const AFTER[] = {"\n", "\r\n", "\r", " ", "\""};
    const int variants[] = {sodium_base64_VARIANT_ORIGINAL,
                            sodium_base64_VARIANT_URLSAFE_NO_PADDING};
    size_t len = 0;
    if (form >= sizeof(WORDS) / sizeof(WORDS[0]))
        return false;
    *words = WORDS[form];
    buffer_clear(out);
    /* Decoding never makes a text longer, so the buffer does not move while `decoded` is used. */
    char *decoded = buffer_reserve(out, secret.len + 1);
    if (form <= 4) {
        buffer_append_str(out, form == 4 ? "\"" : "");
        buffer_append(out, secret.at, secret.len);
        buffer_append_str(out, AFTER[form]);
    } else if (form == 5) {
        const bool has_quotes = secret.len > 2 && secret.at[0] == secret.at[secret.len - 1] &&
                                (secret.at[0] == '"' || secret.at[0] == '\'');
        buffer_append(out, secret.at + 1, has_quotes ? secret.len - 2 : 0);
    } else if (form == 6) {
        /* The usual alphabet first; a secret of that of URLs has no padding either. */
        for (size_t i = 0; i < 2 && out->len == 0; i++)
            if (sodium_base642bin((unsigned char *)decoded, secret.len, secret.at, secret.len, NULL,
                                  &len, NULL, variants[i]) == 0)
                out->len = len;
    } else if (form == 7 && sodium_hex2bin((unsigned char *)decoded, secret.len, secret.at,
                                           secret.len, NULL, &len, NULL) == 0) {
        out->len = len;
    }
    /* A form that the secret does not have is not taken for the empty one, which is the last. */
    if (out->len == 0 && form < 8)
        buffer_append_char(out, '?');
    return true;
}

/* The likely mistake in an HS256 signature; NULL if none is recognised. */
static const char *hs256_hint(const struct jwt_key *key, struct text signed_text,
                              const unsigned char *signature, size_t len) {
    unsigned char mac[JWT_MAC_SIZE];
    struct buffer spoiled = BUFFER_EMPTY;
    const char *words = NULL, *hint = NULL;
    /* Mistakes that the length alone shows. */
    if (len == 0)
        return "there is no signature after the last dot";
    if (len == 2 * sizeof(mac) && text_is_hex((struct text){(const char *)signature, len}))
        return "the signature is in hexadecimal digits: it must be the bytes themselves (in PHP, "
               "hash_hmac with true as its last argument)";
    if (len != sizeof(mac))
        return "the signature is not 32 bytes long, as HS256 needs: it was cut off, or the site "
               "signs by another algorithm, such as HS512 (in PHP, the first argument of "
               "hash_hmac must be \"sha256\")";
    /* Signs with each misread form of the secret, until one gives the token's signature. */
    for (unsigned form = 0; !hint && spoil_secret(form, key->secret, &spoiled, &words); form++) {
        hmac((struct text){buffer_str(&spoiled), spoiled.len}, signed_text, mac);
        if (memcmp(mac, signature, len) == 0)
            hint = words;
    }
    /* The forms are nearly the secret, which does not stay in freed memory. */
    if (spoiled.data)
        sodium_memzero(spoiled.data, spoiled.cap);
    buffer_free(&spoiled);
    return hint;
}

const char *jwt_key_hint(const struct jwt_key *key, struct text signed_text,
                         const unsigned char *signature, size_t len) {
    switch (key->algorithm) {
    case JWT_HS256:
        return hs256_hint(key, signed_text, signature, len);
    case JWT_ES256:
        /* libcrypto itself reads DER: what it accepts unchanged is in DER. */
        return digest_verify(key->public_key, signed_text, signature, len)
                   ? "the signature is in DER: ES256 needs the two numbers of 32 bytes each, one "
                     "after the other (RFC 7518, section 3.4)"
                   : NULL;
    default:
        return NULL;
    }
}
