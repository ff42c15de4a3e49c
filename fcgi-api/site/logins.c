/* /api/auth/jwt/, and what takes a signed token of the site in place of a password: the field "jwt"
 * of login/ and password/. The steps: check the token, use up its jti, find or make its user,
 * update profile and rooms, add a credential. Each change is a transaction of its own, so that a
 * login that fails in the middle is simply repeated with the next token. */
#include <json-c/json.h>
#include <string.h>

#include "accounts/accounts.h"
#include "auth.h"
#include "base/clock.h"
#include "base/log.h"
#include "event/publish.h"
#include "event/serialize.h"
#include "handlers/handlers.h"
#include "http/cidr.h"
#include "jwt/jwt_claims.h"
#include "jwt/jwt_site.h"
#include "limit.h"
#include "password_worker.h"
#include "rest/field.h"
#include "restriction.h"
#include "site/logins.h"
#include "site/site_profile.h"
#include "site/site_rooms.h"
#include "store/logins/login_session.h"
#include "store/logins/token.h"
#include "store/privacy/guest.h"
#include "store/site/external_user.h"
#include "store/site/used_jwt.h"

/* ---- the token ---- */

/* What is wrong with a token is an error of its field: 400, and the site learns why. */
static enum error refuse(struct exchange *x, enum error_code code, const char *why) {
    field_errors_add(&x->field_errors, "jwt", code, "%s", why);
    return ERROR_BAD_INPUT;
}

/* 403: the token is valid. A user who is banned is told until when. */
static enum error refuse_inactive(struct exchange *x, uint64_t user_id) {
    if (restriction_refuse_banned(x, user_id))
        return ERROR_BANNED;
    return exchange_fail(x, ERROR_FORBIDDEN, CODE_USER_INACTIVE, "User inactive or deleted.");
}

static bool has_jwt(const struct exchange *x) {
    return json_object_object_get_ex(x->fields, "jwt", NULL);
}

/* The prefork parent has read the keys already; other processes read them with the first token. */
static enum error load_keys(struct service *service) {
    struct buffer problems = BUFFER_EMPTY;
    if (service->jwt_keys || jwt_site_load(service->config, &service->jwt_keys, &problems))
        return ERROR_NONE;
    log_error("the site's tokens cannot be checked: %.*s",
              (int)strcspn(buffer_str(&problems), "\n"), buffer_str(&problems));
    buffer_free(&problems);
    return ERROR_INTERNAL;
}

/* A token that was accepted, and its user. */
struct login {
    struct jwt jwt;
    struct jwt_rooms rooms;
    struct jwt_profile profile;
    struct text issuer;
    struct user user; /* id 0: not made yet */
};

/* Verifies signature, times, issuer and audience; then whether its rooms can be read at all. */
static enum error check_token(struct exchange *x, struct text token, struct login *login) {
    const struct service *service = x->service;
    struct buffer why = BUFFER_EMPTY;
    enum jwt_error found = JWT_VALID;
    enum error error = load_keys(x->service);
    if (!error)
        error = jwt_site_verify(service->db, service->config, service->jwt_keys,
                                clock_now() / 1000000, token, &found, &login->jwt, &why);
    if (!error && found)
        error = refuse(x, jwt_error_code(found), buffer_str(&why));
    /* Before anything is changed. */
    else if (!error && !jwt_claims_rooms(login->jwt.object, &login->rooms, &why))
        error = refuse(x, CODE_MALFORMED, buffer_str(&why));
    buffer_free(&why);
    return error;
}

/* Counts a token that was refused toward the limit of its address. Accepted ones do not count: the
 * users of a school or an office come from one address, with a token for each page. */
static enum error count_refused(struct exchange *x) {
    char address[CIDR_SUBSCRIBER_SIZE];
    cidr_subscriber(x->request->address, address);
    const enum error error = limit_take(x, LIMIT_LOGINS_ADDRESS, address);
    return error ? error : ERROR_BAD_INPUT;
}

