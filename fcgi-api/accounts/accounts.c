/* /api/auth/: registration, tokens, login and logout, passwords. Checking a password is slow, so it
 * happens outside of transactions: its result is a proof (the hash as it was read) that the
 * transaction compares with the stored one before it adds a credential. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "accounts/accounts.h"
#include "accounts/profile_body.h"
#include "accounts/second_factor.h"
#include "auth.h"
#include "base/log.h"
#include "bell_path.h"
#include "event/publish.h"
#include "event/serialize.h"
#include "handlers/handlers.h"
#include "http/cidr.h"
#include "limit.h"
#include "password_worker.h"
#include "rest/field.h"
#include "restriction.h"
#include "secrets/password_rule.h"
#include "store/logins/login_session.h"
#include "store/logins/token.h"
#include "store/privacy/erasure.h"
#include "store/privacy/guest.h"
#include "store/users/profile.h"

/* The context of write_account. */
struct account {
    struct exchange *x;
    struct json_writer *w;
    const struct user *user;
};

/* The account as only the user itself sees it, with the address of the bell. */
static void write_account(void *context, const struct profile *profile) {
    const struct account *account = context;
    struct buffer bell = BUFFER_EMPTY;
    bell_path_of_user(account->x, account->user->id, &bell);
    serialize_account(account->w, account->user, profile, (struct text){bell.data, bell.len});
    buffer_free(&bell);
}

enum error accounts_write(struct exchange *x, struct json_writer *w, const struct user *user) {
    struct account account = {x, w, user};
    return profile_get(x->service->db, user->id, write_account, &account);
}

static enum error send_account(struct exchange *x, const struct user *user) {
    struct json_writer w = json_writer_start(&x->response.body);
    return accounts_write(x, &w, user);
}

/* password_login is off: the response to all that takes a password says where to log in. */
static enum error refuse_password(struct exchange *x) {
    const char *url = x->service->config->login_url;
    /* Written here, as the answer has a member more than other refusals. */
    buffer_clear(&x->response.body);
    struct json_writer w = json_writer_start(&x->response.body);
    json_write_object(&w);
    json_write_member_str(&w, "detail", "Users log in at the site, not by a password.");
    json_write_member_str(&w, "code", error_code_word(CODE_PASSWORD_LOGIN_OFF));
    json_write_member_str(&w, "login_url", *url ? url : NULL);
    json_write_object_end(&w);
    x->response.status = error_status(ERROR_FORBIDDEN);
    return ERROR_FORBIDDEN;
}

/* Without passwords users log in at the site, by signed tokens or by its server. */
static bool takes_passwords(const struct exchange *x) {
    return x->service->config->password_login != CONFIG_OFF;
}

enum error accounts_check_passwords(struct exchange *x) {
    return takes_passwords(x) ? ERROR_NONE : refuse_password(x);
}

static enum error no_content(struct exchange *x) {
    x->response.status = 204;
    return ERROR_NONE;
}

/* Makes pushd check the credentials of open sockets. */
static void notify_sockets(struct exchange *x, const struct user_change *change) {
    publish_credentials_changed(x->service->redis, publisher_of(x), change);
}

/* ---- registering ---- */

/* Answers with the name as it was entered; logins ignore the case of letters. */
static enum error send_registered(struct exchange *x, uint64_t id, struct text name,
                                  const char *key) {
    struct json_writer w = json_writer_start(&x->response.body);
    json_write_object(&w);
    json_write_member_u64(&w, "user_id", id);
    json_write_member_text(&w, "username", name);
    json_write_member_str(&w, "token", key);
    json_write_object_end(&w);
    x->response.status = 201;
    return ERROR_NONE;
}

static void add_taken_error(struct exchange *x) {
    field_errors_add(&x->field_errors, "username", CODE_UNIQUE,
                     "A user with that username already exists.");
}

/* A password that is common, or the name itself; its length is checked by the field's rules. */
bool accounts_check_common(struct exchange *x, const char *field, struct text password,
                           struct text username) {
    const bool is_common = password_rule_is_too_common(password, username);
    if (is_common)
        field_errors_add(&x->field_errors, field, CODE_TOO_COMMON, "This password is too common.");
    return !is_common;
}

