/* Checking and making signed tokens (JSON Web Tokens, RFC 7519, in the compact form of RFC 7515):
 * HEADER.CLAIMS.SIGNATURE, each part in base64url. The order here is that of a check: the parts,
 * the signature, the rules for the claims. `why` gets a sentence for the log of the site that makes
 * the tokens. */
#include "jwt/jwt.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>
#include <sodium.h>

#include "base/xalloc.h"
#include "json/json_text.h"
#include "json/json_validate.h"
#include "json/json_writer.h"

#define SUBJECT_MAX 128
#define ISSUER_MAX 255

/* The end of the year 9999; later times are an error of the issuer. */
#define TIME_MAX INT64_C(253402300799)

/* The most that an error quotes of a claim, and the longest number that it shows. */
#define QUOTED_MAX 64
#define NUMBER_MAX 24

static const enum error_code CODES[] = {
    [JWT_VALID] = CODE_ERROR, /* never looked up */
    [JWT_MALFORMED] = CODE_MALFORMED,
    [JWT_UNKNOWN_KEY] = CODE_UNKNOWN_KEY,
    [JWT_WRONG_ALGORITHM] = CODE_WRONG_ALGORITHM,
    [JWT_BAD_SIGNATURE] = CODE_BAD_SIGNATURE,
    [JWT_EXPIRED] = CODE_EXPIRED,
    [JWT_NOT_YET_VALID] = CODE_NOT_YET_VALID,
    [JWT_TOO_LONG_LIVED] = CODE_TOO_LONG_LIVED,
    [JWT_WRONG_AUDIENCE] = CODE_WRONG_AUDIENCE,
    [JWT_WRONG_ISSUER] = CODE_WRONG_ISSUER,
    [JWT_MISSING_CLAIM] = CODE_MISSING_CLAIM,
};

enum error_code jwt_error_code(enum jwt_error error) {
    return CODES[error];
}

static enum jwt_error fail(struct buffer *why, enum jwt_error error, const char *what) {
    buffer_append_str(why, what);
    return error;
}

/* Appends the start of a value from outside, in quotes and with control characters replaced. */
static void append_quoted(struct buffer *why, struct text value) {
    buffer_append_char(why, '"');
    size_t at = 0;
    while (at < value.len && at < QUOTED_MAX) {
        uint32_t point;
        /* Whole characters only, so that the error itself is valid UTF-8. */
        const size_t size = text_decode(value.at + at, value.len - at, &point);
        if (size == 0)
            break;
        if (point < 0x20 || point == 0x7f)
            buffer_append_char(why, '?');
        else
            buffer_append(why, value.at + at, size);
        at += size;
    }
    buffer_append_str(why, at < value.len ? "...\"" : "\"");
}

/* ---- JSON of the parts ---- */

/* Decodes base64url (RFC 4648, section 5) without padding, white space or stray bits. The caller
 * frees; NULL if it is anything else. */
static unsigned char *decode(struct text part, size_t *len) {
    const char *end = NULL;
    unsigned char *bytes = xcalloc(part.len + 1, 1);
    /* libsodium refuses padding and bits that are left over, and stops at other characters: so
     * `end` must be reached. */
    if (sodium_base642bin(bytes, part.len, part.at, part.len, NULL, len, &end,
                          sodium_base64_VARIANT_URLSAFE_NO_PADDING) == 0 &&
        end == part.at + part.len)
        return bytes;
    free(bytes);
    return NULL;
}

/* The number of colons outside of strings of valid JSON: one for each member that is written. */
static size_t written_members(struct text json) {
    size_t count = 0;
    bool in_string = false;
    for (size_t i = 0; i < json.len; i++) {
        /* An escaped character is skipped, so that \" does not end the string. */
        if (in_string && json.at[i] == '\\')
            i++;
        else if (json.at[i] == '"')
            in_string = !in_string;
        else if (json.at[i] == ':' && !in_string)
            count++;
    }
    return count;
}