/* Reads and checks the token, uses up its jti and finds its user. Frees the claims on an error. */
static enum error accept_token(struct exchange *x, struct login *login) {
    struct db *db = x->service->db;
    struct text token;
    memset(login, 0, sizeof(*login));
    if (!field_text(x, "jwt", &token))
        return ERROR_BAD_INPUT;
    enum error error = check_token(x, token, login);
    /* A token without iss is of the issuer "". */
    login->issuer = login->jwt.issuer.at ? login->jwt.issuer : text_of("");
    if (!error)
        error = external_user_find(db, login->issuer, login->jwt.subject, &login->user);
    /* The first visit. */
    if (error == ERROR_NOT_FOUND)
        error = ERROR_NONE;
    /* A ban whose time is over ends here, so that the login is not refused for it. */
    if (!error && login->user.id)
        restriction_end_ban(x, &login->user);
    if (!error && login->user.id && !login->user.is_active)
        error = refuse_inactive(x, login->user.id);
    /* Each login writes: those of one user are counted as requests, before the jti is used up.
     * So a client that is refused may try the same token again. */
    if (!error && login->user.id)
        error = limit_take_user(x, LIMIT_REQUESTS, login->user.id);
    /* From here on the token is of no use to others. The jti is kept until the token expires. */
    if (!error && login->jwt.id.len > 0)
        error = used_jwt_add(db, login->issuer, login->jwt.id, login->jwt.expires_at);
    if (error == ERROR_CONFLICT)
        error = refuse(x, CODE_REPLAYED, "A token with this jti was used before.");
    /* Counts all refusals, which are 400, also that of a jti. */
    if (error == ERROR_BAD_INPUT)
        error = count_refused(x);
    if (error)
        jwt_free(&login->jwt);
    return error;
}

/* ---- what the token says of the user ---- */

/* At the first visit a guest becomes this user, and keeps its messages. If the user exists
 * already, the guest stays a guest: two users are never merged. */
static enum error adopt_guest(struct exchange *x, const struct login *login) {
    struct service *service = x->service;
    struct user_change change;
    const enum error error =
        guest_become_external(service->db, x->identity.user.id, login->issuer, login->jwt.subject,
                              login->profile.username, &change);
    if (!error)
        publish_credentials_changed(service->redis, publisher_of(x), &change);
    /* Not a guest any more, or the user was made meanwhile: external_user_ensure decides. */
    return error == ERROR_NOT_FOUND || error == ERROR_CONFLICT ? ERROR_NONE : error;
}

/* Makes the user at the first visit, and brings profile and rooms up to date. Step by step, the
 * user of `login` being filled in by the first that makes or finds it. */
static enum error update_user(struct exchange *x, struct login *login) {
    bool created = false;
    enum error error = ERROR_NONE;
    jwt_claims_profile(login->jwt.object, &login->profile);
    if (!login->user.id && auth_is_guest(x))
        error = adopt_guest(x, login);
    if (!error && !login->user.id)
        error = external_user_ensure(x->service->db, login->issuer, login->jwt.subject,
                                     login->profile.username, false, &login->user, &created);
    /* One whose account was erased, and is still banned from the site. */
    if (!error && !login->user.is_active)
        error = refuse_inactive(x, login->user.id);
    /* What the token says of the profile replaces what the user has, if it differs. */
    if (!error)
        error = site_profile_apply(x, &login->user, created, &login->profile);
    /* The account was erased meanwhile: as if it had been disabled. */
    if (error == ERROR_NOT_FOUND)
        error = ERROR_CONFLICT;
    /* Another role, or null, ends that. A claim that is missing changes nothing: only a token
     * with a role gives or takes it. */
    const bool is_moderator = text_equals(login->profile.role, text_of("moderator"));
    if (!error && login->profile.role.at && is_moderator != login->user.is_moderator)
        error = user_set_moderator(x->service->db, login->user.id, is_moderator);
    if (!error && login->profile.role.at)
        login->user.is_moderator = is_moderator;
    /* Last, as rooms are most of the work, and a failure leaves a user who can log in again. */
    if (!error)
        error = site_rooms_apply(x, &login->user, &login->rooms);
    return error;
}

/* ---- logging in ---- */

enum credential { CREDENTIAL_TOKEN, CREDENTIAL_SESSION };