/* Reads both fields. Whether the name is taken is normally found when the user is added. If the
 * password is invalid, no user is added, so it is checked here: all errors are reported
 * together. */
static enum error read_registration(struct exchange *x, struct text *name, struct text *password) {
    struct user user;
    /* Blanks of a password count: its field has SCHEMA_KEEP. */
    const bool has_name = field_text(x, "username", name);
    const bool has_password = field_text(x, "password", password);
    if (has_name && !text_is_username(*name))
        field_errors_add(&x->field_errors, "username", CODE_INVALID,
                         "Enter 3 to 32 characters: ASCII letters, digits, '_', '.' and '-'.");
    else if (has_name && erasure_is_name(*name))
        field_errors_add(&x->field_errors, "username", CODE_INVALID,
                         "Names of this form stand for deleted users.");
    /* Whether the name is taken is checked here only if the password is invalid, see above. */
    else if (has_name && !has_password &&
             user_by_name(x->service->db, *name, &user, NULL) == ERROR_NONE)
        add_taken_error(x);
    /* Also without a valid name, so that both errors are reported. */
    if (has_password)
        accounts_check_common(x, "password", *password, has_name ? *name : text_of(""));
    return field_errors_none(&x->field_errors) ? ERROR_NONE : ERROR_BAD_INPUT;
}

/* What the limits count by: a name in lower case (empty if it is too long for one), and the
 * client's address, readable and as a hash. For an IPv6 client the address is its /64: a
 * subscriber has all addresses in it. */
struct attempt {
    struct text name;
    struct text password;
    char lowered[USER_NAME_SIZE];
    char address[CIDR_SUBSCRIBER_SIZE];
    unsigned char address_hash[USER_ADDRESS_SIZE];
};

/* What limits of logins count by: the name, and the address or its network. */
static void describe_attempt(const struct exchange *x, struct attempt *attempt) {
    /* A name that is too long stays empty: no account can have it, and the limit of the address
     * holds. */
    text_lower(attempt->name, attempt->lowered, sizeof(attempt->lowered));
    cidr_subscriber(x->request->address, attempt->address);
    secret_digest(text_of(attempt->address), attempt->address_hash, USER_ADDRESS_SIZE);
}

enum error accounts_register(struct exchange *x) {
    const struct service *service = x->service;
    struct attempt attempt;
    char key[SECRET_KEY_SIZE], password_hash[SECRET_PASSWORD_SIZE];
    unsigned char key_hash[SECRET_HASH_SIZE];
    uint64_t id = 0;
    /* No field is read: the answer does not depend on them. */
    if (!takes_passwords(x))
        return refuse_password(x);
    if (service->config->registration == CONFIG_REGISTRATION_CLOSED)
        return exchange_fail(x, ERROR_FORBIDDEN, CODE_REGISTRATION_CLOSED,
                             "Registration is closed.");
    enum error error = read_registration(x, &attempt.name, &attempt.password);
    if (error)
        return error;
    describe_attempt(x, &attempt);
    /* The limit before the hash, which is the expensive part. Only valid requests count, so
     * that a typing mistake costs nothing. */
    error = limit_take(x, LIMIT_REGISTRATIONS, attempt.address);
    if (!error)
        error =
            password_worker_hash(service->config, service->shared, attempt.password, password_hash);
    if (error)
        return error;
    /* The first token comes with the account; the client gets the key, the database its hash. */
    secret_make_key(key);
    if (!secret_hash_key(text_of(key), key_hash))
        return ERROR_INTERNAL;
    /* A guest becomes this user, and keeps its messages. Tried with the guest's own token or
     * cookie, which this request may have. */
    if (auth_is_guest(x)) {
        struct user_change change;
        id = x->identity.user.id;
        error = guest_register(service->db, id, attempt.name, password_hash, key_hash, &change);
        if (!error)
            notify_sockets(x, &change);
    } else {
        /* The address is kept as one from which the user has logged in, see prove(). */
        error =
            user_add(service->db, attempt.name, password_hash, key_hash, attempt.address_hash, &id);
    }
    /* The unique key decides between two registrations of one name. */
    if (error == ERROR_CONFLICT) {
        add_taken_error(x);
        return ERROR_BAD_INPUT;
    }
    return error ? error : send_registered(x, id, attempt.name, key);
}