/* The number of members of an object and of all objects in it, as json-c has parsed them. */
static size_t parsed_members(struct json_object *value) {
    size_t count = 0;
    /* json-c keeps one of two members with the same name: then fewer were parsed than written. */
    if (json_object_is_type(value, json_type_object)) {
        json_object_object_foreach(value, name, member) {
            (void)name;
            count += 1 + parsed_members(member);
        }
    } else if (json_object_is_type(value, json_type_array)) {
        for (size_t i = 0; i < json_object_array_length(value); i++)
            count += parsed_members(json_object_array_get_idx(value, i));
    }
    return count;
}

/* Parses a part, which must be a JSON object without a member that is given twice (RFC 8725,
 * section 2.6: two readers could take two different ones). The caller puts the result. NULL if it
 * is anything else: then a sentence that says what, about `name`, is appended to why. */
static struct json_object *parse_object(const char *name, struct text part, struct buffer *why) {
    size_t len = 0;
    struct json_object *object = NULL;
    unsigned char *bytes = decode(part, &len);
    if (!bytes) {
        buffer_printf(why, "The part of the %s is not base64url without padding.", name);
        return NULL;
    }
    const struct text json = {(const char *)bytes, len};
    /* json_validate first: json-c alone is lenient. */
    const char *problem = json_validate(json.at, json.len, NULL);
    if (!problem) {
        struct json_tokener *tokener = json_tokener_new_ex(JSON_VALIDATE_MAX_DEPTH + 1);
        if (tokener)
            object = json_tokener_parse_ex(tokener, json.at, (int)json.len);
        json_tokener_free(tokener);
    }
    /* A repeated member is refused (RFC 7519, section 4): libraries differ in which of the two they
     * read. */
    if (!problem && !json_object_is_type(object, json_type_object))
        problem = "it is not an object";
    else if (!problem && parsed_members(object) != written_members(json))
        problem = "it has a member twice";
    free(bytes);
    if (!problem)
        return object;
    buffer_printf(why, "The part of the %s is not valid JSON: %s.", name, problem);
    json_object_put(object);
    return NULL;
}

/* False if the member is missing or not a string. The text belongs to the object. */
static bool get_text(struct json_object *object, const char *name, struct text *text) {
    struct json_object *value = NULL;
    if (!json_object_object_get_ex(object, name, &value) ||
        !json_object_is_type(value, json_type_string))
        return false;
    *text = json_text(value);
    return true;
}

static bool has(struct json_object *object, const char *name) {
    return json_object_object_get_ex(object, name, NULL);
}

/* ---- the signature ---- */

/* Explains the mismatch; the name of the algorithm comes from the token, so it is quoted. */
static enum jwt_error wrong_algorithm(struct buffer *why, struct text found, const char *expected) {
    buffer_append_str(why, "alg is ");
    append_quoted(why, found);
    buffer_printf(why, ", %s was expected.", expected);
    return JWT_WRONG_ALGORITHM;
}

/* Verifies with the key that the header names, or, without a name, with each key of the algorithm
 * of the header. Keys of other algorithms are not tried. */
