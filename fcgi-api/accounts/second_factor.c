/* /api/auth/totp/, and the check of codes at logins. A user gets a secret, proves with a first code
 * that the app has it, and then gets recovery codes, which are shown this once. Each code counts
 * once: what uses it up is a change of the row that only one request can make. */
#include <sodium.h>
#include <string.h>

#include "accounts/second_factor.h"
#include "auth.h"
#include "base/clock.h"
#include "handlers/handlers.h"
#include "limit.h"
#include "rest/field.h"
#include "secrets/secret.h"
#include "store/logins/user_totp.h"

/* ---- codes ---- */

/* A recovery code as it is shown: four groups of four letters and digits, 80 random bits. */
#define GROUP_COUNT 4
#define GROUP_SIZE 4
#define PLAIN_SIZE (GROUP_COUNT * GROUP_SIZE)

/* Removes what people type between groups, and lowers letters. False if the rest does not fit.
 * The six digits of an app come through as they are. */
static bool normalize(struct text code, char out[PLAIN_SIZE + 1]) {
    size_t len = 0;
    for (size_t i = 0; i < code.len; i++) {
        const char c = code.at[i];
        if (c == ' ' || c == '-')
            continue;
        if (len == PLAIN_SIZE)
            return false;
        out[len++] = (char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
    }
    out[len] = '\0';
    return true;
}

/* Makes a recovery code and its hash. 16 letters of 5 bits each; the alphabet is that of base32
 * (RFC 4648), which has no 0 and 1. */
static void make_recovery(struct json_writer *w, unsigned char hash[USER_TOTP_HASH_SIZE]) {
    static const char LETTERS[] = "abcdefghijklmnopqrstuvwxyz234567";
    unsigned char random[PLAIN_SIZE];
    char plain[PLAIN_SIZE + 1], shown[PLAIN_SIZE + GROUP_COUNT];
    size_t len = 0;
    randombytes_buf(random, sizeof(random));
    for (size_t i = 0; i < PLAIN_SIZE; i++) {
        /* 32 letters divide 256, so that each is equally likely. */
        plain[i] = LETTERS[random[i] & 31];
        if (i > 0 && i % GROUP_SIZE == 0)
            shown[len++] = '-';
        shown[len++] = plain[i];
    }
    plain[PLAIN_SIZE] = shown[len] = '\0';
    secret_digest(text_of(plain), hash, USER_TOTP_HASH_SIZE);
    json_write_str(w, shown);
}

/* Uses up a recovery code; *used is false if it is none of those that are left. */
static enum error use_recovery(struct exchange *x, uint64_t user_id, const struct user_totp *totp,
                               const char *plain, bool *used) {
    unsigned char hash[USER_TOTP_HASH_SIZE];
    secret_digest(text_of(plain), hash, sizeof(hash));
    /* In constant time each; the number of codes is not a secret. */
    for (size_t i = 0; i < totp->recovery_count; i++) {
        if (sodium_memcmp(hash, totp->recovery + i * USER_TOTP_HASH_SIZE, sizeof(hash)) != 0)
            continue;
        /* Taken out of the row only if the row is as it was read: two requests cannot use one
         * code. */
        const enum error error = user_totp_use_recovery(x->service->db, user_id, totp, i);
        *used = !error;
        return error;
    }
    return ERROR_NONE;
}

/* Uses up a code of either kind; *used is false if it is wrong. */
static enum error use_code(struct exchange *x, uint64_t user_id, const struct user_totp *totp,
                           struct text code, bool *used) {
    char plain[PLAIN_SIZE + 1];
    uint64_t step;
    enum error error = ERROR_NONE;
    *used = false;
    if (!normalize(code, plain))
        return ERROR_NONE;
    /* The present time step or a neighbour, later than the last one used (RFC 6238, section
     * 5.2). */
    if (totp_find(totp->secret, clock_now() / 1000000, totp->last_step, text_of(plain), &step)) {
        error = user_totp_use_step(x->service->db, user_id, step);
        *used = !error;
    } else {
        error = use_recovery(x, user_id, totp, plain, used);
    }
    /* Another request was first with this code. */
    return error == ERROR_CONFLICT ? ERROR_NONE : error;
}

/* The same words for a wrong code and a used one. */
static enum error refuse_code(struct exchange *x) {
    field_errors_add(&x->field_errors, "code", CODE_WRONG_CODE,
                     "The code is wrong, or was used already.");
    return ERROR_BAD_INPUT;
}

/* Uses up a code within the limit of wrong ones: taken before, given back if it was right, so
 * that guesses at the same time do not exceed it. */
static enum error prove_code(struct exchange *x, uint64_t user_id, const char *name,
                             const struct user_totp *totp, struct text code) {
    bool used = false;
    enum error error = limit_take(x, LIMIT_LOGINS_NAME, name);
    if (error)
        return error;
    error = use_code(x, user_id, totp, code, &used);
    if (error || used)
        limit_give_back(x, LIMIT_LOGINS_NAME, name);
    if (error)
        return error;
    return used ? ERROR_NONE : refuse_code(x);
}

enum error second_factor_check(struct exchange *x, uint64_t user_id, const char *name,
                               struct text code, bool *used) {
    struct user_totp totp;
    enum error error = user_totp_get(x->service->db, user_id, &totp);
    /* Not turned on: passwords are enough, and `used` stays false. */
    if (error == ERROR_NOT_FOUND || (!error && !totp.is_on))
        return ERROR_NONE;
    if (error)
        return error;
    if (code.len == 0) {
        /* RFC 9110 wants the scheme in every 401. */
        response_header(&x->response, "WWW-Authenticate", "Token");
        return exchange_fail(x, ERROR_UNAUTHENTICATED, CODE_CODE_REQUIRED,
                             "The code of your authenticator app is needed, too.");
    }
    error = prove_code(x, user_id, name, &totp, code);
    *used = *used || !error;
    return error;
}

/* ---- turning it on and off ---- */

static enum error fail_conflict(struct exchange *x, const char *why) {
    return exchange_fail(x, ERROR_CONFLICT, CODE_CONFLICT, why);
}

enum error second_factor_get(struct exchange *x) {
    struct user_totp totp = {0};
    const enum error error = user_totp_get(x->service->db, x->identity.user.id, &totp);
    /* Not found: never turned on, which is shown as off. */
    if (error && error != ERROR_NOT_FOUND)
        return error;
    struct json_writer w = json_writer_start(&x->response.body);
    json_write_object(&w);
    json_write_member_bool(&w, "is_on", totp.is_on);
    json_write_member_u64(&w, "recovery_codes_left", totp.recovery_count);
    json_write_object_end(&w);
    return ERROR_NONE;
}

/* The address that apps read, mostly as a QR code; the host names the account there. */
static void append_uri(struct buffer *out, const struct exchange *x, const char *base32) {
    buffer_append_percent_encoded(out, x->request->host, BUFFER_UNRESERVED);
    buffer_append_char(out, ':');
    buffer_append_percent_encoded(out, text_of(x->identity.user.name), BUFFER_UNRESERVED);
    buffer_printf(out, "?secret=%s&issuer=", base32);
    buffer_append_percent_encoded(out, x->request->host, BUFFER_UNRESERVED);
}

enum error second_factor_begin(struct exchange *x) {
    unsigned char secret[TOTP_SECRET_SIZE];
    char base32[TOTP_BASE32_SIZE];
    struct buffer uri = BUFFER_EMPTY;
    /* Nothing to protect: the site logs its users in. */
    if (x->service->config->password_login == CONFIG_OFF)
        return exchange_fail(x, ERROR_FORBIDDEN, CODE_PASSWORD_LOGIN_OFF,
                             "Users log in at the site, not by a password.");
    randombytes_buf(secret, sizeof(secret));
    /* Replaces a secret that was not confirmed, never one that is in use. */
    const enum error error = user_totp_begin(x->service->db, x->identity.user.id, secret);
    if (error)
        return error == ERROR_CONFLICT ? fail_conflict(x, "Two-factor login is on.") : error;
    totp_base32(secret, base32);
    buffer_append_str(&uri, "otpauth://totp/");
    append_uri(&uri, x, base32);
    struct json_writer w = json_writer_start(&x->response.body);
    json_write_object(&w);
    /* Shown once; the app keeps it. */
    json_write_member_str(&w, "secret", base32);
    json_write_member_text(&w, "uri", (struct text){uri.data, uri.len});
    json_write_object_end(&w);
    buffer_free(&uri);
    x->response.status = 201;
    return ERROR_NONE;
}

/* Wrong codes are limited by this name, as at a login. */
static void limited_name(const struct exchange *x, char name[USER_NAME_SIZE]) {
    text_lower(text_of(x->identity.user.name), name, USER_NAME_SIZE);
}

/* Checks the first code, which is not stored as used yet: user_totp_confirm does that. The step
 * goes into totp->last_step, so that this code cannot be used again at a login. */
static enum error prove_first(struct exchange *x, struct user_totp *totp, struct text code) {
    char name[USER_NAME_SIZE], plain[PLAIN_SIZE + 1];
    limited_name(x, name);
    const enum error error = limit_take(x, LIMIT_LOGINS_NAME, name);
    if (error)
        return error;
    if (!normalize(code, plain) ||
        !totp_find(totp->secret, clock_now() / 1000000, 0, text_of(plain), &totp->last_step))
        return refuse_code(x);
    limit_give_back(x, LIMIT_LOGINS_NAME, name);
    return ERROR_NONE;
}

enum error second_factor_confirm(struct exchange *x) {
    const uint64_t user_id = x->identity.user.id;
    struct user_totp totp = {0};
    struct text code;
    if (!field_text(x, "code", &code))
        return ERROR_BAD_INPUT;
    enum error error = user_totp_get(x->service->db, user_id, &totp);
    if (error == ERROR_NOT_FOUND)
        return fail_conflict(x, "Ask for a secret first, by POST /api/auth/totp/.");
    /* Another code here would replace the recovery codes. */
    if (!error && totp.is_on)
        return fail_conflict(x, "Two-factor login is on.");
    if (!error)
        error = prove_first(x, &totp, code);
    if (error)
        return error;
    struct json_writer w = json_writer_start(&x->response.body);
    json_write_object(&w);
    json_write_key(&w, "recovery_codes");
    json_write_array(&w);
    /* All at once: the answer lists them, the row gets their hashes. */
    for (; totp.recovery_count < USER_TOTP_RECOVERY_COUNT; totp.recovery_count++)
        make_recovery(&w, totp.recovery + totp.recovery_count * USER_TOTP_HASH_SIZE);
    json_write_array_end(&w);
    json_write_object_end(&w);
    error = user_totp_confirm(x->service->db, user_id, &totp);
    /* The codes in the body belong to nothing then: the error replaces them. */
    return error == ERROR_CONFLICT ? fail_conflict(x, "Another request was faster.") : error;
}

/* By a code, not the password: a stolen session is not enough to turn it off. */
enum error second_factor_end(struct exchange *x) {
    const uint64_t user_id = x->identity.user.id;
    char name[USER_NAME_SIZE];
    struct user_totp totp = {0};
    struct text code;
    bool ended;
    if (!field_text(x, "code", &code))
        return ERROR_BAD_INPUT;
    enum error error = user_totp_get(x->service->db, user_id, &totp);
    if (error == ERROR_NOT_FOUND || (!error && !totp.is_on))
        return fail_conflict(x, "Two-factor login is off.");
    limited_name(x, name);
    if (!error)
        error = prove_code(x, user_id, name, &totp, code);
    if (!error)
        error = user_totp_end(x->service->db, user_id, &ended);
    if (error)
        return error;
    x->response.status = 204;
    return ERROR_NONE;
}