/* ---- proving a password ---- */

/* A proof is void if the hash was replaced meanwhile. Then the password is checked against the new
 * hash, this often in all: another login may have replaced it by one with other parameters. */
#define PROOF_ATTEMPTS 3

/* Counts an attempt toward the limits of address, and of name and address. Before the password
 * is checked, which is what costs time. */
static enum error count_attempt(struct exchange *x, struct attempt *attempt) {
    describe_attempt(x, attempt);
    return limit_take_login(x, attempt->address, attempt->lowered);
}

/* Finds the user of a name. In a cluster one that is not found may be new at another node. */
static enum error find_user(struct db *db, struct text name, struct user *user,
                            struct user_proof *proof, bool *is_known) {
    bool again = false;
    /* By the name in lower case; is_known: the user has logged in from this address lately. */
    enum error error =
        user_by_login(db, name, proof->address, user, proof->password_hash, is_known);
    if (error != ERROR_NOT_FOUND)
        return error;
    /* False outside of a cluster: nothing to wait for. */
    error = db_catch_up(db, &again);
    if (error)
        return error;
    return again ? user_by_login(db, name, proof->address, user, proof->password_hash, is_known)
                 : ERROR_NOT_FOUND;
}

/* Finds the user and checks the password; ERROR_UNAUTHENTICATED if there is no such user, or the
 * password is wrong; ERROR_BANNED, with the answer, if it is right, and the user banned. An unknown
 * name takes the same time as a wrong password, and is limited alike.
 *
 * The limit of the name counts wrong passwords: it is taken before the check, so that attempts at
 * the same time do not exceed it, and given back unless the password was wrong. */
static enum error prove(struct exchange *x, const struct attempt *attempt, struct user *user,
                        struct user_proof *proof) {
    const struct service *service = x->service;
    const struct config *config = service->config;
    bool is_known = false, matches = false;
    enum error error = ERROR_NOT_FOUND;
    /* Without a user the proof is of user 0, and no password hash. */
    memset(proof, 0, sizeof(*proof));
    memcpy(proof->address, attempt->address_hash, USER_ADDRESS_SIZE);
    /* A text that is not a valid name has no account, so no query is needed. */
    if (text_is_username(attempt->name))
        error = find_user(service->db, attempt->name, user, proof, &is_known);
    if (error && error != ERROR_NOT_FOUND)
        return error;
    const bool exists = !error;
    /* Set before the password is checked: the proof is used only if it was right. */
    proof->user_id = exists ? user->id : 0;
    /* An address from which the user has logged in lately is exempt, so that others cannot lock the
     * user out. */
    error = is_known ? ERROR_NONE : limit_take(x, LIMIT_LOGINS_NAME, attempt->lowered);
    if (error)
        return error;
    /* A user of the site has no password hash; then one of no account is checked, which takes
     * as long as for a wrong password. */
    error = password_worker_verify(config, service->shared,
                                   exists && *proof->password_hash ? proof->password_hash : NULL,
                                   attempt->password, &matches);
    /* May make the user active; only after the password was right, so that nothing is told to
     * others. */
    if (exists && matches)
        restriction_end_ban(x, user);
    /* A disabled user is refused like a wrong password: the answer shows no difference. One who
     * is banned is told until when, only after the right password. */
    const bool proved = exists && matches && user->is_active;
    const bool is_banned =
        exists && matches && !user->is_active && restriction_refuse_banned(x, user->id);
    /* Wrong passwords stay counted. An error of the database is not the client's. */
    if (!is_known && (error || proved || is_banned))
        limit_give_back(x, LIMIT_LOGINS_NAME, attempt->lowered);
    if (error)
        return error;
    if (is_banned)
        return ERROR_BANNED;
    return proved ? ERROR_NONE : ERROR_UNAUTHENTICATED;
}