static enum jwt_error check_signature(const struct jwt_keys *keys, struct json_object *header,
                                      struct text signed_text, struct text signature_part,
                                      struct jwt *jwt, struct buffer *why) {
    /* Parameters that name a key to be fetched or used, or that change how the token is to be read
     * (RFC 8725, section 3). Others that are unknown are ignored (RFC 7515, section 4): the key is
     * one of jwt_keys whatever certificate (x5c, x5t) a token shows. */
    static const char *const FOREIGN[] = {"jwk", "jku", "x5u", "crit", "enc", "zip", "b64"};
    struct text algorithm, kid = {NULL, 0};
    for (size_t i = 0; i < sizeof(FOREIGN) / sizeof(FOREIGN[0]); i++)
        if (has(header, FOREIGN[i])) {
            buffer_printf(why, "The header has %s, which is not accepted.", FOREIGN[i]);
            return JWT_MALFORMED;
        }
    if (!get_text(header, "alg", &algorithm))
        return fail(why, JWT_MALFORMED, "The header has no alg.");
    /* A kid of another type is an error and not an absent kid: the issuer did name a key. */
    if (has(header, "kid") && !get_text(header, "kid", &kid))
        return fail(why, JWT_MALFORMED, "kid in the header is not a string.");

    /* With a kid, only that key counts; its algorithm is that of the file, never that of the header
     * (RFC 8725, section 3.1: otherwise a public RSA key could be used as an HMAC secret). */
    const struct jwt_key *named = kid.len > 0 ? jwt_keys_find(keys, kid) : NULL;
    if (kid.at && !named) {
        buffer_append_str(why, "No key has the kid ");
        append_quoted(why, kid);
        return fail(why, JWT_UNKNOWN_KEY, ".");
    }
    const enum jwt_algorithm known = jwt_algorithm_of(algorithm);
    if (named && jwt_key_algorithm(named) != known)
        return wrong_algorithm(why, algorithm, jwt_algorithm_name(jwt_key_algorithm(named)));

    /* The header is fine; now the signature itself. */
    size_t len = 0;
    unsigned char *signature = decode(signature_part, &len);
    if (!signature)
        return fail(why, JWT_MALFORMED, "The signature is not base64url without padding.");
    bool tried = false;
    for (size_t i = 0; i < jwt_keys_count(keys) && !jwt->key; i++) {
        const struct jwt_key *key = jwt_keys_at(keys, i);
        /* Without a kid, each key of this algorithm. "none" is JWT_NO_ALGORITHM and matches no
         * key. */
        if (known == JWT_NO_ALGORITHM || jwt_key_algorithm(key) != known || (named && key != named))
            continue;
        tried = true;
        if (jwt_key_verify(key, signed_text, signature, len))
            jwt->key = key;
    }
    free(signature);
    /* There is no key of that algorithm at all. */
    if (!tried)
        return wrong_algorithm(why, algorithm, "that of a key");
    return jwt->key ? JWT_VALID
                    : fail(why, JWT_BAD_SIGNATURE, "The signature is not that of a known key.");
}

/* ---- the claims ---- */

/* What a claim is, for errors that say what was found. A number is quoted, unless it is longer than
 * any time. */
static void append_kind(struct buffer *why, struct json_object *value) {
    static const char *const KINDS[] = {
        [json_type_null] = "null",        [json_type_boolean] = "true or false",
        [json_type_double] = "a number",  [json_type_int] = "a number",
        [json_type_object] = "an object", [json_type_array] = "a list",
        [json_type_string] = "a string",
    };
    const enum json_type type = json_object_get_type(value);
    const bool is_number = type == json_type_int || type == json_type_double;
    const char *text = is_number ? json_object_to_json_string(value) : KINDS[type];
    buffer_append_str(why, strlen(text) <= NUMBER_MAX ? text : KINDS[type]);
}

/* Reads a time in whole seconds; *found is false if there is none. */
static enum jwt_error read_time(struct json_object *claims, const char *name, bool *found,
                                int64_t *time, struct buffer *why) {
    struct json_object *value = NULL;
    uint64_t seconds = 0;
    *found = json_object_object_get_ex(claims, name, &value);
    /* The caller decides whether the claim may be missing. */
    if (!*found)
        return JWT_VALID;
    /* JSON numbers with a fraction or an exponent are doubles, negative ones fail as text. */
    if (!json_object_is_type(value, json_type_int) ||
        !text_to_u64(text_of(json_object_to_json_string(value)), &seconds)) {
        buffer_printf(why, "%s is ", name);
        append_kind(why, value);
        return fail(why, JWT_MALFORMED, ", a whole number of seconds since 1970 was expected.");
    }
    /* A time in milliseconds is the usual mistake. Within the bound no sum of check_times
     * overflows. */
    if (seconds > (uint64_t)TIME_MAX) {
        buffer_printf(why, "%s is after the year 9999: it is a number of seconds since 1970.",
                      name);
        return JWT_MALFORMED;
    }
    *time = (int64_t)seconds;
    return JWT_VALID;
}