/* All the way from the field to the credential; *expires_at is that of a token. */
static enum error log_in(struct exchange *x, enum credential credential, char key[SECRET_KEY_SIZE],
                         int64_t *expires_at) {
    const struct config *config = x->service->config;
    unsigned char hash[SECRET_HASH_SIZE];
    struct login login;
    enum error error = accept_token(x, &login);
    if (error)
        return error;
    error = update_user(x, &login);
    secret_make_key(key);
    if (!error && !secret_hash_key(text_of(key), hash))
        error = ERROR_INTERNAL;
    /* A token expires after token_days, a login session after session_days without use. */
    if (!error)
        error = credential == CREDENTIAL_TOKEN
                    ? token_add_expiring(x->service->db, login.user.id, hash, config->token_days,
                                         expires_at)
                    : login_session_add(x->service->db, login.user.id, hash, config->session_days);
    /* The claims are copied where they are needed; the token's memory ends here. */
    jwt_free(&login.jwt);
    /* Disabled or erased meanwhile. */
    if (error == ERROR_CONFLICT)
        return refuse_inactive(x, login.user.id);
    if (error)
        return error;
    /* For the log, and for the answer. */
    x->identity.user = login.user;
    x->has_identity = true;
    return ERROR_NONE;
}

enum error logins_jwt(struct exchange *x) {
    char key[SECRET_KEY_SIZE];
    int64_t expires_at = 0;
    enum error error = log_in(x, CREDENTIAL_TOKEN, key, &expires_at);
    if (error)
        return error;
    /* The key is shown this once; the database has its hash. */
    struct json_writer w = json_writer_start(&x->response.body);
    json_write_object(&w);
    json_write_member_str(&w, "token", key);
    json_write_member_time(&w, "expires_at", expires_at);
    json_write_key(&w, "user");
    error = accounts_write(x, &w, &x->identity.user);
    json_write_object_end(&w);
    return error;
}

/* With a token of the site in the body the login session is for its user. */
enum error logins_login(struct exchange *x) {
    char key[SECRET_KEY_SIZE];
    /* Login sessions have no date in the answer. */
    int64_t unused;
    if (!has_jwt(x))
        return accounts_login(x);
    const enum error error = log_in(x, CREDENTIAL_SESSION, key, &unused);
    if (error)
        return error;
    /* The key is sent in the cookie only, never in the body. */
    auth_set_cookie(x, text_of(key));
    struct json_writer w = json_writer_start(&x->response.body);
    return accounts_write(x, &w, &x->identity.user);
}

/* ---- proving a user ---- */

/* Checks that the token is of the user of this request. It is used up, and nothing else changes. */
static enum error prove(struct exchange *x) {
    struct login login;
    const enum error error = accept_token(x, &login);
    if (error)
        return error;
    /* login.user.id is 0 for a subject that has no user yet, which no identity is. */
    const bool is_same = login.user.id == x->identity.user.id;
    jwt_free(&login.jwt);
    return is_same ? ERROR_NONE : refuse(x, CODE_OTHER_USER, "The token is of another user.");
}

enum error logins_prove(struct exchange *x) {
    return has_jwt(x) ? prove(x) : accounts_prove(x);
}

/* A token of the site instead of the old password, which the user may not have. */
enum error logins_password(struct exchange *x) {
    const struct service *service = x->service;
    const struct identity *identity = &x->identity;
    struct text password;
    struct user_change change;
    char hash[SECRET_PASSWORD_SIZE];
    /* Without password_login the ordinary handler refuses, with its own words. */
    if (!has_jwt(x) || service->config->password_login == CONFIG_OFF)
        return accounts_password(x);
    if (!accounts_new_password(x, &password))
        return ERROR_BAD_INPUT;
    enum error error = prove(x);
    /* Hashing is slow on purpose, and takes one of a few places that all processes share. */
    if (!error)
        error = password_worker_hash(service->config, service->shared, password, hash);
    /* The credential of this request survives, all others end. */
    if (!error)
        error = user_set_password(service->db, identity->user.id, NULL, hash, identity->token_id,
                                  identity->session_id, &change);
    if (error)
        return error;
    publish_credentials_changed(service->redis, publisher_of(x), &change);
    x->response.status = 204;
    return ERROR_NONE;
}