/* Hashes the password again if the configured cost has changed: only now is it known. The costs
 * are options: raising them reaches each user with the next login. */
static void refresh(const struct exchange *x, const struct attempt *attempt,
                    struct user_proof *proof) {
    const struct config *config = x->service->config;
    /* `fresh_hash` is stored together with the credential; without it the old hash stays, which is
     * no error. */
    if (secret_password_is_stale(proof->password_hash, config->password_passes,
                                 config->password_memory) &&
        password_worker_hash(config, x->service->shared, attempt->password, proof->fresh_hash))
        proof->fresh_hash[0] = '\0';
}

/* ---- logging in ---- */

static enum error refuse_login(struct exchange *x) {
    field_errors_add(&x->field_errors, "non_field_errors", CODE_AUTHORIZATION,
                     "Unable to log in with provided credentials.");
    /* The same words whether name, password or account were wrong. */
    return ERROR_BAD_INPUT;
}

/* Two tables, and two ways to send the key: in the body, or as a cookie. */
enum credential { CREDENTIAL_TOKEN, CREDENTIAL_SESSION };

/* Reads username, password and code, and adds a credential for the user if they are right. */
static enum error log_in(struct exchange *x, enum credential credential, struct user *user,
                         char key[SECRET_KEY_SIZE]) {
    const struct service *service = x->service;
    struct attempt attempt;
    struct user_proof proof;
    struct text code = {"", 0};
    bool has_code = false;
    unsigned char hash[SECRET_HASH_SIZE];
    if (!takes_passwords(x))
        return refuse_password(x);
    /* All are read, so that all errors are reported. */
    field_text(x, "username", &attempt.name);
    field_text(x, "password", &attempt.password);
    field_text(x, "code", &code);
    if (!field_errors_none(&x->field_errors))
        return ERROR_BAD_INPUT;
    /* The limits count attempts, right or wrong. */
    enum error error = count_attempt(x, &attempt);
    if (error)
        return error;
    secret_make_key(key);
    if (!secret_hash_key(text_of(key), hash))
        return ERROR_INTERNAL;
    /* The loop is about the hash only: each round reads the user again. */
    for (int i = 0; i < PROOF_ATTEMPTS; i++) {
        error = prove(x, &attempt, user, &proof);
        if (error == ERROR_UNAUTHENTICATED)
            return refuse_login(x);
        /* A code counts once, so that it is not checked again. After the password: a client
         * that does not know it is not told that there is a code to enter. */
        if (!error && !has_code)
            error = second_factor_check(x, user->id, attempt.lowered, code, &has_code);
        if (error)
            return error;
        proof.has_code = has_code;
        refresh(x, &attempt, &proof);
        error = credential == CREDENTIAL_TOKEN
                    ? token_add_proved(service->db, &proof, hash)
                    : login_session_add_proved(service->db, &proof, hash,
                                               service->config->session_days);
        /* A conflict: between proof and transaction the hash was replaced, or two-factor login
         * turned on. Stored, or an error that another round would not change. */
        if (error != ERROR_CONFLICT)
            return error;
    }
    /* Another process replaced the hash in every round: the client tries later. */
    return ERROR_UNAVAILABLE;
}

enum error accounts_token_add(struct exchange *x) {
    struct user user;
    char key[SECRET_KEY_SIZE];
    const enum error error = log_in(x, CREDENTIAL_TOKEN, &user, key);
    if (error)
        return error;
    /* The only time that the key is shown; the database has its hash. */
    struct json_writer w = json_writer_start(&x->response.body);
    json_write_object(&w);
    json_write_member_str(&w, "token", key);
    json_write_object_end(&w);
    return ERROR_NONE;
}