/* Checks exp, nbf and iat, and that the token does not live for too long; sets jwt->expires_at. */
static enum jwt_error check_times(struct json_object *claims, const struct jwt_rules *rules,
                                  struct jwt *jwt, struct buffer *why) {
    bool has_exp, has_nbf, has_iat;
    int64_t exp = 0, nbf = 0, iat = 0;
    /* All three are read first, so that a malformed one is found whatever the others say. */
    enum jwt_error error = read_time(claims, "exp", &has_exp, &exp, why);
    if (!error)
        error = read_time(claims, "nbf", &has_nbf, &nbf, why);
    if (!error)
        error = read_time(claims, "iat", &has_iat, &iat, why);
    if (error)
        return error;
    /* RFC 7519 lets a token be without exp. Here it would be valid forever. */
    if (!has_exp)
        return fail(why, JWT_MISSING_CLAIM, "exp is missing.");

    /* Clocks differ: each comparison with this server's clock allows JWT_SKEW seconds. */
    const int64_t now = rules->now, life = (int64_t)rules->life;
    if (exp + JWT_SKEW <= now) {
        buffer_printf(why, "The token expired %" PRId64 " s ago.", now - exp);
        return JWT_EXPIRED;
    }
    if (has_nbf && nbf - JWT_SKEW > now) {
        buffer_printf(why, "nbf is %" PRId64 " s ahead of the clock of this server.", nbf - now);
        return JWT_NOT_YET_VALID;
    }
    if (has_iat && iat - JWT_SKEW > now) {
        buffer_printf(why, "iat is %" PRId64 " s ahead of the clock of this server.", iat - now);
        return JWT_NOT_YET_VALID;
    }
    /* A token cannot be revoked, so its life is bounded: from iat if that is there, else from
     * now. */
    if (has_iat ? exp - iat > life : exp - now > life + JWT_SKEW) {
        buffer_printf(why, "exp is %" PRId64 " s after %s, at most %" PRId64 " s are allowed.",
                      exp - (has_iat ? iat : now), has_iat ? "iat" : "now", life);
        return JWT_TOO_LONG_LIVED;
    }
    jwt->expires_at = exp;
    return JWT_VALID;
}

/* aud is a string or a list of strings (RFC 7519, section 4.1.3). */
static enum jwt_error check_audience(struct json_object *claims, const char *expected,
                                     struct buffer *why) {
    struct json_object *value = NULL;
    struct text found = {NULL, 0};
    /* With an empty option the audience is not checked. */
    if (!*expected)
        return JWT_VALID;
    /* A missing claim leaves NULL, which is neither a list nor a string. */
    json_object_object_get_ex(claims, "aud", &value);
    /* A single value is treated as a list of one. */
    const bool is_list = json_object_is_type(value, json_type_array);
    const size_t count = is_list ? json_object_array_length(value) : 1;
    for (size_t i = 0; i < count; i++) {
        struct json_object *one = is_list ? json_object_array_get_idx(value, i) : value;
        if (!json_object_is_type(one, json_type_string))
            continue;
        found = json_text(one);
        if (text_equals(found, text_of(expected)))
            return JWT_VALID;
    }
    /* The error names the last audience found. */
    buffer_append_str(why, "aud is ");
    if (found.at)
        append_quoted(why, found);
    else
        buffer_append_str(why, !has(claims, "aud") ? "missing"
                               : is_list           ? "a list without strings"
                                                   : "neither a string nor a list");
    buffer_printf(why, ", \"%s\" was expected.", expected);
    return JWT_WRONG_AUDIENCE;
}

/* Reads a claim that is a string where it is given. */
static enum jwt_error read_text(struct json_object *claims, const char *name, size_t most,
                                struct text *text, struct buffer *why) {
    struct json_object *value = NULL;
    /* Absent is fine, the empty string is not. */
    if (!json_object_object_get_ex(claims, name, &value) ||
        (get_text(claims, name, text) && text->len <= most && text->len > 0))
        return JWT_VALID;
    buffer_printf(why, "%s is ", name);
    /* For a string its length is shown: it is empty or too long, so its text would not help. */
    if (json_object_is_type(value, json_type_string))
        buffer_printf(why, "a string of %d bytes", json_object_get_string_len(value));
    else
        append_kind(why, value);
    buffer_printf(why, ", a string of 1 to %zu bytes was expected.", most);
    return JWT_MALFORMED;
}

/* Checks all claims by the rules and sets the texts of *jwt, which point into the claims. */
static enum jwt_error check_claims(const struct jwt_rules *rules, struct jwt *jwt,
                                   struct buffer *why) {
    struct json_object *claims = jwt->object;
    enum jwt_error error = check_times(claims, rules, jwt, why);
    /* sub is the user on the site, iss the site; jti identifies the token. */
    if (!error)
        error = read_text(claims, "sub", SUBJECT_MAX, &jwt->subject, why);
    if (!error && !jwt->subject.at)
        error = fail(why, JWT_MISSING_CLAIM, "sub is missing.");
    if (!error)
        error = read_text(claims, "iss", ISSUER_MAX, &jwt->issuer, why);
    /* An empty option accepts any issuer, and a token without one. */
    if (!error && *rules->issuer && !text_equals(jwt->issuer, text_of(rules->issuer))) {
        buffer_append_str(why, "iss is ");
        if (jwt->issuer.at)
            append_quoted(why, jwt->issuer);
        else
            buffer_append_str(why, "missing");
        buffer_printf(why, ", \"%s\" was expected.", rules->issuer);
        error = JWT_WRONG_ISSUER;
    }
    if (!error)
        error = check_audience(claims, rules->audience, why);
    if (!error)
        error = read_text(claims, "jti", SUBJECT_MAX, &jwt->id, why);
    return error;
}

/* ---- the token ---- */

/* Splits a token at its two dots. The last part may be empty, in a token without a signature. */
static bool split(struct text token, struct text *header, struct text *claims,
                  struct text *signature) {
    const char *end = token.at + token.len;
    const char *first = token.len ? memchr(token.at, '.', token.len) : NULL;
    /* Exactly two dots: five parts would be an encrypted token. */
    const char *second = first ? memchr(first + 1, '.', (size_t)(end - first) - 1) : NULL;
    if (!second || memchr(second + 1, '.', (size_t)(end - second) - 1))
        return false;
    *header = (struct text){token.at, (size_t)(first - token.at)};
    *claims = (struct text){first + 1, (size_t)(second - first) - 1};
    *signature = (struct text){second + 1, (size_t)(end - second) - 1};
    return true;
}

enum jwt_error jwt_check(const struct jwt_keys *keys, const struct jwt_rules *rules,
                         struct text token, struct jwt *jwt, struct buffer *why) {
    struct text header_part, claims_part, signature_part;
    *jwt = (struct jwt){0};
    if (token.len > JWT_MAX)
        return fail(why, JWT_MALFORMED, "The token has more than 8,192 bytes.");
    /* Bytes that copying a token may add; base64url alone could not say where they are. */
    for (size_t i = 0; i < token.len; i++) {
        const unsigned char c = (unsigned char)token.at[i];
        if (c > ' ' && c < 0x7f)
            continue;
        buffer_printf(why, "The token has %s at byte %zu.",
                      c >= 0x7f ? "a character that is not ASCII" : "a blank or line break", i);
        return JWT_MALFORMED;
    }
    if (!split(token, &header_part, &claims_part, &signature_part))
        return fail(why, JWT_MALFORMED, "A token has three parts with dots between them.");

    struct json_object *header = parse_object("header", header_part, why);
    if (header)
        jwt->object = parse_object("claims", claims_part, why);
    enum jwt_error error = jwt->object ? JWT_VALID : JWT_MALFORMED;
    /* The signature covers the first two parts and the dot between them. No claim is looked at
     * before it is checked. */
    const struct text signed_text = {token.at, header_part.len + 1 + claims_part.len};
    if (!error)
        error = check_signature(keys, header, signed_text, signature_part, jwt, why);
    if (!error)
        error = check_claims(rules, jwt, why);
    json_object_put(header);
    /* The claims live on in jwt->object if they are valid: its texts point into it. */
    if (error)
        jwt_free(jwt);
    return error;
}