/* Adds a login session for the user of the token in the request. */
static enum error log_in_by_token(struct exchange *x, char key[SECRET_KEY_SIZE]) {
    unsigned char hash[SECRET_HASH_SIZE];
    /* Only this route, which is public, authenticates by itself, since a body would do as well. */
    enum error error = auth_identify(x);
    if (error)
        return error;
    /* A session would outlive the API key. */
    if (x->has_key)
        return exchange_fail(x, ERROR_FORBIDDEN, CODE_PERMISSION_DENIED,
                             "An API key cannot log in.");
    /* A key of its own: the cookie is not the token. */
    secret_make_key(key);
    if (!secret_hash_key(text_of(key), hash))
        return ERROR_INTERNAL;
    /* One transaction checks that the token still holds, and adds the session. */
    error = login_session_add_by_token(x->service->db, x->identity.user.id, x->identity.token_id,
                                       hash, x->service->config->session_days);
    /* The token was valid a moment ago: the reason why it no longer is comes from here. */
    if (error == ERROR_CONFLICT) {
        error = auth_identify(x);
        return error ? error : ERROR_UNAVAILABLE;
    }
    return error;
}

/* With a token and no body, the login session is for the user of the token. */
enum error accounts_login(struct exchange *x) {
    struct user user;
    char key[SECRET_KEY_SIZE];
    enum error error;
    /* The page of a site that has logged its user in by token. */
    if (x->request->body.len == 0 && auth_has_token(x)) {
        error = log_in_by_token(x, key);
        user = x->identity.user;
    } else {
        error = log_in(x, CREDENTIAL_SESSION, &user, key);
    }
    if (error)
        return error;
    /* The key is sent in the cookie only, never in the body. */
    auth_set_cookie(x, text_of(key));
    /* For the log, and for X-Confab-User-Id in the answer. */
    x->identity.user = user;
    x->has_identity = true;
    return send_account(x, &user);
}

/* ---- revoking ---- */

enum error accounts_token_end(struct exchange *x) {
    struct user_change change;
    /* By cookie, the route is logout. token_id is 0 for a login session. */
    if (!x->identity.token_id)
        return exchange_fail(x, ERROR_BAD_INPUT, CODE_TOKEN_REQUIRED,
                             "The request was not authenticated by a token.");
    const enum error error = token_end(x->service->db, x->identity.token_id, &change);
    if (error)
        return error;
    notify_sockets(x, &change);
    return no_content(x);
}

/* Ends the sessions of the cookies that are this user's, also if the request is authenticated by a
 * token. */
enum error accounts_logout(struct exchange *x) {
    struct identity found;
    enum error error = ERROR_NONE;
    /* All cookies are tried, as a browser may send several. *place moves on with each cookie,
     * so that the loop ends. */
    for (size_t place = 0; !error;) {
        struct user_change change = {0};
        error = auth_session(x, &place, &found);
        /* The cookie of another user, from another tab, stays. */
        if (!error && found.user.id == x->identity.user.id) {
            error = login_session_end(x->service->db, found.session_id, &change);
            notify_sockets(x, &change);
        }
    }
    if (error != ERROR_UNAUTHENTICATED) /* which is the end of the cookies */
        return error;
    /* Also without any session: the browser drops the cookie. */
    auth_set_cookie(x, text_of(NULL));
    return no_content(x);
}

enum error accounts_me(struct exchange *x) {
    return send_account(x, &x->identity.user);
}

/* ---- the profile ---- */

/* Stores share_read, and notifies the sockets of the user: receipts of others are shown only to
 * users who share their own. */
static enum error set_share_read(struct exchange *x, bool share_read) {
    struct user_change change;
    const enum error error =
        user_set_share_read(x->service->db, x->identity.user.id, share_read, &change);
    if (!error && change.changed)
        notify_sockets(x, &change);
    return error;
}

enum error accounts_profile(struct exchange *x) {
    const struct config *config = x->service->config;
    struct profile profile = {0};
    bool changed, share_read;
    enum error error = ERROR_NONE;
    /* The site is where users change these. Refused whatever the new name is; share_read alone
     * is not the site's. */
    if (config->profile_edit == CONFIG_OFF &&
        (profile_body_is_given(x) || !field_is_given(x, "share_read")))
        return exchange_fail(x, ERROR_FORBIDDEN, CODE_PROFILE_FROM_SITE,
                             "Names and pictures come from the site.");
    const bool has_share_read = field_bool(x, "share_read", &share_read);
    profile_body_read(x, &profile);
    if (!field_errors_none(&x->field_errors))
        return ERROR_BAD_INPUT;
    /* Nothing given: the account is shown as it is. */
    if (profile.given)
        error = profile_set(x->service->db, x->identity.user.id, &profile, &changed);
    if (!error && has_share_read)
        error = set_share_read(x, share_read);
    return error ? error : send_account(x, &x->identity.user);
}

/* ---- the password ---- */

/* Stores the new password if the old one is right: a change that was made meanwhile voids the
 * proof. */
static enum error change_password(struct exchange *x, struct text old, struct text new,
                                  struct user_change *change) {
    const struct service *service = x->service;
    const struct identity *identity = &x->identity;
    /* The name of the user itself: the request proves the password of no other account. */
    struct attempt attempt = {.name = text_of(identity->user.name), .password = old};
    struct user_proof proof;
    struct user user;
    char hash[SECRET_PASSWORD_SIZE];
    /* Counted like a login: it tests a password too. */
    enum error error = count_attempt(x, &attempt);
    for (int i = 0; !error && i < PROOF_ATTEMPTS; i++) {
        error = prove(x, &attempt, &user, &proof);
        if (error == ERROR_UNAUTHENTICATED) {
            field_errors_add(&x->field_errors, "old_password", CODE_WRONG_PASSWORD,
                             "This is not the current password.");
            error = ERROR_BAD_INPUT;
        }
        /* The new password was wrong in form: nothing changes, but both errors are reported. */
        if (!error && !field_errors_none(&x->field_errors))
            error = ERROR_BAD_INPUT;
        if (!error)
            error = password_worker_hash(service->config, service->shared, new, hash);
        if (error)
            return error;
        /* The credential of this request survives, all others end. A conflict: the hash is no
         * longer the one that was proved; the loop proves the new one. */
        error = user_set_password(service->db, identity->user.id, proof.password_hash, hash,
                                  identity->token_id, identity->session_id, change);
        if (error != ERROR_CONFLICT)
            return error;
        error = ERROR_NONE;
    }
    return error ? error : ERROR_UNAVAILABLE;
}

/* For what needs more than a credential: a cookie that was left open is not enough. */
enum error accounts_prove(struct exchange *x) {
    struct attempt attempt = {.name = text_of(x->identity.user.name)};
    struct user_proof proof;
    struct user user;
    if (!takes_passwords(x))
        return refuse_password(x);
    if (!field_text(x, "password", &attempt.password))
        return ERROR_BAD_INPUT;
    enum error error = count_attempt(x, &attempt);
    if (!error)
        error = prove(x, &attempt, &user, &proof);
    if (error != ERROR_UNAUTHENTICATED)
        return error;
    field_errors_add(&x->field_errors, "password", CODE_WRONG_PASSWORD,
                     "This is not the current password.");
    return ERROR_BAD_INPUT;
}

/* The rules are those of registration. */
bool accounts_new_password(struct exchange *x, struct text *password) {
    if (!field_text(x, "new_password", password))
        return false;
    accounts_check_common(x, "new_password", *password, text_of(x->identity.user.name));
    return field_errors_none(&x->field_errors);
}

enum error accounts_password(struct exchange *x) {
    struct text old = {"", 0}, new = {"", 0};
    struct user_change change;
    enum error error = ERROR_BAD_INPUT;
    if (!takes_passwords(x))
        return refuse_password(x);
    /* An error of the new password is kept in field_errors, and the old one is checked all the
     * same. */
    accounts_new_password(x, &new);
    if (field_text(x, "old_password", &old))
        error = change_password(x, old, new, &change);
    if (error)
        return error;
    notify_sockets(x, &change);
    return no_content(x);
}