bool jwt_show(struct text token, struct buffer *header, struct buffer *claims) {
    struct text part[3];
    struct buffer *const outputs[] = {header, claims};
    if (!split(token, &part[0], &part[1], &part[2]))
        return false;
    for (size_t i = 0; i < 2; i++) {
        size_t len = 0;
        unsigned char *bytes = decode(part[i], &len);
        if (!bytes)
            return false;
        /* The parts are shown on a terminal, before the signature has been checked. */
        const bool is_text = text_is_valid((const char *)bytes, len);
        if (is_text)
            buffer_append(outputs[i], bytes, len);
        free(bytes);
        if (!is_text)
            return false;
    }
    return true;
}

const char *jwt_signature_hint(const struct jwt_keys *keys, struct text token) {
    struct text header, claims, signature_part, algorithm = {NULL, 0};
    struct buffer why = BUFFER_EMPTY;
    const char *hint = NULL;
    size_t len = 0;
    if (!split(token, &header, &claims, &signature_part))
        return NULL;
    const struct text signed_text = {token.at, header.len + 1 + claims.len};
    /* jwt_check reports why a part cannot be read; here it only means that there is no hint. */
    struct json_object *object = parse_object("header", header, &why);
    unsigned char *signature = decode(signature_part, &len);
    /* The kid is not looked at: a token with a wrong one has a hint, too. */
    if (object && get_text(object, "alg", &algorithm))
        for (size_t i = 0; signature && !hint && i < jwt_keys_count(keys); i++) {
            const struct jwt_key *key = jwt_keys_at(keys, i);
            if (jwt_key_algorithm(key) == jwt_algorithm_of(algorithm))
                hint = jwt_key_hint(key, signed_text, signature, len);
        }
    free(signature);
    json_object_put(object);
    buffer_free(&why);
    return hint;
}

void jwt_free(struct jwt *jwt) {
    json_object_put(jwt->object);
    *jwt = (struct jwt){0};
}

/* Base64 as RFC 7515 wants it: for URLs, without padding. */
static void append_base64url(struct buffer *out, const void *bytes, size_t len) {
    const int variant = sodium_base64_VARIANT_URLSAFE_NO_PADDING;
    const size_t size = sodium_base64_encoded_len(len, variant);
    sodium_bin2base64(buffer_reserve(out, size), size, bytes, len, variant);
    /* The terminator is not part of the text. */
    out->len += size - 1;
}

bool jwt_make(const struct jwt_key *key, struct text claims, struct buffer *out) {
    unsigned char mac[JWT_MAC_SIZE];
    struct buffer header = BUFFER_EMPTY, token = BUFFER_EMPTY;
    /* Header and claims are what is signed, in their encoded form. */
    struct json_writer w = json_writer_start(&header);
    json_write_object(&w);
    json_write_member_str(&w, "alg", jwt_algorithm_name(jwt_key_algorithm(key)));
    json_write_member_str(&w, "typ", "JWT");
    json_write_member_str(&w, "kid", jwt_key_kid(key));
    json_write_object_end(&w);
    append_base64url(&token, header.data, header.len);
    buffer_append_char(&token, '.');
    append_base64url(&token, claims.at, claims.len);
    const bool made = jwt_key_sign(key, (struct text){token.data, token.len}, mac);
    if (made) {
        buffer_append_char(&token, '.');
        append_base64url(&token, mac, sizeof(mac));
        /* Appended only as a whole. */
        buffer_append(out, token.data, token.len);
    }
    buffer_free(&header);
    buffer_free(&token);
    return made;
}
